"""The threads that work on requests: those who wait are served in turn, one server after the other."""

import threading
import time
from collections.abc import Callable, Hashable
from queue import SimpleQueue

from controlplane.runtime.http.fair_queue import FairQueue

Work = Callable[[], None]


class Threads:
    """So many threads of our own. They begin with the first work, and stay, each with its database connection."""

    def __init__(self, count: int, *, name: str = "request", rests: float = 0) -> None:
        """A thread rests ``rests`` times as long as it worked, so that what is urgent finds the interpreter free."""
        self._count = count
        self._name = name
        self._rests = rests
        self._waiting: FairQueue[Work] = FairQueue()
        self._lock = threading.Lock()
        self._started = False
        self._there: SimpleQueue[bool] = SimpleQueue()
        """A true item for each that waits; a false one ends a thread."""

    def stop(self) -> None:
        """When all that waits is done."""
        for _ in range(self._count):
            self._there.put(False)

    def submit(self, share: Hashable, work: Work) -> None:
        """To be done in its turn, by server."""
        with self._lock:
            self._waiting.put(share, work)
        self._there.put(True)
        if not self._started:
            self._started = True
            for number in range(self._count):
                threading.Thread(target=self._work, name=f"{self._name}-{number + 1}", daemon=True).start()

    def _work(self) -> None:
        while self._there.get():
            begun = time.perf_counter()
            self._take()()
            if self._rests:
                time.sleep(self._rests * (time.perf_counter() - begun))

    def _take(self) -> Work:
        with self._lock:
            return self._waiting.take()
