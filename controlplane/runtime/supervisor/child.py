"""A child process: how it is started, what it says, when it is started again."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.runtime.supervisor.child_start import Process, Work, execute, fork
from controlplane.runtime.supervisor.start_report import message

KEPT_LINES = 20
LONGEST_LINE = 65_536
HEALTHY_SECONDS = 30.0
LONGEST_DELAY = 30.0
STARTED_AT_ONCE = 5
"""Deaths in a row after which it is still started again at once: kill -9 is no fault of the program."""


@dataclass(frozen=True)
class Program:
    """A child that executes a program which knows nothing of us."""

    name: str
    command: Sequence[str]
    answers: Callable[["Child"], bool]
    """Whether it does its work; asked each time it has said something."""
    environment: Mapping[str, str] = field(default_factory=dict)
    may_end: bool = False
    mend: Callable[["Child"], str] | None = None
    """After it ended before it answered: take away what kept it from that, and say so; empty when there is nothing."""


@dataclass(frozen=True)
class Fork:
    """A child that goes on from what this process has loaded."""

    name: str
    work: Work
    keep: Collection[int] = ()
    """Descriptors that it needs, such as a listening socket's."""
    may_end: bool = False
    """Whether it is let go when it ends well, as after ``baremint lab down``."""


ChildSpec = Program | Fork


def restart_delay(failures: int) -> float:
    """Seconds to wait before the next start, after that many early deaths in a row."""
    late = failures - STARTED_AT_ONCE
    return min(2.0 ** (late - 1), LONGEST_DELAY) if late > 0 else 0.0


class Lines:
    """Lines out of the reading end of a pipe, as they become complete."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self._rest = b""

    def read(self) -> list[str] | None:
        """Those that came since; None once no more will come."""
        try:
            chunk = os.read(self.reading, LONGEST_LINE)
        except BlockingIOError:
            return []
        *complete, rest = (self._rest + chunk).split(b"\n")
        if not chunk and rest:
            complete, rest = [*complete, rest], b""
        self._rest = rest
        lines = [line.decode(errors="replace").rstrip() for line in complete]
        return lines if chunk or lines else None


class Output(Lines):
    """What a child prints. Of a line without end only the beginning is told, and none begins in the middle of it."""

    _is_cut = False

    def read(self) -> list[str] | None:
        lines = super().read()
        if lines is None:
            return None
        if lines and self._is_cut:
            lines, self._is_cut = lines[1:], False
        if len(self._rest) > LONGEST_LINE or self._is_cut:
            begun = [] if self._is_cut else [self._rest.decode(errors="replace")]
            lines, self._rest, self._is_cut = [*lines, *begun], b"", True
        return lines


class Child:
    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.facts: Any = None
        """What a fork told when it was ready."""
        self.failure: str | None = None
        """Why a fork cannot do its work, in its own words."""
        self.due_at: float | None = None
        self.failures = 0
        """Early deaths in a row."""
        self.is_heard = False
        """Whether its pipes are open at this end."""
        self.is_killed = False
        self._is_told_ready = False
        self._started_at = 0.0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_ready(self) -> bool:
        return self._is_told_ready or (isinstance(self.spec, Program) and self.spec.answers(self))

    @property
    def exit_status(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def runs(self) -> bool:
        return self.process is not None and self.exit_status is None

    @property
    def is_done(self) -> bool:
        return self.spec.may_end and self.exit_status == 0

    def start(self) -> None:
        """Start it. Its ``output``, ``reports`` and ``ended`` are then to be listened to, until ``close``.

        Raises OSError when the machine has no room for another process, or the program is not there.
        """
        self.due_at = None
        self.facts = self.failure = None
        self.last_lines.clear()
        self._is_told_ready = False
        self._started_at = time.monotonic()
        self.process = None
        self.output = Output()
        try:
            self.reports = Lines()
        except OSError:
            os.close(self.output.reading)
            os.close(self.output.writing)
            raise
        try:
            self.process = self._begin()
            self.ended = os.pidfd_open(self.process.pid)
            self.is_heard = True
        finally:
            os.close(self.output.writing)
            os.close(self.reports.writing)
            if self.process is None:
                os.close(self.output.reading)
                os.close(self.reports.reading)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        return self.output.reading, self.reports.reading, self.ended

    def close(self) -> None:
        self.is_heard = False
        for descriptor in self.descriptors:
            os.close(descriptor)

    def _begin(self) -> Process:
        output, report = self.output.writing, self.reports.writing
        if isinstance(self.spec, Program):
            return execute(self.spec.command, self.spec.environment, output=output)
        return fork(self.spec.work, name=self.name, output=output, report=report, keep=self.spec.keep)

    def hear(self) -> list[str] | None:
        """What it printed since, by lines; None once it will print no more."""
        lines = self.output.read()
        self.last_lines.extend(line for line in lines or [] if line)
        return lines

    def learn(self) -> list[str] | None:
        """Take note of what it reports; returns its words on how far it is, or None once it will report no more."""
        lines = self.reports.read()
        if lines is None:
            return None
        progress = []
        for told in map(message, lines):
            if "progress" in told:
                progress.append(told["progress"])
            elif "failed" in told:
                self.failure = told["failed"]
            elif "ready" in told:
                self._is_told_ready, self.facts = True, told["ready"]
        return progress

    def mend(self) -> str:
        """What was done so that it can be started again; empty: nothing."""
        may_be_mended = isinstance(self.spec, Program) and self.spec.mend and not self.is_ready
        return self.spec.mend(self) if may_be_mended else ""  # type: ignore[misc, union-attr]

    def plan_restart(self) -> float:
        """Note its death; returns the seconds until it is due to be started again."""
        now = time.monotonic()
        self.failures = 1 if now - self._started_at > HEALTHY_SECONDS else self.failures + 1
        delay = restart_delay(self.failures)
        self.due_at = now + delay
        return delay

    def kill(self) -> None:
        self.is_killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        if self.process and self.exit_status is None:
            self.process.send_signal(number)


def how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
