"""Two ways to start a child: to execute a program, and to fork this one, with all that it has loaded.

Either way the child is in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, which then
stops all in order; and it is killed by the kernel when the supervisor ends, however that ends.
"""

import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from controlplane.runtime.supervisor.process_control import die_with, set_name
from controlplane.runtime.supervisor.start_report import Report

Work = Callable[[Report], None]
"""What a forked child does. It calls ``ready`` when it does its work, and returns when it is told to stop (SIGTERM)."""


class CannotFork(Exception):
    """This process is not in a state in which a fork of it could work."""


class Process(Protocol):
    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit status; minus the number of the signal that ended it; None while it runs."""

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
    # preexec_fn is safe here, for the supervisor has one thread.
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

    It has its standard streams, its report and the descriptors to ``keep``; none of this process's other files, sockets
    and locks. Raises CannotFork when other threads run: the child would lack them, and keep the locks that they hold.
    """
    if len(os.listdir("/proc/self/task")) > 1:
        raise CannotFork("Other threads run in this process.")
    parent = os.getpid()
    # Until the child has handlers of its own, a signal would run those of this process in it.
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
    """Does not return, so that nothing of what the parent was doing is ever gone on with, or cleared up, here."""
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
    # The supervisor's may be block-buffered, and hold what it has not yet written itself.
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(number, "w", buffering=1, closefd=False)  # noqa: SIM115
        for each in (name, f"__{name}__"):
            setattr(sys, each, stream)


def _close_all_but(kept: Collection[int]) -> None:
    for descriptor in [int(each) for each in os.listdir("/proc/self/fd")]:
        if descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:  # the folder's own, which is closed already
                continue


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
