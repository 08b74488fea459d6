"""Processes that the benchmark starts. None outlives it: it ends them, and the kernel does when it is killed itself."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from controlplane.operations.supervisor.lifeline import die_with

STOP_SECONDS = 6.0


class Failed(Exception):
    """The command, and its last words."""


@contextmanager
def python(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """``python ARGUMENTS`` while the block lasts. What it prints is to be read with ``communicate``."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches the benchmark alone, which then ends all in order
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509  the benchmark has one thread
    ) as process:
        try:
            yield process
        finally:
            _end(process)


def baremint(*arguments: str, environment: Mapping[str, str]) -> str:
    """What ``baremint ARGUMENTS`` prints. Raises Failed."""
    with python("-m", "controlplane", *arguments, environment=environment) as process:
        printed, errors = process.communicate()
    if process.returncode:
        raise Failed(f"baremint {' '.join(arguments)} failed:\n{printed[-2000:]}{errors[-2000:]}")
    return printed


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
