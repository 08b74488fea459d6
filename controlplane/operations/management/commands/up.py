import os
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import background, info, launch, welcome
from controlplane.operations.program import paste
from controlplane.operations.supervisor import homelock
from controlplane.operations.supervisor.supervisor import StopRequested

STDOUT = 1


class Command(BaseCommand):
    help = (
        "Start Baremint: prepare the database, then run control plane, metadata service, broker, Celery worker "
        "and beat until Ctrl-C or SIGTERM. The data directory is BAREMINT_HOME (default ./.baremint)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--detach",
            action="store_true",
            help="run in the background; return once everything answers. The log is BAREMINT_HOME/baremint.log.",
        )
        parser.add_argument("--lab", action="store_true", help="put every server into the lab, too: see baremint lab")
        parser.add_argument("--report-to", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        self._lab = options["lab"]
        if options["detach"]:
            self._detach()
        elif options["report_to"] is not None:
            self._run_in_background(background.Reporter(options["report_to"]))
        else:
            self._run()

    def _run(self) -> None:
        try:
            launch.run(lab=self._lab, say=self._say, progress=self._progress, ready=self._welcome)
        except (StopRequested, KeyboardInterrupt):
            self._say("Baremint is stopped.")
        except launch.CannotStart as error:
            raise CommandError(str(error)) from None

    def _run_in_background(self, report: background.Reporter) -> None:
        def progress(text: str) -> None:
            self._progress(text)
            report.progress(text)

        try:
            launch.run(lab=self._lab, say=self._say, progress=progress, ready=report.ready)
        except StopRequested:
            self._say("Baremint is stopped.")
        except launch.CannotStart as error:
            report.failed(str(error))
            raise CommandError(str(error)) from None

    def _detach(self) -> None:
        try:
            background.start(settings.HOME, "up", *(["--lab"] if self._lab else []), progress=self._progress)
        except background.StartFailed as error:
            raise CommandError(str(error)) from None
        self._welcome()
        self._say(f"  It runs in the background (process {homelock.holder(settings.HOME)}).")
        self._say(f"  Log: {settings.HOME.path / background.LOG}   Stop: {paste('down')}")

    def _welcome(self) -> None:
        self._say(f"\nBaremint is up.\n\n{welcome.block(info.collect())}")
        self._say("")

    def _progress(self, text: str) -> None:
        self._say(f"  ... {text}")

    def _say(self, text: str) -> None:
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError:  # the terminal or the pipe is gone; the product goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
