"""When a worker last took a tick of beat, and whether that is too long ago. Every page and metric uses this."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max

from controlplane.activity.models import Heartbeat
from controlplane.kernel import clock

MISSED_TICKS = 4
"""After this many missing ticks in a row, the tick counts as late."""
SLACK_SECONDS = 10.0
"""How long a tick may be on its way on a busy machine."""


@dataclass(frozen=True)
class LastTick:
    at: datetime | None = None
    """None when no worker has taken one yet."""
    seconds_ago: float | None = None
    is_late: bool = True


def last_tick() -> LastTick:
    """Read the last tick, by the machine's clock, because the domain's may be moved. Raises django.db.Error."""
    at = Heartbeat.objects.aggregate(last=Max("ticked_at"))["last"]
    if at is None:
        return LastTick()
    seconds_ago = max((clock.wall_clock() - at).total_seconds(), 0.0)  # the machine's clock may have been set back
    return LastTick(at, seconds_ago, seconds_ago > MISSED_TICKS * settings.BAREMINT_TICK_SECONDS + SLACK_SECONDS)
