"""Start child processes, wait until they are ready, log their output, restart those that die, and stop them all.

One thread does everything: the kernel binds a child's life to the *thread* that started it (prctl(2),
PR_SET_PDEATHSIG), and only a process with one thread can fork safely. The supervisor opens no database, connection or
key, because its forks would inherit them.
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

POLL_SECONDS = 0.5
MOST_DEATHS_AT_START = 3
STOP_SECONDS = 8.0
"""For all children together. A child that has not ended by then is killed; no committed data is lost."""
LAST_SECONDS = 1.0
"""At least this long for each group of children, however long the groups before it took."""


class StartFailed(Exception):
    """A child did not become ready. The message names it and the reason in one line."""


class Supervisor:
    """A context manager; leaving the block in any way stops every child.

    ``render`` converts a child's line to a line of the log, or to None when it is not logged.
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
        """Start children and return them once all are ready. They are stopped as one group, before earlier groups.

        Raises StartFailed, also when they are not ready within ``seconds``.
        """
        return self.await_ready(self.begin(specs), seconds=seconds, progress=progress)

    def begin(self, specs: Sequence[ChildSpec]) -> list[Child]:
        """Start children without waiting for them."""
        group: list[Child] = []
        self._groups.append(group)
        for spec in specs:
            with self._stop_requests.postponed():
                self._start_or_fail(child := Child(spec))
                group.append(child)
        return group

    def await_ready(self, children: list[Child], *, seconds: float | None, progress: Say) -> list[Child]:
        """Wait until all are ready, as ``start`` does."""
        self._progress = progress
        give_up_at = float("inf") if seconds is None else time.monotonic() + seconds
        waiting = list(children)
        while waiting:
            self._stop_requests.check()
            for child in list(waiting):
                if child.exit_status is not None:
                    self._close(child)
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
                self._poll(min(POLL_SECONDS, max(0.0, give_up_at - time.monotonic())))
        return children

    def stream(self) -> None:
        """Print the log: first the lines that were held back during the start, then each line at once."""
        held_back, self._held_back = self._held_back or [], None
        for line in held_back:
            self.say(line)

    def watch(self) -> None:
        """Restart children that end until StopRequested."""
        while True:
            self._stop_requests.check()
            self._poll(POLL_SECONDS)
            for child in self.children:
                self._restart(child)

    def stop(self) -> None:
        give_up_at = time.monotonic() + STOP_SECONDS
        for group in reversed(self._groups):
            give_up_at = max(give_up_at, time.monotonic() + LAST_SECONDS)
            for child in group:
                child.signal(signal.SIGTERM)
            while any(child.runs for child in group):
                if self._stop_requests.urgent or time.monotonic() > give_up_at:
                    self._kill(group)
                self._poll(0.05)
            for child in group:
                self._close(child)
        self._groups.clear()

    def _kill(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.runs and not child.is_killed:
                self.tell(child.name, {"level": "warning", "event": "It did not end in time and is killed."})
                child.kill()

    def _start_or_fail(self, child: Child) -> None:
        try:
            self._start(child)
        except OSError as error:
            raise StartFailed(f"The {child.name} cannot be started: {error}.") from None

    def _start(self, child: Child) -> None:
        child.start()
        for descriptor, listen in (
            (child.output.reading, self._show_output),
            (child.reports.reading, self._show_progress),
            (child.ended, self._note_end),
        ):
            self._selector.register(descriptor, selectors.EVENT_READ, (listen, child))

    def _start_once_more(self, child: Child) -> None:
        """Restart a child that died during the start. Raises StartFailed when it has died too often."""
        status = child.exit_status or 0
        if child.failure:
            raise StartFailed(child.failure)
        child.plan_restart()
        self._repair(child)
        if child.spec.may_end or child.failures == MOST_DEATHS_AT_START:
            times = "" if child.spec.may_end else f" at start, {child.failures} times"
            raise StartFailed(f"The {child.name} {how_it_ended(status)}{times}. {_last_line([child])}")
        with self._stop_requests.postponed():
            self._start_or_fail(child)

    def _restart(self, child: Child) -> None:
        if child.runs or child.is_done:
            return
        if child.due_at is None:
            status = child.exit_status or 0
            self._plan_restart(child, child.failure or f"It {how_it_ended(status)}.")
            self._repair(child)
        if child.due_at is not None and time.monotonic() >= child.due_at:
            self._close(child)
            try:
                with self._stop_requests.postponed():
                    self._start(child)
            except OSError as error:
                self._plan_restart(child, f"It cannot be started: {error}.")

    def _repair(self, child: Child) -> None:
        if message := child.repair():
            self.tell(child.name, {"level": "warning", "event": message})

    def _plan_restart(self, child: Child, reason: str) -> None:
        delay = child.plan_restart()
        when = f"in {delay:.0f} s" if delay else "at once"
        self.tell(child.name, {"level": "error", "event": f"{reason} It is started again {when}."})

    def _poll(self, seconds: float) -> None:
        """Process the output, reports and ends of children; returns after ``seconds`` or the first of them."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            listen, child = key.data
            if listen(child) is None:
                self._selector.unregister(key.fd)

    def _show_output(self, child: Child) -> list[str] | None:
        """Log the new lines of a child and return them; None once its output is closed."""
        lines = child.read_output()
        for line in lines or []:
            self._show(child.name, line)
        return lines

    def _show_progress(self, child: Child) -> list[str] | None:
        """Pass on the new progress texts of a child and return them; None once it can report no more."""
        texts = child.read_reports()
        for text in texts or []:
            self._progress(text)
        return texts

    def _note_end(self, child: Child) -> None:
        """Wake the loop when a child ends. Callers of ``_poll`` then check the exit status themselves."""

    def _close(self, child: Child) -> None:
        """Read the remaining output of a child that has ended, and close its descriptors."""
        if not child.pipes_are_open:
            return
        for take in (self._show_output, self._show_progress):
            while take(child):
                pass
        for descriptor in child.descriptors:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        child.close()

    def tell(self, name: str, record: Mapping[str, str]) -> None:
        """Log a record under the name of a child."""
        now = f"{clock.wall_clock():%Y-%m-%dT%H:%M:%S.%fZ}"
        self._show(name, json.dumps({**record, "logger": name, "timestamp": now}))

    def _show(self, name: str, line: str) -> None:
        text = self._render(name, line, now=clock.wall_clock()) if line else None
        if text is None:
            return
        if self._held_back is None:
            self.say(text)
        else:
            self._held_back.append(text)


def _names(children: Sequence[Child]) -> str:
    return ", ".join(dict.fromkeys(child.name for child in children))


def _last_line(children: Sequence[Child]) -> str:
    lines = [line for child in children for line in list(child.last_lines)[-1:]]
    return f"Its last output: {lines[0]}" if lines else "It printed nothing."
