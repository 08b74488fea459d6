from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import backup


def _file(text: str) -> Path:
    if text.endswith("/"):
        raise ArgumentTypeError(f"{text} is a directory. Name a file in it: {text}baremint-backup.tar")
    if text == "-":
        raise ArgumentTypeError("a backup is written to a file: name one")
    return Path(text)


class Command(BaseCommand):
    help = (
        "Write all persistent data of this data directory into one file, also while Baremint runs: the database, the "
        "key-encryption key, the credentials. The file allows its owner to issue tokens: keep it safe."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=_file, help="where to write it (mode 0600)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup.backup(options["file"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Written: {options['file']}")
