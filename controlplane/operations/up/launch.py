"""The steps of ``baremint up``. Every check comes before the first process that it could stop."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from controlplane.database.migration_state import CannotUpgrade
from controlplane.database.upgrade import bring_up_to_date
from controlplane.deployment import process_lock, run_file, sockets
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.location import Location
from controlplane.deployment.owned_folder import NotOwned
from controlplane.jobs import broker
from controlplane.kernel import clock, database_failures
from controlplane.lab import capabilities
from controlplane.observability.readiness import is_full
from controlplane.operations.bootstrap import bootstrap, refuse_wrong_settings
from controlplane.operations.commands import info_commands
from controlplane.operations.commands.command import CommandFailed, Context
from controlplane.operations.database_source import DatabaseSource
from controlplane.operations.up import children, preloading
from controlplane.operations.up.serving import reporting
from controlplane.operations.up.timeline import Timeline
from controlplane.runtime.supervisor.child import Fork
from controlplane.runtime.supervisor.process_control import set_name
from controlplane.runtime.supervisor.start_report import Report
from controlplane.runtime.supervisor.stop_requests import StopRequests
from controlplane.runtime.supervisor.supervisor import StartFailed, Supervisor

ASK_SECONDS = 2.0
CAUSES = (
    WrongSetting,
    process_lock.AlreadyRunning,
    NotOwned,
    sockets.PortUnavailable,
    children.BrokerUnavailable,
    StartFailed,
    ImproperlyConfigured,
    capabilities.CannotIsolate,
)

Say = Callable[[str], None]


class CannotStart(Exception):
    """The message is the reason, for the user."""


def run(
    *,
    lab: bool,
    stop_requests: StopRequests,
    say: Say,
    progress: Say,
    ready: Callable[[dict[str, Any]], object],
) -> None:
    """Start everything, call ``ready``, and keep it running until StopRequested. Raises CannotStart.

    ``ready`` gets the data of ``baremint info --json``.
    """
    stop_requests.check()
    timeline = Timeline()

    def note(text: str) -> None:
        timeline.note(text)
        progress(text)

    try:
        set_name("baremint")
        with (
            settings.HOME.usable(),
            process_lock.lock(settings.HOME),
            children.socket_folder(),
            children.listening() as listening,
            run_file.published(settings.HOME, settings),
        ):
            if is_full(settings.HOME.path):
                raise CannotStart("The disk of the data directory is full. Make room on it.")
            if lab:
                capabilities.detect()
            with Supervisor(say, stop_requests) as supervisor:
                facts = _start_everything(supervisor, listening, note)
                if lab:
                    note("putting the servers into the lab")
                    supervisor.start([children.lab()], seconds=settings.BAREMINT_START_SECONDS, progress=note)
                ready(facts)
                supervisor.tell("up", {"level": "info", "event": f"It is up: {timeline}."})
                supervisor.stream()
                supervisor.watch()
    except CAUSES as error:
        raise CannotStart(str(error)) from None


def _start_everything(supervisor: Supervisor, listening: children.Listening, progress: Say) -> dict[str, Any]:
    embedded = supervisor.begin([children.embedded_broker()]) if settings.EMBEDDED_BROKER else []
    progress("preparing the database")
    preparing = supervisor.begin([Fork("database", prepare, may_end=True)])
    preloading.load_everything()  # while the database is prepared
    progress("all services are loaded")
    [prepared] = supervisor.await_ready(preparing, seconds=None, progress=progress)
    supervisor.await_ready(embedded, seconds=settings.BAREMINT_START_SECONDS, progress=progress)
    progress("starting the services")
    supervisor.start(children.services(listening), seconds=settings.BAREMINT_START_SECONDS, progress=progress)
    facts: dict[str, Any] = prepared.facts
    return facts


def prepare(report: Report) -> None:
    """Migrate the database and create what it lacks, and report the data of ``baremint info --json``.

    It runs in a child process, so that the supervisor has no open database.
    """
    with reporting(report, CannotStart, CommandFailed, CannotUpgrade):
        if not settings.EMBEDDED_BROKER:
            _require_broker()
        refuse_wrong_settings()
        try:
            bring_up_to_date(report.progress)
            bootstrap(now=clock.now(), progress=report.progress)
            report.ready(info_commands.facts(Context(Location.of(settings), DatabaseSource(), report.progress)))
        except DatabaseError as error:
            raise CannotStart(database_failures.for_operators(error)) from error


def _require_broker() -> None:
    """Raises CannotStart."""
    try:
        broker.queue_depth(seconds=ASK_SECONDS)
    except broker.BrokerFailed as error:
        raise CannotStart(f"{error} Without REDIS_URL, Baremint uses its embedded broker.") from None
    except (TypeError, ValueError) as error:  # an option of the URL that the client does not support
        raise CannotStart(
            f"REDIS_URL is not understood: {error}. Its form is redis://user:password@host:6379/0."
        ) from None
