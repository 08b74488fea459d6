import signal
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment.location import Location
from controlplane.operations import welcome
from controlplane.operations.commands.command import CommandFailed, Context
from controlplane.operations.commands.up_down import COMMANDS, end_with
from controlplane.operations.database_source import DatabaseSource
from controlplane.operations.terminal import write_text
from controlplane.operations.up import launch
from controlplane.runtime import background_process
from controlplane.runtime.supervisor.stop_requests import StopRequested, StopRequests

UP = COMMANDS["up"]


class Command(BaseCommand):
    help = UP.help
    requires_system_checks = []
    _log: Path | None = None
    """The log file, when the process runs in the background."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        UP.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self._lab = options["lab"]
        self._context = Context(Location.of(settings), DatabaseSource(), self.stdout.write)
        self._stop_requests = StopRequests()
        try:
            if options["detach"]:
                UP.run(options, self._context)
                return
            end_with(self._stop_requests, options["stop_with"])
        except CommandFailed as error:
            raise CommandError(str(error)) from None
        if options["report_to"] is not None:
            self._run_in_background(background_process.Reporter(options["report_to"], self._stop_requests))
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

    def _run_in_background(self, report: background_process.Reporter) -> None:
        self._log = settings.HOME.path / background_process.LOG

        def progress(text: str) -> None:
            self._progress(text)
            report.progress(text)

        try:
            self._launch(progress=progress, ready=report.ready)
        except launch.CannotStart as error:
            report.failed(str(error))
            raise CommandError(str(error)) from None

    def _launch(self, *, progress: launch.Say, ready: Callable[[dict[str, Any]], object]) -> None:
        """Run everything. Raises CannotStart, also when it is stopped before it is ready."""
        is_up = False

        def now_ready(facts: dict[str, Any]) -> None:
            nonlocal is_up
            ready(facts)
            is_up = True

        try:
            launch.run(
                lab=self._lab, stop_requests=self._stop_requests, say=self._say, progress=progress, ready=now_ready
            )
        except (StopRequested, KeyboardInterrupt) as reason:
            message = f"{reason} Baremint is stopped.".lstrip()
            if not is_up:
                raise launch.CannotStart(f"{message} It was not ready yet.") from None
            self._say(message)

    def _welcome(self, facts: dict[str, Any]) -> None:
        self._say(f"\nBaremint is up.\n\n{welcome.block(facts, in_lab=self._lab)}")
        self._say("")

    def _progress(self, text: str) -> None:
        self._say(f"  ... {text}")

    def _say(self, text: str) -> None:
        write_text(self.stdout, text)
        if self._log is not None:
            background_process.rotate_log(self._log)
