"""An answer that is kept for a moment: many who ask at once have it found out once."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The last answer to a question. Who waited while it was found gets the same."""

    _answer: T

    def __init__(self, ask: Callable[[], T], *, seconds: float) -> None:
        self.seconds = seconds
        self._ask = ask
        self._lock = threading.Lock()
        self._found_at = float("-inf")

    def get(self) -> T:
        with self._lock:
            if time.monotonic() - self._found_at >= self.seconds:
                self._answer = self._ask()
                self._found_at = time.monotonic()
            return self._answer

    def forget(self) -> None:
        """Ask anew the next time."""
        self._found_at = float("-inf")
