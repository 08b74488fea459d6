from argparse import SUPPRESS, ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.lab.service import LabError, run_lab
from controlplane.lab.state import LOG
from controlplane.operations.up.serving import LAB_SETTINGS, lab_service, take_settings
from controlplane.runtime import background_process
from controlplane.runtime.supervisor.stop_requests import StopRequested, StopRequests


class Command(BaseCommand):
    help = "Run the lab, every server as a set of namespaces with the metadata service, until SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--report-to", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        take_settings(LAB_SETTINGS)
        descriptor = options["report_to"]
        stop_requests = StopRequests()
        report = background_process.Reporter(descriptor, stop_requests) if descriptor else None
        try:
            run_lab(
                stop_requests,
                lab_service,
                ready=report.ready if report else lambda: None,
                tidy=partial(background_process.rotate_log, settings.HOME.path / LOG) if report else lambda: None,
            )
        except StopRequested as request:
            self.stdout.write(f"{request} The lab is down.")
        except LabError as error:
            if report:
                report.failed(str(error))
            raise CommandError(str(error)) from None
