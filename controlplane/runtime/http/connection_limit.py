"""Count the connections of a process and end some when there are too many or when their time is over.

An idle connection costs one descriptor and is ended only when descriptors run out. Unfinished requests are counted by
server where the listener knows it, because otherwise one server could exclude the others.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Protocol

from controlplane.runtime.http.limits import Limits

LOOK_EVERY = 0.1
LOOK_IDLY_EVERY = 1.0
SPARE = 32
"""One in this many connections is ended at the limit, so that the next new connections need no search."""
FOREVER = float("inf")


class LimitedConnection(Protocol):
    """A connection, or a TLS handshake that may become one."""

    share: Hashable
    """The server that connected, or None where it is not known. Limits are applied fairly between shares."""
    deadline: float
    """In the loop's time; FOREVER while a thread processes its request."""

    @abstractmethod
    def check_deadline(self, now: float) -> None:
        """Act on the time limits of the connection; ``deadline`` may have passed."""

    @abstractmethod
    def abort(self) -> None:
        """End now, without a response."""


class ConnectionLimit:
    """The connections of one process, at most ``most``."""

    def __init__(self, limits: Limits, *, most: int, wake: Callable[[], None]) -> None:
        """``wake`` is called when ``check_deadlines`` should be called soon."""
        self._limits = limits
        self._most = most
        self._wake = wake
        self._all: dict[LimitedConnection, None] = {}
        self._unfinished: defaultdict[Hashable, dict[LimitedConnection, float]] = defaultdict(dict)
        """For each share, its unfinished connections with the time since when; the oldest first."""
        self._unread: dict[LimitedConnection, int] = {}
        """Bytes of responses that the client has not read."""

    def __len__(self) -> int:
        return len(self._all)

    def all(self) -> list[LimitedConnection]:
        return list(self._all)

    @property
    def interval(self) -> float:
        """Seconds until the next call of ``check_deadlines``."""
        return LOOK_EVERY if self._unfinished or self._unread else LOOK_IDLY_EVERY

    def add(self, connection: LimitedConnection) -> None:
        if len(self._all) >= self._most:
            self.evict()
        self._all[connection] = None

    def remove(self, connection: LimitedConnection) -> None:
        self._all.pop(connection, None)
        self._unread.pop(connection, None)
        self.complete(connection)

    def begin(self, connection: LimitedConnection, now: float) -> None:
        """Note that a request or handshake has begun. When a server has too many, its oldest one is ended."""
        unfinished_of_share = self._unfinished[connection.share]
        unfinished_of_share.setdefault(connection, now)
        if connection.share is not None and len(unfinished_of_share) > self._limits.unfinished_of_one:
            oldest, since = next(iter(unfinished_of_share.items()))
            if now - since > self._limits.fair_seconds:
                oldest.abort()
        self._wake()

    def complete(self, connection: LimitedConnection) -> None:
        """Note that the request or handshake has arrived completely."""
        unfinished_of_share = self._unfinished.get(connection.share)
        if unfinished_of_share is not None:
            unfinished_of_share.pop(connection, None)
            if not unfinished_of_share:
                del self._unfinished[connection.share]

    def set_unread(self, connection: LimitedConnection, size: int) -> None:
        """Note how many bytes the client has not read. Above the limit, the connection with most of them is ended."""
        self._unread[connection] = size
        if sum(self._unread.values()) > self._limits.waiting_answers:
            max(self._unread, key=self._unread.__getitem__).abort()
        self._wake()

    def clear_unread(self, connection: LimitedConnection) -> None:
        self._unread.pop(connection, None)

    def check_deadlines(self, now: float) -> None:
        for connection in list(self._all):
            connection.check_deadline(now)

    def evict(self) -> None:
        """End connections of the share that has most, those first whose deadline is next."""
        by_share: defaultdict[Hashable, list[LimitedConnection]] = defaultdict(list)
        for connection in self._all:
            if connection.deadline < FOREVER:
                by_share[connection.share].append(connection)
        if not by_share:
            return
        most = max(by_share.values(), key=len)
        unfinished = self._unfinished.get(most[0].share, {})
        most.sort(key=lambda each: (each not in unfinished, each.deadline))
        for connection in most[: max(1, len(most) // SPARE)]:
            connection.abort()
