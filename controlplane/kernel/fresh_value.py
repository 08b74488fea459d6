"""A value that is read again when it is older than some seconds."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class FreshValue(Generic[T]):
    """The last result of ``read``, which gets the result before it, or None at the first time.

    A fresh value is returned without a lock. One thread reads at a time; others that need a fresh value wait and get
    the same. None is never fresh, and what ``read`` raises is not remembered.
    """

    def __init__(self, read: Callable[[T | None], T], *, seconds: float) -> None:
        self.seconds = seconds
        self.last: T | None = None
        self._read = read
        self._lock = threading.Lock()
        self._read_at = float("-inf")

    def get(self, *, seconds: float | None = None) -> T:
        """Return the value, at most so many seconds old; 0 reads it now. Raises what ``read`` raises."""
        longest = self.seconds if seconds is None else seconds
        # The instant first: a value that another thread stores meanwhile is newer than it, never older.
        if time.monotonic() - self._read_at < longest and (value := self.last) is not None:
            return value
        return self._refresh(longest)

    def expire(self) -> None:
        """Read again at the next use, also when a thread is reading now."""
        with self._lock:
            self._read_at = float("-inf")

    def _refresh(self, longest: float) -> T:
        with self._lock:
            value = self.last
            if value is None or time.monotonic() - self._read_at >= longest:
                value = self.last = self._read(value)
                self._read_at = time.monotonic()
            return value
