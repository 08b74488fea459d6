from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import background
from controlplane.operations.lab import namespaces, state, support
from controlplane.operations.serving import with_settings
from controlplane.operations.supervisor import homelock
from controlplane.operations.supervisor.stopping import StopRequested, StopRequests


class Command(BaseCommand):
    help = "Keep the lab: every server a set of namespaces, the metadata service in each, until SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--report-to", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        descriptor = options["report_to"]
        with_settings(
            "controlplane.settings_lab", "serve_lab", *(["--report-to", str(descriptor)] if descriptor else [])
        )
        stop_requests = StopRequests()
        report = background.Reporter(descriptor, stop_requests) if descriptor else None
        try:
            self._keep(stop_requests, ready=report.ready if report else lambda: None)
        except StopRequested as request:
            self.stdout.write(f"{request} The lab is down.")
        except (support.CannotIsolate, homelock.AlreadyRunning) as error:
            reason = str(error) if isinstance(error, support.CannotIsolate) else "The lab runs already."
            if report:
                report.failed(reason)
            raise CommandError(reason) from None

    def _keep(self, stop_requests: StopRequests, *, ready: Callable[[], None]) -> None:
        possible = support.find()
        with stop_requests, homelock.held(settings.HOME, state.LOCK):
            if possible.rootless:
                namespaces.become_root_of_own()
            # Both start threads, and a user namespace is for a process of one.
            application = import_module("controlplane.wsgi_inside").application
            keeper = import_module("controlplane.operations.lab.keeper").Keeper(possible, application)
            with keeper, stop_requests:  # left first: nothing interrupts the keeper when it takes the lab away
                keeper.keep(stop_requests, ready=ready)
