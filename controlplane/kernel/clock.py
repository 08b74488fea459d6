"""The one place that reads the time. Rules never call it: they take ``now`` as an argument.

The domain's time is the machine's, moved by an offset or frozen: tokens, keys, certificates and servers age by it.
The timekeeping app, which stores the setting, registers a reader (``follow``). Every process calls it at most twice a
second, so that all processes on all machines follow a change within a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.kernel.fresh_value import FreshValue

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


_setting: FreshValue[Setting] = FreshValue(lambda last: UNMOVED, seconds=FRESH_SECONDS)


def follow(reader: Reader) -> None:
    """From now on the domain's time is what ``reader`` says."""
    global _setting  # noqa: PLW0603  one clock for each process
    _setting = FreshValue(reader, seconds=FRESH_SECONDS)


def forget() -> None:
    """After a change in this process: do not wait for the half second to pass."""
    _setting.expire()


def now() -> datetime:
    """The domain's present instant, aware, in UTC."""
    return _setting.get().at(wall_clock())


def last_known() -> datetime:
    """The domain's present instant as far as this process knows it. It reads nothing, so it does not fail."""
    return (_setting.last or UNMOVED).at(wall_clock())


def latest() -> datetime:
    """Return the later of the domain's present instant and the machine's."""
    return max(now(), wall_clock())


def wall_clock() -> datetime:
    """Return the machine's present instant, in UTC.

    It is for log lines, durations, the liveness of processes, and what other machines compare with their own clocks,
    such as a certificate in a TLS handshake.
    """
    return datetime.now(UTC)
