import os
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations.supervisor import homelock

SECONDS_TO_DIE = 5.0


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
        # SIGKILL leaves nothing behind: the kernel ends every child with its parent (supervisor/lifeline.py).
        for number, seconds in ((signal.SIGTERM, options["seconds"]), (signal.SIGKILL, SECONDS_TO_DIE)):
            _send(pid, number)
            if _has_ended(seconds):
                self.stdout.write("Stopped." if number == signal.SIGTERM else "It did not stop by itself; it is ended.")
                return
        raise CommandError(f"Process {pid} does not end.")


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise CommandError(f"Process {pid} belongs to another user: run `baremint down` as that user.") from None


def _has_ended(seconds: float) -> bool:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if homelock.holder(settings.HOME) is None:
            return True
        time.sleep(0.1)
    return False
