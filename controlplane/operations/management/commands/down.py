from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations.lab import state
from controlplane.operations.supervisor import ending, homelock


class Command(BaseCommand):
    help = "Stop the Baremint that runs in BAREMINT_HOME. What it knows stays; `baremint up` finds it again."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seconds", type=float, default=30.0, help="how long to wait before ending it the hard way (default 30)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pid = homelock.holder(settings.HOME)
        if pid is None:
            self.stdout.write(f"Nothing runs in {settings.HOME.path}.")
            return
        self.stdout.write(f"Stopping Baremint in {settings.HOME.path} (process {pid}) ...")
        try:
            gently = ending.end(pid, seconds=options["seconds"])
            if keeper := homelock.holder(settings.HOME, state.LOCK):  # a lab beside it would end with it a moment later
                ending.end(keeper, seconds=options["seconds"])
        except ending.CannotEnd as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Stopped." if gently else "It did not stop by itself; it is ended.")
