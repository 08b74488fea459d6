"""A limit on how many things the loop does at once; what waits is served in turn by server."""

import asyncio
from collections.abc import Hashable

from controlplane.runtime.http.fair_queue import FairQueue


class ConcurrencyLimit:
    def __init__(self, loop: asyncio.AbstractEventLoop, *, at_once: int) -> None:
        self._loop = loop
        self._free = at_once
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()

    async def acquire(self, share: Hashable) -> "Slot":
        """Wait for a free slot."""
        if self._free:
            self._free -= 1
        else:
            mine = self._loop.create_future()
            self._waiting.put(share, mine)
            try:
                await mine
            except asyncio.CancelledError:
                if not mine.cancelled():
                    self.release()
                raise
        return Slot(self)

    def release(self) -> None:
        while self._waiting:
            waiting = self._waiting.take()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1


class Slot:
    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._is_released = False

    def release(self) -> None:
        """Give the slot to what waits next. A second call does nothing."""
        if not self._is_released:
            self._is_released = True
            self._limit.release()
