"""The one place that reads the time. Rules never call it: they take ``now`` as an argument.

The domain's time is the machine's, moved by an offset or frozen: tokens, keys, certificates and servers age by it.
The timekeeping app, which stores the setting, registers a reader (``follow``). Every process calls it at most twice a
second, so that all processes on all machines follow a change within a second.
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
"""Reads the setting. It gets the last value, which it may return when it cannot read; None before the first read."""


class CachedSetting:
    """The setting as this process last read it, at most half a second ago."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._setting: Setting | None = None
        self._read_at = float("-inf")

    def setting(self) -> Setting:
        setting = self._setting
        if setting is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
            setting = self._refresh()
        return setting

    def last_known(self) -> Setting:
        """Return the last value without reading."""
        return self._setting or UNMOVED

    def forget(self) -> None:
        """Read again at the next use."""
        self._read_at = float("-inf")

    def _refresh(self) -> Setting:
        with self._lock:
            if self._setting is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._setting = self._reader(self._setting)
                self._read_at = time.monotonic()
            return self._setting


_cached = CachedSetting(lambda last: UNMOVED)


def follow(reader: Reader) -> None:
    """Take the domain's time from ``reader``."""
    global _cached  # noqa: PLW0603  a process has one clock
    _cached = CachedSetting(reader)


def forget() -> None:
    """Read the setting again at the next use, after a change in this process."""
    _cached.forget()


def now() -> datetime:
    """Return the domain's present instant, aware, in UTC."""
    return _cached.setting().at(wall_clock())


def last_known() -> datetime:
    """Return the domain's present instant by the last setting. It never fails, for the handling of failures."""
    return _cached.last_known().at(wall_clock())


def latest() -> datetime:
    """Return the later of the domain's present instant and the machine's."""
    return max(now(), wall_clock())


def wall_clock() -> datetime:
    """Return the machine's present instant, in UTC.

    It is for log lines, durations, the liveness of processes, and what other machines compare with their own clocks,
    such as a certificate in a TLS handshake.
    """
    return datetime.now(UTC)
