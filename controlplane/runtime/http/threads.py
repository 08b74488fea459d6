"""The threads that process requests, taking them from the servers in turn."""

import threading
import time
from collections.abc import Callable, Hashable
from queue import SimpleQueue

from controlplane.runtime.http.fair_queue import FairQueue

Work = Callable[[], None]


class Threads:
    """A pool of threads. They start with the first work and stay, each with its database connection."""

    def __init__(self, count: int, *, name: str = "request", pause_factor: float = 0) -> None:
        """A thread pauses ``pause_factor`` times as long as it worked, so that urgent work gets the interpreter."""
        self._count = count
        self._name = name
        self._pause_factor = pause_factor
        self._waiting: FairQueue[Work] = FairQueue()
        self._lock = threading.Lock()
        self._started = False
        self._wakeups: SimpleQueue[bool] = SimpleQueue()
        """One True for each item of work; a False ends a thread."""

    def stop(self) -> None:
        """End the threads once all submitted work is done."""
        for _ in range(self._count):
            self._wakeups.put(False)

    def submit(self, share: Hashable, work: Work) -> None:
        """Queue work for the next free thread, fairly between shares."""
        with self._lock:
            self._waiting.put(share, work)
        self._wakeups.put(True)
        if not self._started:
            self._started = True
            for number in range(self._count):
                threading.Thread(target=self._work, name=f"{self._name}-{number + 1}", daemon=True).start()

    def _work(self) -> None:
        while self._wakeups.get():
            start = time.perf_counter()
            self._take()()
            if self._pause_factor:
                time.sleep(self._pause_factor * (time.perf_counter() - start))

    def _take(self) -> Work:
        with self._lock:
            return self._waiting.take()
