"""The one place that reads the time. Rules never call it: they take ``now`` as an argument.

The domain's time is the machine's, moved by an offset or frozen: tokens, keys, certificates and servers age by it.
Where the setting is kept is not known here. Whoever keeps it registers a reader (``follow``), which every process asks
at most twice a second, so that all of them, on all machines, follow a change within a second.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FRESH_SECONDS = 0.5


@dataclass(frozen=True)
class Setting:
    """How the domain's time differs from the machine's."""

    offset: timedelta = timedelta(0)
    """How far ahead of the machine's time; negative when behind."""
    frozen_at: datetime | None = None
    """The instant at which it stands still; None when it runs."""

    def at(self, wall: datetime) -> datetime:
        """The domain's instant when the machine's clock shows ``wall``."""
        return self.frozen_at or wall + self.offset


UNMOVED = Setting()
Reader = Callable[[Setting | None], Setting]
"""Reads the setting. It is given what was last read, for when it cannot read; None when nothing was read yet."""


class Followed:
    """What a process knows of the setting, at most half a second old."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._known: Setting | None = None
        self._read_at = float("-inf")

    def setting(self) -> Setting:
        known = self._known
        if known is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
            known = self._refresh()
        return known

    def last_known(self) -> Setting:
        """What was read last, however long ago; nothing is read for it."""
        return self._known or UNMOVED

    def forget(self) -> None:
        """Read anew at the next use."""
        self._read_at = float("-inf")

    def _refresh(self) -> Setting:
        with self._lock:
            if self._known is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._known = self._reader(self._known)
                self._read_at = time.monotonic()
            return self._known


_followed = Followed(lambda last: UNMOVED)


def follow(reader: Reader) -> None:
    """From now on the domain's time is what ``reader`` says."""
    global _followed  # noqa: PLW0603  one clock a process: that is the point of it
    _followed = Followed(reader)


def forget() -> None:
    """After a change in this process: do not wait for the half second to pass."""
    _followed.forget()


def now() -> datetime:
    """The domain's present instant, aware, in UTC."""
    return _followed.setting().at(wall_clock())


def last_known() -> datetime:
    """The domain's present instant as far as this process knows it. Whatever else has failed, this does not."""
    return _followed.last_known().at(wall_clock())


def latest() -> datetime:
    """The later of the domain's present instant and the machine's: nobody lives after it."""
    return max(now(), wall_clock())


def wall_clock() -> datetime:
    """The machine's present instant, in UTC, whatever the domain's is. Only for what no clock of ours can move: log
    lines, how long work took, whether a process is alive, and what strangers judge by their own clocks, such as a
    certificate in a TLS handshake."""
    return datetime.now(UTC)
