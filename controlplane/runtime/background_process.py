"""A process in the background, the supervisor (``up --detach``) or the lab, and word from it until it is ready.

The two talk over a pipe (supervisor/start_report.py). When one end of it closes before the background process is ready,
the process at the other end stops.
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
NOBODY_WAITS = "Whoever started it ended before it was ready."


class StartFailed(Exception):
    """The reason, as the background process gave it."""


def report_wrong_setting(arguments: Sequence[str], reason: str) -> None:
    """Tell whoever waits for this process, if somebody does, why it ends before it can read its arguments."""
    if "--report-to" in arguments:
        Report(int(arguments[arguments.index("--report-to") + 1])).wrong_setting(reason)


class Reporter(Report):
    """The background process's end of the pipe. Until it is ready it stops when nobody reads at the other end."""

    def __init__(self, descriptor: int, stop_requests: StopRequests) -> None:
        super().__init__(descriptor)
        self._stop_requests = stop_requests
        stop_requests.watch(descriptor, select.POLLERR, NOBODY_WAITS)

    def ready(self, facts: Any = None) -> bool:
        """From now on it runs by itself. Raises StopRequested when nobody has waited for this."""
        self._stop_requests.forget(self._descriptor)
        if not super().ready(facts):
            raise StopRequested(NOBODY_WAITS)
        return True


def start(home: Home, *command: str, log: str = LOG, progress: Callable[[str], None]) -> Any:
    """Start ``baremint COMMAND`` in the background; returns when everything answers, with the facts of its report.

    Raises StartFailed, WrongSetting.

    A start that is interrupted is undone: by a signal, by the end of this process, and by the end of the one that
    started it, unless that has put it into the background itself, or told it to survive hang-ups.
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
            stop_requests.check()  # the caller may have ended in the last half second before it was ready
        except StopRequested as request:
            if process and _undo(process, stop_requests) == -signal.SIGTERM:  # too early to say so itself
                output.write(f"{request} Nothing was started.\n".encode())
            raise StartFailed(f"{request} Everything that had been started is stopped again.") from None
    return facts


def _await_ready(process: subprocess.Popen[bytes], pipe: TextIO, *, progress: Callable[[str], None], log: Path) -> Any:
    for line in pipe:
        told = message(line)
        if "ready" in told:
            return told["ready"]
        if reason := told.get("wrong_setting"):
            process.wait()
            raise WrongSetting(reason)
        if reason := told.get("failed"):
            process.wait()
            raise StartFailed(reason)
        if text := told.get("progress"):
            progress(text)
    raise StartFailed(f"It {how_it_ended(process.wait())} before it was ready. See {log}.")


def _undo(process: subprocess.Popen[bytes], stop_requests: StopRequests) -> int:
    """End it and wait until it is gone; returns its exit status."""
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
    """The log, to append to; a long one becomes ``baremint.log.1`` first."""
    if path.exists() and path.stat().st_size > LONGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def keep_log_short(path: Path) -> None:
    """Called in the background process, whose standard output is this log. Start a new file when the log is too long,
    or when somebody has moved it away. Errors are ignored: the next line tries again."""
    with suppress(OSError):
        written = os.fstat(STDOUT)
        try:
            is_there = os.path.samestat(written, path.stat())
        except FileNotFoundError:
            is_there = False
        if is_there and written.st_size <= LONGEST_LOG:
            return
        log = _appending(path)
        for stream in (STDOUT, STDERR):
            os.dup2(log, stream)
        os.close(log)
