"""What the loop begins in turn by server, so many at once, each for a moment at most."""

import asyncio
from collections.abc import Hashable

from controlplane.runtime.http.fair_queue import FairQueue


class Turns:
    def __init__(self, loop: asyncio.AbstractEventLoop, *, at_once: int) -> None:
        self._loop = loop
        self._free = at_once
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()

    async def next(self, share: Hashable) -> "Turn":
        """Wait for a turn."""
        if self._free:
            self._free -= 1
        else:
            mine = self._loop.create_future()
            self._waiting.put(share, mine)
            try:
                await mine
            except asyncio.CancelledError:
                if not mine.cancelled():
                    self.end()
                raise
        return Turn(self)

    def end(self) -> None:
        while self._waiting:
            waiting = self._waiting.take()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1


class Turn:
    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._over = False

    def end(self) -> None:
        """Let the next one begin. A second time, nothing comes of it."""
        if not self._over:
            self._over = True
            self._turns.end()
