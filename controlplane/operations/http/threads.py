"""The threads that work on requests: those who wait are served in turn, one server after the other."""

import threading
from collections import deque
from collections.abc import Callable, Hashable
from queue import SimpleQueue

Work = Callable[[], None]


class Threads:
    """So many threads of our own. They begin with the first work, and stay, each with its database connection."""

    def __init__(self, count: int, *, name: str = "request") -> None:
        self._count = count
        self._name = name
        self._waiting: dict[Hashable, deque[Work]] = {}
        self._turns: deque[Hashable] = deque()
        self._lock = threading.Lock()
        self._started = False
        self._there: SimpleQueue[bool] = SimpleQueue()
        """A true item for each that waits; a false one ends a thread."""

    def stop(self) -> None:
        """When all that waits is done."""
        for _ in range(self._count):
            self._there.put(False)

    def submit(self, share: Hashable, work: Work) -> None:
        """To be done in its turn: however much waits of one share, each other one is next after one of it."""
        with self._lock:
            waiting = self._waiting.get(share)
            if waiting is None:
                self._waiting[share] = deque((work,))
                self._turns.append(share)
            else:
                waiting.append(work)
        self._there.put(True)
        if not self._started:
            self._started = True
            for number in range(self._count):
                threading.Thread(target=self._work, name=f"{self._name}-{number + 1}", daemon=True).start()

    def _work(self) -> None:
        while self._there.get():
            self._take()()

    def _take(self) -> Work:
        with self._lock:
            share = self._turns.popleft()
            waiting = self._waiting[share]
            work = waiting.popleft()
            if waiting:
                self._turns.append(share)
            else:
                del self._waiting[share]
        return work
