"""A queue that takes items from the shares in turn, however many items one share has."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Not thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[Item]] = {}
        self._turns: deque[Hashable] = deque()

    def __bool__(self) -> bool:
        return bool(self._turns)

    def put(self, share: Hashable, item: Item) -> None:
        waiting = self._waiting.get(share)
        if waiting is None:
            self._waiting[share] = deque((item,))
            self._turns.append(share)
        else:
            waiting.append(item)

    def take(self) -> Item:
        """Return the next item. Raises IndexError when the queue is empty."""
        share = self._turns.popleft()
        waiting = self._waiting[share]
        item = waiting.popleft()
        if waiting:
            self._turns.append(share)
        else:
            del self._waiting[share]
        return item
