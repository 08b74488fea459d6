"""A child process: how it is started, what it says, when it is started again."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.operations.supervisor.lifeline import die_with

KEPT_LINES = 20
LONGEST_LINE = 65_536
HEALTHY_SECONDS = 30.0
LONGEST_DELAY = 30.0


@dataclass(frozen=True)
class ChildSpec:
    name: str
    command: Sequence[str]
    answers: Callable[["Child"], bool]
    """Whether it does its work, asked as a client would ask."""
    environment: Mapping[str, str] = field(default_factory=dict)
    may_end: bool = False
    """Whether it is let go when it ends well, as after ``baremint lab down``."""


def restart_delay(failures: int) -> float:
    """Seconds to wait before the next start, after that many early deaths in a row."""
    return min(2.0 ** (failures - 1), LONGEST_DELAY)


class Child:
    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.due_at: float | None = None
        self._failures = 0
        self._started_at = 0.0
        self._rest = b""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def output(self) -> int:
        """The descriptor of its output, while it runs."""
        assert self.process is not None  # noqa: S101  asked only after start()
        assert self.process.stdout is not None  # noqa: S101
        return self.process.stdout.fileno()

    def start(self) -> None:
        self.due_at = None
        self._rest = b""
        self._started_at = time.monotonic()
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops all in order.
        # preexec_fn is safe here, for the supervisor has one thread.
        self.process = subprocess.Popen(  # noqa: S603
            self.spec.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.spec.environment},
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509
        )
        os.set_blocking(self.output, False)

    @property
    def exit_status(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def is_done(self) -> bool:
        return self.spec.may_end and self.exit_status == 0

    def read(self) -> list[str] | None:
        """What it has said since, by lines; None once it will say no more."""
        try:
            chunk = os.read(self.output, LONGEST_LINE)
        except BlockingIOError:
            return []
        *complete, rest = (self._rest + chunk).split(b"\n")
        if (not chunk and rest) or len(rest) > LONGEST_LINE:
            complete, rest = [*complete, rest], b""
        self._rest = rest
        lines = [line.decode(errors="replace").rstrip() for line in complete]
        self.last_lines.extend(line for line in lines if line)
        return lines if chunk or lines else None

    def plan_restart(self) -> float:
        """Note its death; returns the seconds until it is due to be started again."""
        now = time.monotonic()
        self._failures = 1 if now - self._started_at > HEALTHY_SECONDS else self._failures + 1
        delay = restart_delay(self._failures)
        self.due_at = now + delay
        return delay

    def signal(self, number: signal.Signals) -> None:
        if self.process and self.exit_status is None:
            self.process.send_signal(number)


def how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
