"""Upgrade the database to this version from any state."""

from collections.abc import Callable

from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import DatabaseError

from controlplane.activity.job_lock import job_lock
from controlplane.database import sqlite_copies
from controlplane.database.migration_state import compare
from controlplane.database.table_creation import create_if_empty

LONGEST_WAIT = 120.0
"""How long this machine waits, in seconds, while another machine upgrades the database."""


def bring_up_to_date(progress: Callable[[str], object] = lambda text: None) -> None:
    """Create the tables of an empty database, or apply the missing migrations. One query if none is missing.

    Machines that share a database take turns. An SQLite file is copied before it is changed. Raises CannotUpgrade,
    DatabaseError.
    """
    if not _lacks_something():
        return
    with job_lock("schema", patience=LONGEST_WAIT) as is_mine:
        if not is_mine:
            raise DatabaseError(f"another machine has been preparing it for more than {LONGEST_WAIT:.0f} s")
        if _lacks_something():
            _bring_up_to_date(progress)


def _lacks_something() -> bool:
    difference = compare()
    difference.require_known()
    return bool(difference.missing)


def _bring_up_to_date(progress: Callable[[str], object]) -> None:
    if not create_if_empty():
        if copy := sqlite_copies.keep():
            progress(f"a copy of the database before the migration is in {copy}")
        call_command(Migrate(), verbosity=0, interactive=False)
