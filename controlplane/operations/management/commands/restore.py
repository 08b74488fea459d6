from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment.command_line import command_hint
from controlplane.operations import backup


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty data directory. The signing keys are rotated; tokens and certificates from "
        "before the backup stay valid until they expire."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="what `baremint backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup.restore(options["file"])
        except (backup.BackupError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored. Start it: {command_hint('up')}")
