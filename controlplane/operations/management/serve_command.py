"""The base class of the commands that run one HTTP service, such as in a container."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment import sockets
from controlplane.deployment.sockets import Endpoint, PortUnavailable
from controlplane.operations.terminal import write_text
from controlplane.operations.up import children, preloading, serving
from controlplane.runtime.supervisor.child import Fork
from controlplane.runtime.supervisor.stop_requests import StopRequested
from controlplane.runtime.supervisor.supervisor import StartFailed, Supervisor


class ServeCommand(BaseCommand):
    """Load the service, fork its workers, and restart those that die."""

    requires_system_checks = []
    service: ClassVar[str]
    wsgi: ClassVar[str]
    endpoint: ClassVar[Callable[[], Endpoint]]

    def handle(self, *args: Any, **options: Any) -> None:
        endpoint = type(self).endpoint()
        try:
            sockets.check_free([endpoint])  # otherwise the kernel would distribute connections to both programs
            with children.http_sockets(endpoint) as listening, self._supervisor() as running:
                preloading.load_http()
                for group in (
                    [Fork("keys", serving.check_kek, may_end=True)],
                    children.http_workers(self.service, self.wsgi, listening),
                ):
                    running.start(group, seconds=settings.BAREMINT_START_SECONDS, progress=lambda _: None)
                running.stream()
                running.watch()
        except (PortUnavailable, StartFailed) as error:
            raise CommandError(str(error)) from None
        except StopRequested:
            return

    def _supervisor(self) -> Supervisor:
        return Supervisor(lambda line: write_text(self.stdout, line), render=_as_it_is)


def _as_it_is(child: str, line: str, **_: Any) -> str:
    return line
