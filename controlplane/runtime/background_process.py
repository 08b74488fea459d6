"""Start a process in the background, the supervisor (``up --detach``) or the lab, and wait until it is ready.

It reports over a pipe (supervisor/start_report.py). When one end of the pipe closes before the background process is
ready, the process at the other end stops.
"""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from controlplane.deployment import command_line
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import Home
from controlplane.runtime.supervisor.child import how_it_ended
from controlplane.runtime.supervisor.start_report import Report, message
from controlplane.runtime.supervisor.stop_requests import StopRequested, StopRequests

LOG = "baremint.log"
LONGEST_LOG = 16 * 1024 * 1024
STDOUT, STDERR = 1, 2
STARTER_ENDED = "The process that started it ended before it was ready."


class StartFailed(Exception):
    """The message is the reason that the background process reported."""


def report_wrong_setting(arguments: Sequence[str], reason: str) -> None:
    """Report a wrong setting, which ends this process before it parses its arguments, to the process that waits."""
    if "--report-to" in arguments:
        Report(int(arguments[arguments.index("--report-to") + 1])).wrong_setting(reason)


class Reporter(Report):
    """The background process's end of the pipe. Until it is ready, it stops when the other end is closed."""

    def __init__(self, descriptor: int, stop_requests: StopRequests) -> None:
        super().__init__(descriptor)
        self._stop_requests = stop_requests
        stop_requests.watch(descriptor, select.POLLERR, STARTER_ENDED)

    def ready(self, facts: Any = None) -> bool:
        """Report that it is ready; it then outlives its starter. Raises StopRequested when the other end is closed."""
        self._stop_requests.forget(self._descriptor)
        if not super().ready(facts):
            raise StopRequested(STARTER_ENDED)
        return True


def start(home: Home, *command: str, log: str = LOG, progress: Callable[[str], None]) -> Any:
    """Start ``baremint COMMAND`` in the background and return the facts of its report once it is ready.

    Raises StartFailed, WrongSetting.

    A start is undone when it is interrupted by a signal, by the end of this process, or by the end of the process that
    started it, unless that put it into the background itself or made it ignore hang-ups.
    """
    stop_requests = StopRequests()
    stop_requests.end_with_parent(unless_ignored=(signal.SIGHUP, signal.SIGINT))
    process: subprocess.Popen[bytes] | None = None
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as pipe, _open_log(home, log) as output, stop_requests:
        try:
            stop_requests.check()
            with stop_requests.postponed():
                process = subprocess.Popen(  # noqa: S603
                    command_line.python("controlplane", *command, "--report-to", str(writing)),
                    env=command_line.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[writing],
                    start_new_session=True,
                )
                os.close(writing)
            facts = _await_ready(process, pipe, progress=progress, log=home.path / log)
            stop_requests.check()  # the parent may have ended in the last half second
        except StopRequested as request:
            if process and _undo(process, stop_requests) == -signal.SIGTERM:  # it ended before it could log this itself
                output.write(f"{request} Nothing was started.\n".encode())
            raise StartFailed(f"{request} Everything that had been started is stopped again.") from None
    return facts


def _await_ready(process: subprocess.Popen[bytes], pipe: TextIO, *, progress: Callable[[str], None], log: Path) -> Any:
    for line in pipe:
        report = message(line)
        if "ready" in report:
            return report["ready"]
        if reason := report.get("wrong_setting"):
            process.wait()
            raise WrongSetting(reason)
        if reason := report.get("failed"):
            process.wait()
            raise StartFailed(reason)
        if text := report.get("progress"):
            progress(text)
    raise StartFailed(f"It {how_it_ended(process.wait())} before it was ready. See {log}.")


def _undo(process: subprocess.Popen[bytes], stop_requests: StopRequests) -> int:
    """End the process, wait for it, and return its exit status."""
    process.terminate()
    while True:
        try:
            return process.wait(0.1)
        except subprocess.TimeoutExpired:
            if stop_requests.urgent:
                process.terminate()


def _open_log(home: Home, name: str) -> BinaryIO:
    return os.fdopen(_appending(home.ensure() / name), "wb")


def _appending(path: Path) -> int:
    """Open the log to append to it. A long log is first renamed to ``baremint.log.1``."""
    if path.exists() and path.stat().st_size > LONGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate_log(path: Path) -> None:
    """Start a new log when it is too long or was moved. Runs in the process whose standard output is the log.

    Errors are ignored, because the next line tries again.
    """
    with suppress(OSError):
        output = os.fstat(STDOUT)
        try:
            is_there = os.path.samestat(output, path.stat())
        except FileNotFoundError:
            is_there = False
        if is_there and output.st_size <= LONGEST_LOG:
            return
        log = _appending(path)
        for stream in (STDOUT, STDERR):
            os.dup2(log, stream)
        os.close(log)
