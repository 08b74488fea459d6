"""Who is connected to a process, and who has to go when there are too many or when their time is over.

An idle connection that is kept for its next request costs one descriptor, and is only ended when those run out. What
has begun and not arrived is counted: by server where the listener knows it, or one server could keep out the others.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Protocol

from controlplane.runtime.http.limits import Limits

LOOK_EVERY = 0.1
LOOK_IDLY_EVERY = 1.0
SPARE = 32
"""One in so many is ended when there is no room, so that room is not looked for at each new connection."""
FOREVER = float("inf")


class Member(Protocol):
    """A connection, or a handshake that may become one."""

    share: Hashable
    """Whose it is: the server that connected, or None where that is not known."""
    deadline: float
    """By the loop's time; FOREVER while a thread works for it."""

    @abstractmethod
    def look(self, now: float) -> None:
        """Act on what time has brought; ``deadline`` may be over."""

    @abstractmethod
    def abort(self) -> None:
        """End now, without an answer."""


class Crowd:
    def __init__(self, limits: Limits, *, most: int, wake: Callable[[], None]) -> None:
        """``wake`` is called when ``look`` should soon be."""
        self._limits = limits
        self._most = most
        self._wake = wake
        self._all: dict[Member, None] = {}
        self._unfinished: defaultdict[Hashable, dict[Member, float]] = defaultdict(dict)
        """Of each share, since when; the oldest first."""
        self._unread: dict[Member, int] = {}
        """Bytes."""

    def __len__(self) -> int:
        return len(self._all)

    def members(self) -> list[Member]:
        return list(self._all)

    @property
    def interval(self) -> float:
        """Seconds until it should be looked through again."""
        return LOOK_EVERY if self._unfinished or self._unread else LOOK_IDLY_EVERY

    def join(self, member: Member) -> None:
        if len(self._all) >= self._most:
            self.make_room()
        self._all[member] = None

    def leave(self, member: Member) -> None:
        self._all.pop(member, None)
        self._unread.pop(member, None)
        self.arrived(member)

    def arriving(self, member: Member, now: float) -> None:
        """It has begun something and not finished it. Too many of one server: its oldest one ends."""
        mine = self._unfinished[member.share]
        mine.setdefault(member, now)
        if member.share is not None and len(mine) > self._limits.unfinished_of_one:
            oldest, since = next(iter(mine.items()))
            if now - since > self._limits.fair_seconds:
                oldest.abort()
        self._wake()

    def arrived(self, member: Member) -> None:
        mine = self._unfinished.get(member.share)
        if mine is not None:
            mine.pop(member, None)
            if not mine:
                del self._unfinished[member.share]

    def unread(self, member: Member, size: int) -> None:
        """Its client has not read all of so many bytes. Too much is unread: who has most of it ends."""
        self._unread[member] = size
        if sum(self._unread.values()) > self._limits.waiting_answers:
            max(self._unread, key=self._unread.__getitem__).abort()
        self._wake()

    def read(self, member: Member) -> None:
        self._unread.pop(member, None)

    def look(self, now: float) -> None:
        for member in list(self._all):
            member.look(now)

    def make_room(self) -> None:
        """End those of whoever has most: first who waits for its client longest."""
        of: defaultdict[Hashable, list[Member]] = defaultdict(list)
        for member in self._all:
            if member.deadline < FOREVER:
                of[member.share].append(member)
        if not of:
            return
        most = max(of.values(), key=len)
        unfinished = self._unfinished.get(most[0].share, {})
        most.sort(key=lambda each: (each not in unfinished, each.deadline))
        for member in most[: max(1, len(most) // SPARE)]:
            member.abort()
