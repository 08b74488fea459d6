import os
import select
import signal
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
        if _end(pid, signal.SIGTERM, options["seconds"]):
            self.stdout.write("Stopped.")
        # SIGKILL leaves nothing behind: the kernel ends every child with its parent (supervisor/lifeline.py).
        elif _end(pid, signal.SIGKILL, SECONDS_TO_DIE):
            self.stdout.write("It did not stop by itself; it is ended.")
        else:
            raise CommandError(f"Process {pid} does not end.")


def _end(pid: int, number: signal.Signals, seconds: float) -> bool:
    """Send a signal; returns whether the process ended within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        signal.pidfd_send_signal(handle, number)
        return bool(select.select([handle], [], [], seconds)[0])
    except ProcessLookupError:
        return True
    except PermissionError:
        raise CommandError(f"Process {pid} belongs to another user: run `baremint down` as that user.") from None
    finally:
        os.close(handle)
