"""A command with all its descendants: what they cost, and which of them are still there when it has ended."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from controlplane.runtime.supervisor.process_control import LIBC, PR_SET_PDEATHSIG, die_with
from tests.process_tree import command_line, descendants

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
SECONDS_TO_END = 10.0
"""How long what a command started may go on after it."""
SECONDS_TO_SUM_UP = 3.0
"""How long an interrupted command may take to say how far it came."""
LONGEST_LINE = 200
"""Characters of a command line that are shown."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    seconds: float
    cpu_seconds: float
    """Of every process that it started, daemons too."""
    left: list[str]
    """Command lines of processes, and mounts, that were still there after SECONDS_TO_END."""


class Interrupted(BaseException):
    """A signal asks to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_interrupted() -> None:
    """Make the first SIGINT, SIGTERM or SIGHUP raise Interrupted, unless it is ignored.

    Those that follow are ignored, so that nothing interrupts the clearing up, which takes seconds.
    """
    signals = [
        each for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN
    ]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    for each in signals:
        signal.signal(each, interrupt)


def adopt_orphans() -> None:
    """Become the parent of every process whose own parent ends, however far down."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """Get SIGTERM when the parent (make, a time limit) is killed; not under nohup(1), which asks for the contrary."""
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a command and wait for all it started. Whatever interrupts this kills every descendant."""
    mounts, others = _mounts(), set(descendants(os.getpid()))
    start, begun_cpu = time.monotonic(), _cpu_seconds()
    # preexec_fn is safe here: this process has one thread.
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509
    )
    try:
        process.returncode = status = _await(process.pid)
        seconds = time.monotonic() - start
        leftovers = _await_descendants(others) + sorted(_mounts() - mounts)
    finally:
        if process.returncode is None:
            _let_sum_up(process)
        _kill_descendants(others)
    return Ended(status, seconds, _cpu_seconds() - begun_cpu, leftovers)


def _kill_descendants(others: set[int]) -> None:
    """SIGKILL for every process below this one but the others, again until there is none."""
    while pids := set(descendants(os.getpid())) - others:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        _reap()
    _reap()


def _let_sum_up(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS_TO_SUM_UP)


def _await(pid: int) -> int:
    """The exit status of the child; others that end in the meantime are reaped, so that none is taken for alive."""
    while True:
        ended_pid, status = os.wait()
        if ended_pid == pid:
            return os.waitstatus_to_exitcode(status)


def _await_descendants(others: set[int]) -> list[str]:
    """Command lines of those, but the others, that do not end in time."""
    give_up_at = time.monotonic() + SECONDS_TO_END
    while True:
        _reap()
        if not (pids := set(descendants(os.getpid())) - others):
            return []
        if time.monotonic() > give_up_at:
            return [f"process {pid}: {command_line(pid)[:LONGEST_LINE]}" for pid in sorted(pids)]
        time.sleep(0.05)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _mounts() -> set[str]:
    """Where something is mounted, as this process sees it."""
    return {f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
