"""``baremint up``, step by step: nothing is started that a later step would have to regret."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from controlplane.kernel import clock
from controlplane.operations import broker, endpoints
from controlplane.operations.bootstrap import bootstrap
from controlplane.operations.lab import support
from controlplane.operations.owned_folder import NotOurs
from controlplane.operations.program import paste
from controlplane.operations.supervisor import children, homelock, sockets
from controlplane.operations.supervisor.stopping import StopRequests
from controlplane.operations.supervisor.supervisor import StartFailed, Supervisor
from servers.models import BareMetalServer

BROKER_SECONDS = 20.0
SERVICES_SECONDS = 60.0
LONGEST_PROVISION_WAIT = 60.0

LAB_SECONDS = 60.0
CAUSES = (
    NotOurs,
    sockets.PortUnavailable,
    children.BrokerUnavailable,
    StartFailed,
    ImproperlyConfigured,
    support.CannotIsolate,
)

Say = Callable[[str], None]


class CannotStart(Exception):
    """The reason, for the person who asked."""


def run(*, lab: bool, stop_requests: StopRequests, say: Say, progress: Say, ready: Callable[[], None]) -> None:
    """Start everything, call ``ready``, and keep it running until StopRequested. Raises CannotStart."""
    stop_requests.check()
    try:
        with homelock.held(settings.HOME), children.socket_folder():
            sockets.check_free([endpoints.control_plane(), endpoints.metadata_service(), endpoints.metadata_tls()])
            if lab:
                support.find()
            with Supervisor(say, stop_requests) as supervisor:
                _start_everything(supervisor, stop_requests, progress)
                if lab:
                    progress("putting the servers into the lab")
                    supervisor.start([children.lab()], seconds=LAB_SECONDS, progress=progress)
                ready()
                supervisor.stream()
                supervisor.watch()
    except homelock.AlreadyRunning as error:
        raise CannotStart(
            f"Baremint already runs in {settings.HOME.path} (process {error.pid}). "
            f"See it with: {paste('info')}  Stop it with: {paste('down')}"
        ) from None
    except CAUSES as error:
        raise CannotStart(str(error)) from None


def _start_everything(supervisor: Supervisor, stop_requests: StopRequests, progress: Say) -> None:
    if settings.EMBEDDED_BROKER:
        progress("starting the broker")
        supervisor.start([children.embedded_broker()], seconds=BROKER_SECONDS, progress=progress)
    elif not broker.answers(seconds=children.ASK_SECONDS):
        raise CannotStart(
            "The broker at REDIS_URL does not answer. Start it, or unset REDIS_URL to use the embedded one."
        )
    is_first_start = _prepare_database(stop_requests, progress)
    progress("starting the services")
    supervisor.start(children.services(), seconds=SERVICES_SECONDS, progress=progress)
    if is_first_start:
        _await_demo_servers(stop_requests, progress)


def _prepare_database(stop_requests: StopRequests, progress: Say) -> bool:
    """Returns whether this is the first start on this data."""

    def unless_stopped(execute: Callable[..., Any], *statement: Any) -> Any:
        """A request that is raised while garbage is collected is lost; the next statement raises it again."""
        stop_requests.check()
        return execute(*statement)

    progress("preparing the database")
    try:
        with connection.execute_wrapper(unless_stopped):
            call_command("migrate", verbosity=0, interactive=False)
            return bootstrap(now=clock.now(), progress=progress)
    except DatabaseError as error:
        stop_requests.check()  # one that is raised in a function that SQLite calls arrives here as an error of SQLite's
        where = settings.HOME.path if settings.EMBEDDED_DATABASE else "DATABASE_URL"
        raise CannotStart(f"The database cannot be used ({where}): {str(error).strip()}") from error
    finally:
        connections.close_all()


def _await_demo_servers(stop_requests: StopRequests, progress: Say) -> None:
    """The commands to paste want a server that runs. No reason to fail: the worker gets there."""
    progress("provisioning the demo servers")
    longest = min(LONGEST_PROVISION_WAIT, 3 * settings.BAREMINT_PROVISION_SECONDS + 15)
    give_up_at = time.monotonic() + longest
    while time.monotonic() < give_up_at:
        stop_requests.check()
        if not BareMetalServer.objects.filter(transition_due_at__isnull=False).exists():
            break
        time.sleep(0.2)
    connections.close_all()
