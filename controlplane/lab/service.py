"""The lab as a process: what it needs, its lock, and the keeper that follows the database."""

from collections.abc import Callable

from django.conf import settings

from controlplane.deployment import process_lock
from controlplane.lab import capabilities, namespaces, state
from controlplane.runtime.http.service import Service
from controlplane.runtime.supervisor.stop_requests import StopRequests


class CannotKeep(Exception):
    """Why this process cannot keep the lab."""


def keep_lab(
    stop_requests: StopRequests,
    service: Callable[[], Service],
    *,
    ready: Callable[[], object],
    tidy: Callable[[], object],
) -> None:
    """Keep the lab until StopRequested, with the settings of the lab. Raises CannotKeep.

    ``service`` makes the metadata service, when the lab has the kernel's leave; ``tidy`` is called now and then.
    """
    try:
        _keep_lab(capabilities.find(), stop_requests, service, ready=ready, tidy=tidy)
    except capabilities.CannotIsolate as error:
        raise CannotKeep(str(error)) from None
    except process_lock.AlreadyRunning:
        raise CannotKeep("The lab runs already.") from None


def _keep_lab(
    possible: capabilities.Support,
    stop_requests: StopRequests,
    service: Callable[[], Service],
    *,
    ready: Callable[[], object],
    tidy: Callable[[], object],
) -> None:
    with stop_requests, process_lock.held(settings.HOME, state.LOCK):
        if possible.rootless:
            namespaces.become_root_of_own()
        from controlplane.lab.lab_process import Keeper  # noqa: PLC0415  the process of the lab alone

        keeper = Keeper(possible, service())
        with keeper, stop_requests:  # left first: nothing interrupts the keeper when it takes the lab away
            keeper.keep(stop_requests, ready=ready, tidy=tidy)
