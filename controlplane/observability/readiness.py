"""Why this deployment could not do its work right now."""

import errno
import os
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.models import Max, Sum

from controlplane.activity.models import Heartbeat
from controlplane.database.migration_state import CannotUpgrade, compare
from controlplane.database.postgresql.patience import patience
from controlplane.deployment.command_line import paste
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.kernel.database_failures import for_operators
from identity.key_periods import key_policies
from identity.selectors import active_key

ASK_SECONDS = 1.0
MISSED_TICKS = 4
"""So many in a row, and nobody ticks."""
LONGEST_TICK = timedelta(seconds=10)
"""What a tick may take to get through on a busy machine."""
KEPT_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""With the database. What asks for readiness itself has a few seconds as a rule."""
ROOM = 1024 * 1024
TOLD_FOR = timedelta(hours=1)
"""How long messages that could not be read are told of."""

Reasons = dict[str, str]
"""What is missing and what to do about it, by the part that misses it. Empty when nothing is."""


@dataclass(frozen=True)
class Readiness:
    missing: Reasons
    notes: Reasons
    """What does not keep it from its work, and somebody should look at."""


def of_the_whole() -> Readiness:
    with patience(PATIENCE_SECONDS):
        missing = obstacles()
        return Readiness(missing, {} if "database" in missing else notes())


def of_answers() -> Readiness:
    """Of the metadata service: it needs no broker and no worker."""
    with patience(PATIENCE_SECONDS):
        return Readiness(missing_for_answers(), {})


def obstacles() -> Reasons:
    """Of the whole: what answers needs, and what works in the background."""
    found = missing_for_answers()
    try:
        waiting = broker.queue_depth(seconds=ASK_SECONDS)
    except broker.BrokerFailed as error:
        return found | {"broker": str(error)}
    if "database" not in found and (silence := _silence(waiting)):
        found["worker"] = silence
    return found


def notes() -> Reasons:
    since = clock.wall_clock() - TOLD_FOR
    try:
        rows = Heartbeat.objects.filter(dropped_at__gte=since)
        count = rows.aggregate(sum=Sum("dropped_messages"))["sum"]
    except Error:
        return {}
    if not count:
        return {}
    return {
        "messages": f"Workers have dropped {count} messages that they could not read, the last one less than an hour "
        "ago. No work is lost. The worker's log names them. Something else may write to this broker."
    }


def missing_for_answers() -> Reasons:
    found: Reasons = {}
    for what, folder in (("the data directory", settings.HOME.path), ("temporary files", Path(tempfile.gettempdir()))):
        if is_full(folder):
            found["disk"] = f"The disk of {what} is full: nothing more can be kept. Make room on it."
    try:
        compared = compare()
        compared.require_known()
        if compared.missing:
            found["database"] = f"Migrations are not applied. Run: {paste('migrate')}"
        elif _is_read_only():
            found["database"] = "The database is read-only. Make it writable."
        elif missing := [purpose for purpose in key_policies() if active_key(purpose) is None]:
            found["keys"] = f"No active key for {', '.join(missing)}. Run: {paste('bootstrap')}"
    except CannotUpgrade as error:
        found["database"] = str(error)
    except Error as error:
        found["database"] = for_operators(error)
    return found


def _is_read_only() -> bool:
    """PostgreSQL says so; of SQLite's file the system does, without the lock that writing would take."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            return bool(cursor.fetchone() == ("on",))
    file = Path(connection.settings_dict["NAME"])
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def is_full(folder: Path) -> bool:
    """Whether there is no room for ROOM bytes: tried, for a quota is not to be read off the disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, ROOM)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return False


def _silence(waiting: int) -> str:
    """Why no worker takes ticks, if none does: when tasks wait, the worker is away, and else beat is."""
    ticked_at = Heartbeat.objects.aggregate(last=Max("ticked_at"))["last"]
    since = clock.wall_clock() - ticked_at if ticked_at else None
    if since is not None and since <= MISSED_TICKS * timedelta(seconds=settings.BAREMINT_TICK_SECONDS) + LONGEST_TICK:
        return ""
    heard = (
        f"No worker has taken a tick for {since.total_seconds():.0f} s" if since else "No worker has taken a tick yet"
    )
    if waiting:
        return (
            f"{heard}, and {waiting} tasks wait. Start a worker: celery --app controlplane.celery worker --pool threads"
        )
    return f"{heard}, and no task waits. Start beat, and a worker: celery --app controlplane.celery beat"
