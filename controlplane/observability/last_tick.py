"""When a worker last took a tick of beat, and whether that is too long ago: decided here for all that tell of it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max

from controlplane.activity.models import Heartbeat
from controlplane.kernel import clock

MISSED_TICKS = 4
"""So many in a row, and none comes any more."""
SLACK_SECONDS = 10.0
"""What a tick may take to get through on a busy machine."""


@dataclass(frozen=True)
class LastTick:
    at: datetime | None = None
    """None: no worker has taken one yet."""
    seconds_ago: float | None = None
    is_late: bool = True


def last_tick() -> LastTick:
    """By the machine's clock, for the domain's may be moved. Raises django.db.Error."""
    at = Heartbeat.objects.aggregate(last=Max("ticked_at"))["last"]
    if at is None:
        return LastTick()
    seconds_ago = max((clock.wall_clock() - at).total_seconds(), 0.0)  # the machine's clock may have been set back
    return LastTick(at, seconds_ago, seconds_ago > MISSED_TICKS * settings.BAREMINT_TICK_SECONDS + SLACK_SECONDS)
