"""The clock in the header."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.kernel.form_snapshot import FormSnapshot
from controlplane.timekeeping.movement import Movement
from controlplane.timekeeping.services import ClockState


@dataclass(frozen=True)
class Control:
    """One button of the clock."""

    text: str
    movement: Movement


MOVEMENTS = {
    "minute": Control("+1 min", Movement(advance=timedelta(minutes=1))),
    "hour": Control("+1 h", Movement(advance=timedelta(hours=1))),
    "day": Control("+1 d", Movement(advance=timedelta(days=1))),
    "month": Control("+30 d", Movement(advance=timedelta(days=30))),
    "freeze": Control("Freeze", Movement(frozen=True)),
    "run": Control("Run", Movement(frozen=False)),
    "reset": Control("Real time", Movement(offset=timedelta(0), frozen=False)),
}
"""By the value of its button."""


@dataclass(frozen=True)
class ClockFace:
    now: datetime
    frozen: bool
    moved: str
    """The offset from the machine's clock, in words; empty without one."""
    mark: str
    """The snapshot of its setting (kernel/form_snapshot.py)."""


def clock_face(shown: ClockState) -> ClockFace:
    frozen = shown.setting.frozen_at is not None
    distance = "" if frozen else _words(shown.setting.offset)
    return ClockFace(shown.now, frozen, distance, clock_shown(shown).mark)


def clock_shown(shown: ClockState) -> FormSnapshot:
    """The snapshot of the clock's setting. Open pages follow every change of it."""
    how = "frozen" if shown.setting.frozen_at else _words(shown.setting.offset) or "the machine's time"
    return FormSnapshot("clock", "The clock", {"set to": how, "times moved": str(shown.revision - 1)})


def _words(offset: timedelta) -> str:
    seconds = abs(offset.total_seconds())
    if seconds < 1:
        return ""
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    length, unit = next((length, unit) for length, unit in units if seconds >= length)
    return f"{'ahead' if offset > timedelta(0) else 'behind'} by {seconds / length:.0f} {unit}"
