"""Run the lab as a process: check what the machine allows, take the lock, and follow the database."""

from collections.abc import Callable

from django.conf import settings

from controlplane.deployment import process_lock
from controlplane.lab import capabilities, namespaces, state
from controlplane.runtime.http.service import Service
from controlplane.runtime.supervisor.stop_requests import StopRequests


class LabError(Exception):
    """The message says why this process cannot run the lab."""


def run_lab(
    stop_requests: StopRequests,
    service: Callable[[], Service],
    *,
    ready: Callable[[], object],
    tidy: Callable[[], object],
) -> None:
    """Run the lab until StopRequested, with the settings of the lab. Raises LabError.

    ``service`` creates the metadata service once the machine is known to allow namespaces; ``ready`` is called once
    every server is in the lab, and ``tidy`` several times a second after that.
    """
    try:
        possible = capabilities.detect()
        with stop_requests, process_lock.lock(settings.HOME, state.LOCK):
            if possible.rootless:
                namespaces.enter_user_namespace()
            from controlplane.lab.lab_process import LabProcess  # noqa: PLC0415  the process of the lab alone

            lab_process = LabProcess(possible, service())
            # stop_requests is left first, so that no signal interrupts the end of the lab
            with lab_process, stop_requests:
                lab_process.run(stop_requests, ready=ready, tidy=tidy)
    except capabilities.CannotIsolate as error:
        raise LabError(str(error)) from None
    except process_lock.AlreadyRunning:
        raise LabError("The lab is already running.") from None
