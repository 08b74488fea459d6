"""The state of the parts of this deployment, for the console: a few seconds old at most."""

from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection

from controlplane.activity.job_runs import latest
from controlplane.activity.models import JobRun
from controlplane.jobs import broker
from controlplane.jobs.registry import JOBS
from controlplane.kernel.database_failures import for_operators
from controlplane.kernel.fresh_value import FreshValue
from controlplane.observability.last_tick import last_tick
from servers.models import BareMetalServer

FRESH_SECONDS = 5.0
ASK_SECONDS = 0.5
UNFINISHED = (JobRun.Outcome.FAILED, JobRun.Outcome.LOST)


@dataclass(frozen=True)
class Part:
    name: str
    well: bool
    note: str


def parts() -> list[Part]:
    """Return the state of database, broker, worker, beat and jobs, which is read again after FRESH_SECONDS."""
    return _parts.get()


def _look(last: list[Part] | None) -> list[Part]:
    return [_database(), *_messaging(), _beat(), _jobs()]


_parts = FreshValue(_look, seconds=FRESH_SECONDS)


def forget() -> None:
    """Read the state again at the next call."""
    _parts.expire()


def _database() -> Part:
    kind = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    try:
        BareMetalServer.objects.exists()
    except Error as error:
        return Part("Database", False, for_operators(error))
    return Part("Database", True, f"{kind} answers.")


def _messaging() -> list[Part]:
    try:
        broker.queue_depth(seconds=ASK_SECONDS)
    except broker.BrokerFailed as error:
        return [
            Part("Broker", False, str(error)),
            Part("Worker", False, "It cannot be asked while the broker is away."),
        ]
    return [Part("Broker", True, "It answers."), _worker()]


def _worker() -> Part:
    name = broker.first_worker_to_answer(seconds=ASK_SECONDS)
    if name is None:
        return Part("Worker", False, "None answers. What is due waits until one does.")
    return Part("Worker", True, f"{name} answers.")


def _beat() -> Part:
    """A tick that a worker takes shows that beat runs too."""
    tick = last_tick()
    if tick.at is None:
        return Part("Beat", False, "No worker has taken a tick of it yet.")
    if tick.is_late:
        return Part(
            "Beat", False, f"The last tick was taken {tick.seconds_ago:.0f} s ago: nothing that is due is noticed."
        )
    return Part("Beat", True, f"A tick comes every {settings.BAREMINT_TICK_SECONDS:g} s.")


def _jobs() -> Part:
    """Return whether the last run of every job ended well."""
    failed = [name for name in JOBS if (run := latest(name)) and run.outcome in UNFINISHED]
    if failed:
        return Part("Jobs", False, f"The last run failed: {', '.join(failed)}. See baremint jobs.")
    return Part("Jobs", True, f"OK: {len(JOBS)} jobs.")
