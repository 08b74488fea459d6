from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosCommand

from controlplane.database import sqlite_copies
from controlplane.database.migration_state import CannotUpgrade, compare


class Command(DjangosCommand):
    """Django's command, which also refuses databases of newer versions and first copies an SQLite database."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            difference = compare()
            difference.require_known()
            asks_only = options["plan"] or options["check_unapplied"]
            is_empty = set(difference.missing) >= set(compare(set()).missing)
            if (
                not (asks_only or is_empty)
                and (difference.missing or options["app_label"])
                and (copy := sqlite_copies.keep())
            ):
                self.stdout.write(f"A copy of the database before the migration is in {copy}")
        except CannotUpgrade as error:
            raise CommandError(str(error)) from None
        super().handle(*args, **options)
