"""A child process of the supervisor: its start, its output, its restarts."""

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
"""Early deaths in a row that are followed by an immediate restart, because kill -9 is no fault of the program."""


@dataclass(frozen=True)
class Program:
    """A child that executes a foreign program, such as Valkey."""

    name: str
    command: Sequence[str]
    answers: Callable[["Child"], bool]
    """Returns whether the program is ready; called after each of its lines."""
    environment: Mapping[str, str] = field(default_factory=dict)
    may_end: bool = False
    repair: Callable[["Child"], str] | None = None
    """Removes the cause when the program ended before it was ready. Returns a message, empty when nothing was done."""


@dataclass(frozen=True)
class Fork:
    """A child that is a fork of this process, with everything that it has loaded."""

    name: str
    work: Work
    keep: Collection[int] = ()
    """Descriptors that the child needs, such as a listening socket's."""
    may_end: bool = False
    """Whether it may end with status 0 without a restart, as after ``baremint lab down``."""


ChildSpec = Program | Fork


def restart_delay(failures: int) -> float:
    """Return the seconds to wait before the next start after this many early deaths in a row."""
    late = failures - STARTED_AT_ONCE
    return min(2.0 ** (late - 1), LONGEST_DELAY) if late > 0 else 0.0


class Lines:
    """Reads complete lines from a pipe."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self._partial = b""

    def read(self) -> list[str] | None:
        """Return the lines since the last call; None at the end of the pipe."""
        try:
            chunk = os.read(self.reading, LONGEST_LINE)
        except BlockingIOError:
            return []
        *complete, partial = (self._partial + chunk).split(b"\n")
        if not chunk and partial:
            complete, partial = [*complete, partial], b""
        self._partial = partial
        lines = [line.decode(errors="replace").rstrip() for line in complete]
        return lines if chunk or lines else None


class Output(Lines):
    """The lines that a child prints. An overlong line is cut: its beginning is returned and the rest is discarded."""

    _is_cut = False

    def read(self) -> list[str] | None:
        lines = super().read()
        if lines is None:
            return None
        if lines and self._is_cut:
            lines, self._is_cut = lines[1:], False
        if len(self._partial) > LONGEST_LINE or self._is_cut:
            beginning = [] if self._is_cut else [self._partial.decode(errors="replace")]
            lines, self._partial, self._is_cut = [*lines, *beginning], b"", True
        return lines


class Child:
    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.facts: Any = None
        """What a fork reported when it was ready."""
        self.failure: str | None = None
        """Why a fork cannot do its work, as it reported."""
        self.due_at: float | None = None
        self.failures = 0
        """Early deaths in a row."""
        self.pipes_are_open = False
        """Whether this end of its pipes is open."""
        self.is_killed = False
        self._has_reported_ready = False
        self._started_at = 0.0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_ready(self) -> bool:
        return self._has_reported_ready or (isinstance(self.spec, Program) and self.spec.answers(self))

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
        """Start the child. The caller then reads ``output``, ``reports`` and ``ended`` until ``close``.

        Raises OSError when the machine cannot start another process or the program does not exist.
        """
        self.due_at = None
        self.facts = self.failure = None
        self.last_lines.clear()
        self._has_reported_ready = False
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
            self.pipes_are_open = True
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
        self.pipes_are_open = False
        for descriptor in self.descriptors:
            os.close(descriptor)

    def _begin(self) -> Process:
        output, report = self.output.writing, self.reports.writing
        if isinstance(self.spec, Program):
            return execute(self.spec.command, self.spec.environment, output=output)
        return fork(self.spec.work, name=self.name, output=output, report=report, keep=self.spec.keep)

    def read_output(self) -> list[str] | None:
        """Return the lines that it printed since the last call; None once its output is closed."""
        lines = self.output.read()
        self.last_lines.extend(line for line in lines or [] if line)
        return lines

    def read_reports(self) -> list[str] | None:
        """Process its reports and return the texts on its progress; None once it can report no more."""
        lines = self.reports.read()
        if lines is None:
            return None
        progress = []
        for report in map(message, lines):
            if "progress" in report:
                progress.append(report["progress"])
            elif "failed" in report:
                self.failure = report["failed"]
            elif "ready" in report:
                self._has_reported_ready, self.facts = True, report["ready"]
        return progress

    def repair(self) -> str:
        """Remove the cause of a failed start. Returns a message, empty when nothing was done."""
        is_reparable = isinstance(self.spec, Program) and self.spec.repair and not self.is_ready
        return self.spec.repair(self) if is_reparable else ""  # type: ignore[misc, union-attr]

    def plan_restart(self) -> float:
        """Count the end of the process and return the seconds until its restart is due."""
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
