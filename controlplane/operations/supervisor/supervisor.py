"""Starts children, waits until they answer, passes on what they say, starts again what dies, stops all.

One thread does everything: the kernel ties a child's life to the *thread* that started it (prctl(2), PR_SET_PDEATHSIG),
and a fork is only safe from a process without others.
"""

import json
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from controlplane.kernel import clock
from controlplane.operations.supervisor.child import Child, ChildSpec, how_it_ended
from controlplane.operations.supervisor.logline import render
from controlplane.operations.supervisor.stopping import StopRequests

Say = Callable[[str], None]

ASK_EVERY = 0.2
WATCH_EVERY = 0.5
STOP_SECONDS = 8.0
"""For all children together; whoever has not ended by then is killed, and loses nothing by it."""


class StartFailed(Exception):
    """A child did not come up. The message says which, how it ended, and its last words."""


class Supervisor:
    """To be used with ``with``: leaving the block, however that happens, stops every child."""

    def __init__(self, say: Say, stop_requests: StopRequests | None = None) -> None:
        self.say = say
        self._stop_requests = stop_requests or StopRequests()
        self._groups: list[list[Child]] = []
        self._selector = selectors.DefaultSelector()
        self._held_back: list[str] | None = []

    def __enter__(self) -> Self:
        self._stop_requests.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop_requests.__exit__()
        finally:
            self.stop()

    def start(self, specs: Sequence[ChildSpec], *, seconds: float, progress: Say) -> None:
        """Start children and return when every one answers. They are stopped together, before earlier ones."""
        group: list[Child] = []
        self._groups.append(group)
        for spec in specs:
            with self._stop_requests.postponed():
                self._start(child := Child(spec))
                group.append(child)
        give_up_at = time.monotonic() + seconds
        waiting = list(group)
        while waiting:
            self._stop_requests.check()
            self._pump(ASK_EVERY)
            for child in list(waiting):
                if child.exit_status is not None:
                    self._pump(0)
                    raise StartFailed(
                        f"The {child.name} {how_it_ended(child.exit_status)} at start.{_last_words(child)}"
                    )
                if child.spec.answers(child):
                    waiting.remove(child)
                    progress(f"{child.name} is ready")
            if waiting and time.monotonic() > give_up_at:
                names = ", ".join(child.name for child in waiting)
                words = "".join(_last_words(child) for child in waiting)
                raise StartFailed(f"No answer within {seconds:.0f} seconds from: {names}.{words}")

    def stream(self) -> None:
        """Show the log: what was held back while things were starting, and from now on at once."""
        held_back, self._held_back = self._held_back or [], None
        for line in held_back:
            self.say(line)

    def watch(self) -> None:
        """Keep every child running until there is a reason to stop (StopRequested)."""
        while True:
            self._stop_requests.check()
            self._pump(WATCH_EVERY)
            for group in self._groups:
                for child in group:
                    self._revive(child)

    def stop(self) -> None:
        give_up_at = time.monotonic() + STOP_SECONDS
        for group in reversed(self._groups):
            for child in group:
                child.signal(signal.SIGTERM)
            while any(child.exit_status is None for child in group):
                if self._stop_requests.urgent or time.monotonic() > give_up_at:
                    for child in group:
                        child.signal(signal.SIGKILL)
                self._pump(0.05)
            self._pump(0)
            for child in group:
                self._forget(child)
        self._groups.clear()

    def _start(self, child: Child) -> None:
        child.start()
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _revive(self, child: Child) -> None:
        if child.exit_status is None or child.is_done:
            return
        if child.due_at is None:
            delay = child.plan_restart()
            event = f"It {how_it_ended(child.exit_status)}. It is started again in {delay:.0f} s."
            self._tell(child, json.dumps({"level": "error", "event": event}))
        elif time.monotonic() >= child.due_at:
            self._forget(child)
            with self._stop_requests.postponed():
                self._start(child)

    def _pump(self, seconds: float) -> None:
        """Pass on what children say; returns after ``seconds``, or as soon as something was said."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            lines = child.read()
            if lines is None:
                self._forget(child)
            for line in lines or []:
                self._tell(child, line)

    def _forget(self, child: Child) -> None:
        """Stop listening to a child that has ended."""
        if child.process and child.process.stdout and not child.process.stdout.closed:
            if child.output in self._selector.get_map():
                self._selector.unregister(child.output)
            child.process.stdout.close()

    def _tell(self, child: Child, line: str) -> None:
        shown = render(child.name, line, now=clock.wall_clock()) if line else None
        if shown is None:
            return
        if self._held_back is None:
            self.say(shown)
        else:
            self._held_back.append(shown)


def _last_words(child: Child) -> str:
    shown = [render(child.name, line, now=clock.wall_clock()) for line in child.last_lines]
    words = [f"    {line}" for line in shown if line]
    return "\n".join(["\nIts last words:", *words]) if words else ""
