"""Reasons to stop: a signal asks for it, or another process has ended that the work was for. Standard library only."""

import os
import select
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY = 0.5
STARTED_BY = os.getppid()
"""Looked up when this is imported, which ``controlplane.__main__`` does first: by and by the parent may end."""


class StopRequested(BaseException):
    """The text says why. Not an Exception, as KeyboardInterrupt is none: nobody handles it on the way."""


class NotRunning(Exception):
    """There is no such process."""


class Arrival:
    """A wait for signals that misses none, for the main thread; to be made before their handlers are set.

    Other waits can miss one: when it comes between Python's last look for signals and the wait itself, its handler runs
    after the wait. What is written for each signal as it comes is there to be read.
    """

    def __init__(self) -> None:
        self._reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def wait(self) -> None:
        """Return when a signal has come, and its handler has run or is about to."""
        select.select([self._reading], [], [])
        os.read(self._reading, 4096)


class StopRequests:
    """Raises StopRequested in the main thread, once, whatever it does there. To be used with ``with``.

    After that, and when the block is left, a further signal only sets ``urgent``.
    """

    def __init__(self) -> None:
        self.urgent = False
        self._reason: str | None = None
        self._armed = False
        self._lost = False
        self._postponed = False
        self._reasons: dict[int, tuple[int, str]] = {}

    def end_with(self, pid: int, reason: str) -> int:
        """Stop when that process ends; returns the descriptor to forget. Raises NotRunning."""
        try:
            handle = os.pidfd_open(pid)
        except (OSError, OverflowError):
            raise NotRunning(pid) from None
        if select.select([handle], [], [], 0)[0]:  # it has ended, and its parent has not taken note of it
            os.close(handle)
            raise NotRunning(pid)
        self.watch(handle, select.POLLIN, reason)
        return handle

    def end_with_parent(self, *, unless_ignored: tuple[signal.Signals, ...]) -> int | None:
        """Stop when the process ends that started this one; returns the descriptor to forget.

        Not when one of these signals is ignored: SIGHUP after nohup(1), SIGINT after ``&`` in a script.
        To be called before the block is entered.
        """
        if STARTED_BY <= 1 or any(signal.getsignal(number) == signal.SIG_IGN for number in unless_ignored):
            return None
        reason = "The process that started it has ended."
        try:
            handle = self.end_with(STARTED_BY, reason)
        except NotRunning:
            handle = None
        if os.getppid() != STARTED_BY:
            self._reason = reason
        return handle

    def end_with_terminal(self) -> None:
        """Stop when the terminal of the standard streams is closed, unless SIGHUP is ignored, as after nohup(1).

        SIGHUP goes to the leader of the session, and that may be a program, such as make(1), that waits for this one.
        """
        if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
            return
        for descriptor in range(3):
            # Not isatty(3), which a terminal that is closed already denies. Other devices never hang up.
            with suppress(OSError):
                if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                    self.watch(descriptor, 0, "Its terminal was closed.")

    def watch(self, descriptor: int, event: int, reason: str) -> None:
        """Stop when ``event`` of poll(2), POLLHUP or POLLERR happens to a descriptor."""
        self._reasons[descriptor] = event, reason

    def forget(self, descriptor: int) -> None:
        del self._reasons[descriptor]

    def check(self) -> None:
        """Raise StopRequested if there is a reason, also one that was raised before and got lost on its way."""
        if self._reason is None:
            self._reason = self._look()
        if self._reason is not None:
            raise StopRequested(self._reason)

    def _look(self) -> str | None:
        # An object of its own each time: the timer may interrupt one that looks, and none may be used twice at once.
        poll = select.poll()
        for descriptor, (event, _) in self._reasons.items():
            poll.register(descriptor, event)
        return next((self._reasons[descriptor][1] for descriptor, _ in poll.poll(0)), None)

    @contextmanager
    def postponed(self) -> Iterator[None]:
        """Nothing is raised in this block, but at its end, so that what is started in it is known to who stops it."""
        self._postponed = True
        try:
            yield
        finally:
            self._postponed = False
        if self._reason is not None:
            self.check()

    def __enter__(self) -> Self:
        self._armed = True
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup(1) leaves it
                signal.signal(number, self._on_signal)
        sys.unraisablehook = self._on_unraisable
        signal.signal(signal.SIGALRM, self._on_alarm)
        if self._reasons:
            # A timer, so that it is noticed whatever is done meanwhile, such as migrations.
            signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)
        return self

    def __exit__(self, *raised: object) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = sys.__unraisablehook__

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._armed or self._reason is not None:
            self.urgent = True
            return
        self._reason = f"{signal.Signals(number).name} received."
        if not self._postponed:
            raise StopRequested(self._reason)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        if self._armed and (self._lost or self._reason is None) and not self._postponed:
            self._lost = False
            self.check()

    def _on_unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """What is raised while Python collects garbage goes no further; it is raised again in a moment."""
        if not isinstance(unraisable.exc_value, StopRequested):
            sys.__unraisablehook__(unraisable)
        elif self._armed:
            self._lost = True
            signal.setitimer(signal.ITIMER_REAL, 0.01, LOOK_EVERY)
