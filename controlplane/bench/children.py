"""Processes of the benchmark. It ends them, and the kernel does so when the benchmark is killed."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from controlplane.deployment import command_line
from controlplane.runtime.supervisor.process_control import die_with

STOP_SECONDS = 6.0


class Failed(Exception):
    """The message has the command and its last output."""


def python(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[subprocess.Popen[str]]:
    """``python -m ARGUMENTS`` while the block lasts. What it prints is to be read with ``communicate``."""
    return started(command_line.python(*arguments), environment=command_line.environment(environment or os.environ))


@contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str] | None, folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The same for any command, in ``folder``."""
    with subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        cwd=folder,
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
    """Return the output of ``baremint ARGUMENTS``. Raises Failed."""
    return run(command_line.python("controlplane", *arguments), environment=command_line.environment(environment))


def run(command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None) -> str:
    """Return the output of a command. Raises Failed."""
    with started(command, environment=environment, folder=folder) as process:
        printed, errors = process.communicate()
    if process.returncode:
        raise Failed(f"{shlex.join(command)} failed:\n{printed[-2000:]}{errors[-2000:]}")
    return printed


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
