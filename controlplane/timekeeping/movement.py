"""Moving the clock: arithmetic on its setting."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.kernel.clock import Setting
from controlplane.kernel.errors import InvalidValue, Target

END = datetime(2100, 1, 1, tzinfo=UTC)
"""What the clock shows lies before this: far enough for every certificate, and a date that all formats can write."""


@dataclass(frozen=True)
class Movement:
    """What to do. At most one of ``offset``, ``advance`` and ``now`` is given; what is None stays as it is."""

    offset: timedelta | None = None
    """How far ahead of the machine's time it shall be."""
    advance: timedelta | None = None
    """How far to go on from where it is; negative to go back."""
    now: datetime | None = None
    """What it shall show."""
    frozen: bool | None = None
    """Whether it shall stand still, or run on from what it shows."""


def moved(setting: Setting, movement: Movement, *, wall: datetime, earliest: datetime) -> Setting:
    """The setting after a movement at the machine's instant ``wall``.

    Raises InvalidValue when the clock would show an instant before ``earliest`` or from END on.
    """
    shown, field = setting.at(wall), "frozen"
    if movement.offset is not None:
        shown, field = wall + movement.offset, "offset_seconds"
    elif movement.advance is not None:
        shown, field = shown + movement.advance, "advance_seconds"
    elif movement.now is not None:
        shown, field = movement.now, "now"
    if not earliest <= shown < END:
        raise InvalidValue(
            f"The clock would show {shown:%Y-%m-%dT%H:%M:%SZ}. It goes from {earliest:%Y-%m-%dT%H:%M:%SZ}, when the "
            f"root certificate became valid, to {END:%Y-%m-%dT%H:%M:%SZ}.",
            target=Target(field),
        )
    stands = setting.frozen_at is not None if movement.frozen is None else movement.frozen
    return Setting(shown - wall, shown if stands else None)
