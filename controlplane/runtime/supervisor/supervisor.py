"""Starts children, waits until they are ready, passes on what they say, starts again what dies, stops all.

One thread does everything: the kernel ties a child's life to the *thread* that started it (prctl(2), PR_SET_PDEATHSIG),
and a fork is only safe from a process without others. It opens no database, no connection and no key, for its forks
would have them too.
"""

import json
import selectors
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from controlplane.kernel import clock
from controlplane.runtime.supervisor.child import Child, ChildSpec, how_it_ended
from controlplane.runtime.supervisor.log_line import render
from controlplane.runtime.supervisor.stop_requests import StopRequests

Say = Callable[[str], None]

LOOK_EVERY = 0.5
MOST_DEATHS_AT_START = 3
STOP_SECONDS = 8.0
"""For all children together; whoever has not ended by then is killed, and loses nothing by it."""
LAST_SECONDS = 1.0
"""For those that are told last, however long the others took."""


class StartFailed(Exception):
    """A child did not become ready. The message says in one line which, and why."""


class Supervisor:
    """To be used with ``with``: leaving the block, however that happens, stops every child.

    ``render`` makes a line of the log of a child's line, or None of one that helps nobody.
    """

    def __init__(
        self,
        say: Say,
        stop_requests: StopRequests | None = None,
        *,
        render: Callable[..., str | None] = render,
    ) -> None:
        self.say = say
        self._render = render
        self._stop_requests = stop_requests or StopRequests()
        self._groups: list[list[Child]] = []
        self._selector = selectors.DefaultSelector()
        self._held_back: list[str] | None = []
        self._progress: Say = lambda _: None

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

    @property
    def children(self) -> list[Child]:
        return [child for group in self._groups for child in group]

    def start(self, specs: Sequence[ChildSpec], *, seconds: float | None, progress: Say) -> list[Child]:
        """Start children and return them when every one is ready. They are stopped together, before earlier ones.

        Raises StartFailed; after ``seconds`` without all of them being ready, too.
        """
        return self.await_ready(self.begin(specs), seconds=seconds, progress=progress)

    def begin(self, specs: Sequence[ChildSpec]) -> list[Child]:
        """Start children, to be awaited later."""
        group: list[Child] = []
        self._groups.append(group)
        for spec in specs:
            with self._stop_requests.postponed():
                self._start_or_fail(child := Child(spec))
                group.append(child)
        return group

    def await_ready(self, children: list[Child], *, seconds: float | None, progress: Say) -> list[Child]:
        """Return when every one is ready, as ``start`` does."""
        self._progress = progress
        give_up_at = float("inf") if seconds is None else time.monotonic() + seconds
        waiting = list(children)
        while waiting:
            self._stop_requests.check()
            for child in list(waiting):
                if child.exit_status is not None:
                    self._let_go(child)
                    if not (child.is_ready and child.is_done):
                        self._start_once_more(child)
                        continue
                if child.is_ready:
                    waiting.remove(child)
                    if child.name not in {other.name for other in waiting}:
                        progress(f"{child.name} is ready")
            if waiting and time.monotonic() > give_up_at:
                raise StartFailed(
                    f"Not ready within {seconds:g} s: {_names(waiting)}. {_last_line(waiting)} "
                    f"BAREMINT_START_SECONDS allows more time."
                )
            if waiting:
                self._pump(min(LOOK_EVERY, max(0.0, give_up_at - time.monotonic())))
        return children

    def stream(self) -> None:
        """Show the log: what was held back while things were starting, and from now on at once."""
        held_back, self._held_back = self._held_back or [], None
        for line in held_back:
            self.say(line)

    def watch(self) -> None:
        """Keep every child running until there is a reason to stop (StopRequested)."""
        while True:
            self._stop_requests.check()
            self._pump(LOOK_EVERY)
            for child in self.children:
                self._revive(child)

    def stop(self) -> None:
        give_up_at = time.monotonic() + STOP_SECONDS
        for group in reversed(self._groups):
            give_up_at = max(give_up_at, time.monotonic() + LAST_SECONDS)
            for child in group:
                child.signal(signal.SIGTERM)
            while any(child.runs for child in group):
                if self._stop_requests.urgent or time.monotonic() > give_up_at:
                    self._kill(group)
                self._pump(0.05)
            for child in group:
                self._let_go(child)
        self._groups.clear()

    def _kill(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.runs and not child.is_killed:
                self.tell(child.name, {"level": "warning", "event": "It has not ended in time, and is killed."})
                child.kill()

    def _start_or_fail(self, child: Child) -> None:
        try:
            self._start(child)
        except OSError as error:
            raise StartFailed(f"The {child.name} cannot be started: {error}.") from None

    def _start(self, child: Child) -> None:
        child.start()
        for descriptor, listen in (
            (child.output.reading, self._hear),
            (child.reports.reading, self._learn),
            (child.ended, self._note_end),
        ):
            self._selector.register(descriptor, selectors.EVENT_READ, (listen, child))

    def _start_once_more(self, child: Child) -> None:
        """At the start of everything, where a child that dies again and again is why there is no start."""
        status = child.exit_status or 0
        if child.failure:
            raise StartFailed(child.failure)
        child.plan_restart()
        self._mend(child)
        if child.spec.may_end or child.failures == MOST_DEATHS_AT_START:
            times = "" if child.spec.may_end else f" at start, {child.failures} times"
            raise StartFailed(f"The {child.name} {how_it_ended(status)}{times}. {_last_line([child])}")
        with self._stop_requests.postponed():
            self._start_or_fail(child)

    def _revive(self, child: Child) -> None:
        if child.runs or child.is_done:
            return
        if child.due_at is None:
            status = child.exit_status or 0
            self._plan_restart(child, child.failure or f"It {how_it_ended(status)}.")
            self._mend(child)
        if child.due_at is not None and time.monotonic() >= child.due_at:
            self._let_go(child)
            try:
                with self._stop_requests.postponed():
                    self._start(child)
            except OSError as error:
                self._plan_restart(child, f"It cannot be started: {error}.")

    def _mend(self, child: Child) -> None:
        if done := child.mend():
            self.tell(child.name, {"level": "warning", "event": done})

    def _plan_restart(self, child: Child, reason: str) -> None:
        delay = child.plan_restart()
        when = f"in {delay:.0f} s" if delay else "at once"
        self.tell(child.name, {"level": "error", "event": f"{reason} It is started again {when}."})

    def _pump(self, seconds: float) -> None:
        """Take note of what children do and say; returns after ``seconds``, or as soon as there was something."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            listen, child = key.data
            if listen(child) is None:
                self._selector.unregister(key.fd)

    def _hear(self, child: Child) -> list[str] | None:
        """Show what a child printed since, and return it; None when no more will come."""
        lines = child.hear()
        for line in lines or []:
            self._show(child.name, line)
        return lines

    def _learn(self, child: Child) -> list[str] | None:
        """The same of its words on how far it is."""
        words = child.learn()
        for text in words or []:
            self._progress(text)
        return words

    def _note_end(self, child: Child) -> None:
        """Whoever waits for something asks for its exit status itself."""

    def _let_go(self, child: Child) -> None:
        """Take the last words of a child that has ended, and close what led to it."""
        if not child.is_heard:
            return
        for take in (self._hear, self._learn):
            while take(child):
                pass
        for descriptor in child.descriptors:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        child.close()

    def tell(self, name: str, record: Mapping[str, str]) -> None:
        """Put a record into the log, as a child's of that name."""
        now = f"{clock.wall_clock():%Y-%m-%dT%H:%M:%S.%fZ}"
        self._show(name, json.dumps({**record, "logger": name, "timestamp": now}))

    def _show(self, name: str, line: str) -> None:
        shown = self._render(name, line, now=clock.wall_clock()) if line else None
        if shown is None:
            return
        if self._held_back is None:
            self.say(shown)
        else:
            self._held_back.append(shown)


def _names(children: Sequence[Child]) -> str:
    return ", ".join(dict.fromkeys(child.name for child in children))


def _last_line(children: Sequence[Child]) -> str:
    lines = [line for child in children for line in list(child.last_lines)[-1:]]
    return f"The last that it said: {lines[0]}" if lines else "It said nothing."
