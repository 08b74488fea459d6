"""Two ways to start a child: execute a program, or fork this process with everything that it has loaded.

The child has a session of its own, so that Ctrl-C in the terminal reaches only the supervisor, which then stops all
children in order. The kernel kills the child when the supervisor ends for any reason.
"""

import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from controlplane.runtime.supervisor.process_control import die_with, set_name
from controlplane.runtime.supervisor.start_report import Report

Work = Callable[[Report], None]
"""The work of a forked child. It calls ``ready`` once it does its work, and returns after SIGTERM."""


class CannotFork(Exception):
    """A fork of this process would not work in its present state."""


class Process(Protocol):
    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Return its exit status, negative for the signal that ended it, or None while it runs."""

    def send_signal(self, number: int, /) -> None: ...


class ForkedProcess:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def execute(command: Sequence[str], environment: Mapping[str, str], *, output: int) -> Process:
    """Start a program whose standard output and standard error are ``output``."""
    # preexec_fn is safe here, because the supervisor has one thread.
    return subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **environment},
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509
    )


def fork(work: Work, *, name: str, output: int, report: int, keep: Collection[int] = ()) -> Process:
    """Start a fork of this process that does ``work`` and ends.

    The child has its standard streams, its report and the descriptors to ``keep``, but none of this process's other
    files, sockets and locks. Raises CannotFork when other threads run: the child would lack them but keep their locks.
    """
    if len(os.listdir("/proc/self/task")) > 1:
        raise CannotFork("Other threads run in this process.")
    parent = os.getpid()
    # Until the child has its own handlers, a signal would run those of this process in it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _be_child(work, parent=parent, name=name, output=output, report=report, keep=keep, mask=blocked)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return ForkedProcess(pid)


def _be_child(
    work: Work,
    *,
    parent: int,
    name: str,
    output: int,
    report: int,
    keep: Collection[int],
    mask: set[int | signal.Signals],
) -> None:
    """Do the child's work. It never returns, because the parent's code must neither continue nor clean up here."""
    status = 1
    try:
        die_with(parent)()
        os.setsid()
        set_name(name)
        _take_streams(output)
        _close_all_but({0, 1, 2, report, *keep})
        _forget_signal_handlers()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        work(Report(report))
        status = 0
    except SystemExit as request:
        status = _exit_status(request)
    except BaseException:
        traceback.print_exc()
    finally:
        _end(status)


def _take_streams(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # The supervisor's streams may be block-buffered and contain data that it has not written yet.
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(number, "w", buffering=1, closefd=False)  # noqa: SIM115
        for each in (name, f"__{name}__"):
            setattr(sys, each, stream)


def _close_all_but(keep: Collection[int]) -> None:
    for descriptor in [int(each) for each in os.listdir("/proc/self/fd")]:
        if descriptor not in keep:
            with suppress(OSError):  # the descriptor of the folder itself is closed already
                os.close(descriptor)


def _forget_signal_handlers() -> None:
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    sys.unraisablehook = sys.__unraisablehook__


def _exit_status(request: SystemExit) -> int:
    if isinstance(request.code, str):
        sys.stderr.write(f"{request.code}\n")
        return 1
    return request.code or 0


def _end(status: int) -> None:
    try:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
