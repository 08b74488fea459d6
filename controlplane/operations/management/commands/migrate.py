from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosCommand

from controlplane.database import sqlite_copies
from controlplane.database.migration_state import CannotUpgrade, compare


class Command(DjangosCommand):
    """Django's own, which changes no database of a newer version, and no SQLite file of which there is no copy."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = compare()
            found.require_known()
            asks_only = options["plan"] or options["check_unapplied"]
            is_empty = set(found.missing) >= set(compare(set()).missing)
            if (
                not (asks_only or is_empty)
                and (found.missing or options["app_label"])
                and (copy := sqlite_copies.keep())
            ):
                self.stdout.write(f"A copy of the database as it was is kept in {copy}")
        except CannotUpgrade as error:
            raise CommandError(str(error)) from None
        super().handle(*args, **options)
