"""What keeps this deployment from its work."""

import errno
import os
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.models import Sum

from controlplane.activity.models import Heartbeat
from controlplane.database.migration_state import CannotUpgrade, compare
from controlplane.database.postgresql.patience import patience
from controlplane.deployment.command_line import command_hint
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.kernel.database_failures import for_operators
from controlplane.observability.last_tick import last_tick
from identity.key_periods import configured_key_times
from identity.selectors import active_key

ASK_SECONDS = 1.0
KEPT_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""How long to wait for the database. Programs that request readiness usually wait a few seconds themselves."""
ROOM = 1024 * 1024
REPORTED_FOR = timedelta(hours=1)
"""How long dropped messages are reported."""

Reasons = dict[str, str]
"""What is missing and what to do about it, by part. Empty when nothing is missing."""


@dataclass(frozen=True)
class Readiness:
    missing: Reasons
    notes: Reasons
    """What an operator should see although the deployment works."""


def of_the_whole() -> Readiness:
    with patience(PATIENCE_SECONDS):
        missing = obstacles()
        return Readiness(missing, {} if "database" in missing else notes())


def of_answers() -> Readiness:
    """Return the readiness of the metadata service, which needs no broker and no worker."""
    with patience(PATIENCE_SECONDS):
        return Readiness(missing_for_answers(), {})


def obstacles() -> Reasons:
    """Return what is missing for answers and for work in the background."""
    reasons = missing_for_answers()
    try:
        waiting = broker.queue_depth(seconds=ASK_SECONDS)
    except broker.BrokerFailed as error:
        return reasons | {"broker": str(error)}
    if "database" not in reasons and (silence := _silence(waiting)):
        reasons["worker"] = silence
    return reasons


def notes() -> Reasons:
    since = clock.wall_clock() - REPORTED_FOR
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
    reasons: Reasons = {}
    for what, folder in (("the data directory", settings.HOME.path), ("temporary files", Path(tempfile.gettempdir()))):
        if is_full(folder):
            reasons["disk"] = f"The disk of {what} is full: nothing more can be kept. Make room on it."
    try:
        migrations = compare()
        migrations.require_known()
        if migrations.missing:
            reasons["database"] = f"Migrations are not applied. Run: {command_hint('migrate')}"
        elif _is_read_only():
            reasons["database"] = "The database is read-only. Make it writable."
        elif missing := [purpose for purpose in configured_key_times() if active_key(purpose) is None]:
            reasons["keys"] = f"No active key for {', '.join(missing)}. Run: {command_hint('bootstrap')}"
    except CannotUpgrade as error:
        reasons["database"] = str(error)
    except Error as error:
        reasons["database"] = for_operators(error)
    return reasons


def _is_read_only() -> bool:
    """Return whether the database refuses writes: PostgreSQL reports it; an SQLite file is checked without a lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            return bool(cursor.fetchone() == ("on",))
    file = Path(connection.settings_dict["NAME"])
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def is_full(folder: Path) -> bool:
    """Return whether there is no room for ROOM bytes. It is tried, because a quota cannot be read from the disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, ROOM)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return False


def _silence(waiting: int) -> str:
    """Return why no worker takes ticks; empty when one does. When tasks wait, the worker is missing, otherwise beat."""
    tick = last_tick()
    if not tick.is_late:
        return ""
    age = f"for {tick.seconds_ago:.0f} s" if tick.at else "yet"
    remedy = "no task waits. Start beat, and a worker: celery --app controlplane.celery beat"
    if waiting:
        remedy = f"{waiting} tasks wait. Start a worker: celery --app controlplane.celery worker --pool threads"
    return f"No worker has taken a tick {age}, and {remedy}"
