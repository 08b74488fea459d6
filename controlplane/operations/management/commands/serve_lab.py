from argparse import SUPPRESS, ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import background
from controlplane.operations.lab import namespaces, state, support
from controlplane.operations.serving import until_told_to_stop, with_settings
from controlplane.operations.supervisor import homelock


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
        report = background.Reporter(descriptor) if descriptor else None
        try:
            self._keep(ready=report.ready if report else lambda: None)
        except (support.CannotIsolate, homelock.AlreadyRunning) as error:
            reason = str(error) if isinstance(error, support.CannotIsolate) else "The lab runs already."
            if report:
                report.failed(reason)
            raise CommandError(reason) from None

    def _keep(self, *, ready: Any) -> None:
        possible = support.find()
        told_to_stop = until_told_to_stop()
        with homelock.held(settings.HOME, state.LOCK):
            if possible.rootless:
                namespaces.become_root_of_own()
            # Both start threads, and a user namespace is for a process of one.
            application = import_module("controlplane.wsgi_inside").application
            keeper = import_module("controlplane.operations.lab.keeper").Keeper(possible, application)
            with keeper:
                keeper.keep(told_to_stop, ready=ready)
