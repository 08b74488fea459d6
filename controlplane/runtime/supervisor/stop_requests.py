"""Reasons to stop: a signal, or the end of a process that needed the work. Standard library only."""

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
POLL_SECONDS = 0.5
PARENT = os.getppid()
"""The parent process. It is read at import, which ``controlplane.__main__`` does first, because the parent may end."""


class StopRequested(BaseException):
    """The text is the reason. Like KeyboardInterrupt it is no Exception, so that no handler on the way catches it."""


class NotRunning(Exception):
    """There is no such process."""


class StopRequests:
    """A context manager that raises StopRequested once in the main thread, at any point of its work.

    After that, and outside of the block, a further signal only sets ``urgent``.
    """

    def __init__(self) -> None:
        self.urgent = False
        self._reason: str | None = None
        self._armed = False
        self._lost = False
        self._postponed = False
        self._reasons: dict[int, tuple[int, str]] = {}

    def end_with(self, pid: int, reason: str) -> int:
        """Stop when that process ends. Returns the descriptor for ``forget``. Raises NotRunning."""
        try:
            handle = os.pidfd_open(pid)
        except (OSError, OverflowError):
            raise NotRunning(pid) from None
        if select.select([handle], [], [], 0)[0]:  # it has ended, but its parent has not waited for it
            os.close(handle)
            raise NotRunning(pid)
        self.watch(handle, select.POLLIN, reason)
        return handle

    def end_with_parent(self, *, unless_ignored: tuple[signal.Signals, ...]) -> int | None:
        """Stop when the parent process ends. Returns the descriptor for ``forget``.

        Does nothing when one of these signals is ignored: SIGHUP after nohup(1), SIGINT after ``&`` in a script. Call
        it before the block is entered.
        """
        if PARENT <= 1 or any(signal.getsignal(number) == signal.SIG_IGN for number in unless_ignored):
            return None
        reason = "The process that started it has ended."
        try:
            handle = self.end_with(PARENT, reason)
        except NotRunning:
            handle = None
        if os.getppid() != PARENT:
            self._reason = reason
        return handle

    def end_with_terminal(self) -> None:
        """Stop when the terminal of the standard streams is closed, unless SIGHUP is ignored, as after nohup(1).

        SIGHUP alone is not enough: it goes to the leader of the session, which may be a program such as make(1).
        """
        if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
            return
        for descriptor in range(3):
            # isatty(3) is false for a terminal that is already closed. Other character devices never hang up.
            with suppress(OSError):
                if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                    self.watch(descriptor, 0, "Its terminal was closed.")

    def watch(self, descriptor: int, event: int, reason: str) -> None:
        """Stop when poll(2) reports ``event``, POLLHUP or POLLERR for a descriptor."""
        self._reasons[descriptor] = event, reason

    def forget(self, descriptor: int) -> None:
        del self._reasons[descriptor]

    def check(self) -> None:
        """Raise StopRequested if there is a reason, even if it was raised before and got lost."""
        if self._reason is None:
            self._reason = self._look()
        if self._reason is not None:
            raise StopRequested(self._reason)

    def _look(self) -> str | None:
        # A new object for each call: the timer may interrupt a call, and an object must not be used concurrently.
        poll = select.poll()
        for descriptor, (event, _) in self._reasons.items():
            poll.register(descriptor, event)
        return next((self._reasons[descriptor][1] for descriptor, _ in poll.poll(0)), None)

    @contextmanager
    def postponed(self) -> Iterator[None]:
        """Raise at the end of this block instead of inside it, so that every process started in it is recorded."""
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
            # A timer, so that a reason is noticed during any work, such as migrations.
            signal.setitimer(signal.ITIMER_REAL, POLL_SECONDS, POLL_SECONDS)
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
        """Handle a StopRequested that was raised in a finalizer, where Python drops it: the timer raises it again."""
        if not isinstance(unraisable.exc_value, StopRequested):
            sys.__unraisablehook__(unraisable)
        elif self._armed:
            self._lost = True
            signal.setitimer(signal.ITIMER_REAL, 0.01, POLL_SECONDS)
