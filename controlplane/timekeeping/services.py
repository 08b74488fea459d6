"""Move the clock of the whole deployment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock
from controlplane.kernel.clock import Setting
from controlplane.kernel.etag import refuse_mismatch
from controlplane.timekeeping.events import CLOCK_SET
from controlplane.timekeeping.models import THE_ROW, ClockSetting
from controlplane.timekeeping.movement import Movement, moved

CLOCK = Party("clock", "clock", "Clock")


@dataclass(frozen=True)
class ClockState:
    """A reading of the clock at the machine's instant ``wall``."""

    setting: Setting
    revision: int
    wall: datetime

    @property
    def now(self) -> datetime:
        return self.setting.at(self.wall)


def read_clock() -> ClockState:
    """Read the clock from the database."""
    row = ClockSetting.objects.get(pk=THE_ROW)
    return ClockState(Setting(row.offset, row.frozen_at), row.revision, clock.wall_clock())


@transaction.atomic
def move(movement: Movement, *, earliest: datetime, if_match: str | None = None, by: Party) -> ClockState:
    """Move the clock for all processes and return the new reading.

    The event has the time before the movement, like all earlier events; the new time is in its data. Raises
    InvalidValue for an instant out of range, PreconditionFailed for a stale ``if_match``.
    """
    row = ClockSetting.objects.select_for_update().get(pk=THE_ROW)
    refuse_mismatch(if_match, current=str(row.revision))
    wall = clock.wall_clock()
    before = Setting(row.offset, row.frozen_at)
    after = moved(before, movement, wall=wall, earliest=earliest)
    row.offset, row.frozen_at = after.offset, after.frozen_at
    row.revision += 1
    row.save(update_fields=["offset", "frozen_at", "revision"])
    record(
        CLOCK_SET,
        initiator=by,
        target=CLOCK,
        time=before.at(wall),
        data={
            "from": before.at(wall).isoformat(),
            "to": after.at(wall).isoformat(),
            "offset_seconds": after.offset.total_seconds(),
            "frozen": after.frozen_at is not None,
            "machine_time": wall.isoformat(),
        },
    )
    transaction.on_commit(clock.forget)
    return ClockState(after, row.revision, wall)
