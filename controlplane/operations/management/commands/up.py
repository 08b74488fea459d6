import signal
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import background, launch, welcome
from controlplane.operations.program import paste
from controlplane.operations.saying import say
from controlplane.operations.supervisor import homelock
from controlplane.operations.supervisor.stopping import NotRunning, StopRequested, StopRequests


class Command(BaseCommand):
    help = (
        "Start Baremint: prepare the database, then run control plane, metadata service, broker, Celery worker "
        "and beat until Ctrl-C or SIGTERM. The data directory is BAREMINT_HOME (default ./.baremint)."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--detach",
            action="store_true",
            help="run in the background; return once everything answers. The log is BAREMINT_HOME/baremint.log.",
        )
        parser.add_argument("--lab", action="store_true", help="put every server into the lab, too: see baremint lab")
        parser.add_argument(
            "--stop-with", type=int, metavar="PID", help="stop when that process ends, however it ends: for test suites"
        )
        parser.add_argument("--report-to", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        self._lab = options["lab"]
        self._stop_requests = StopRequests()
        self._stop_with: int | None = options["stop_with"]
        if self._stop_with is not None:
            try:
                self._stop_requests.end_with(self._stop_with, f"Process {self._stop_with} has ended (--stop-with).")
            except NotRunning:
                raise CommandError(f"--stop-with {self._stop_with}: no such process runs.") from None
        if options["detach"]:
            self._detach()
        elif options["report_to"] is not None:
            self._run_in_background(background.Reporter(options["report_to"], self._stop_requests))
        else:
            self._run()

    def _run(self) -> None:
        parent = self._stop_requests.end_with_parent(unless_ignored=(signal.SIGHUP, signal.SIGINT))
        self._stop_requests.end_with_terminal()

        def ready(facts: dict[str, Any]) -> None:
            if parent is not None:
                self._stop_requests.forget(parent)
            self._welcome(facts)
            self._say("  Ctrl-C stops it.\n")

        try:
            self._launch(progress=self._progress, ready=ready)
        except launch.CannotStart as error:
            raise CommandError(str(error)) from None

    def _run_in_background(self, report: background.Reporter) -> None:
        def progress(text: str) -> None:
            self._progress(text)
            report.progress(text)

        try:
            self._launch(progress=progress, ready=report.ready)
        except launch.CannotStart as error:
            report.failed(str(error))
            raise CommandError(str(error)) from None

    def _launch(self, *, progress: launch.Say, ready: Callable[[dict[str, Any]], object]) -> None:
        try:
            launch.run(lab=self._lab, stop_requests=self._stop_requests, say=self._say, progress=progress, ready=ready)
        except StopRequested as reason:
            self._say(f"{reason} Baremint is stopped.")
        except KeyboardInterrupt:
            self._say("Baremint is stopped.")

    def _detach(self) -> None:
        command = ["up", *(["--lab"] if self._lab else [])]
        if self._stop_with is not None:
            command += ["--stop-with", str(self._stop_with)]
        try:
            facts = background.start(settings.HOME, *command, progress=self._progress)
        except background.StartFailed as error:
            raise CommandError(str(error)) from None
        self._welcome(facts)
        self._say(f"  It runs in the background (process {homelock.holder(settings.HOME)}).")
        self._say(f"  Log: {settings.HOME.path / background.LOG}   Stop: {paste('down')}")

    def _welcome(self, facts: dict[str, Any]) -> None:
        self._say(f"\nBaremint is up.\n\n{welcome.block(facts)}")
        self._say("")

    def _progress(self, text: str) -> None:
        self._say(f"  ... {text}")

    def _say(self, text: str) -> None:
        say(self.stdout, text)
