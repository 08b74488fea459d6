"""Compute the setting of a moved clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.kernel.clock import Setting
from controlplane.kernel.errors import InvalidValue, Target

END = datetime(2100, 1, 1, tzinfo=UTC)
"""The clock shows earlier times only. All certificates and all date formats are valid until then."""


@dataclass(frozen=True)
class Movement:
    """A movement with at most one of ``offset``, ``advance`` and ``now``; None changes nothing."""

    offset: timedelta | None = None
    """The new difference from the machine's time."""
    advance: timedelta | None = None
    """How far to move it forward; negative to move it back."""
    now: datetime | None = None
    """The new time."""
    frozen: bool | None = None
    """Whether it stands still or runs from the new time."""


def moved(setting: Setting, movement: Movement, *, wall: datetime, earliest: datetime) -> Setting:
    """Return the setting after a movement at the machine's instant ``wall``.

    Raises InvalidValue when the clock would show an instant before ``earliest`` or from END on.
    """
    instant, field = setting.at(wall), "frozen"
    if movement.offset is not None:
        instant, field = wall + movement.offset, "offset_seconds"
    elif movement.advance is not None:
        instant, field = instant + movement.advance, "advance_seconds"
    elif movement.now is not None:
        instant, field = movement.now, "now"
    if not earliest <= instant < END:
        raise InvalidValue(
            f"The clock would show {instant:%Y-%m-%dT%H:%M:%SZ}. It goes from {earliest:%Y-%m-%dT%H:%M:%SZ}, when the "
            f"root certificate became valid, to {END:%Y-%m-%dT%H:%M:%SZ}.",
            target=Target(field),
        )
    stands = setting.frozen_at is not None if movement.frozen is None else movement.frozen
    return Setting(instant - wall, instant if stands else None)
