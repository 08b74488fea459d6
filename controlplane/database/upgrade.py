"""The database brought to this version's state, whatever state it is in."""

from collections.abc import Callable

from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import DatabaseError

from controlplane.activity import job_lock
from controlplane.database import sqlite_copies
from controlplane.database.migration_state import compare
from controlplane.database.table_creation import create_if_empty

LONGEST_WAIT = 120.0
"""Seconds that another machine may take for it, before this one gives up."""


def bring_up_to_date(progress: Callable[[str], object] = lambda text: None) -> None:
    """Make the tables of an empty database, apply the migrations that another one lacks, or do nothing after one query.

    Machines that share a database do so one after the other. Of a SQLite file that is about to be changed a copy is
    kept. Raises CannotUpgrade, DatabaseError.
    """
    if not _lacks_something():
        return
    with job_lock.held("schema", patience=LONGEST_WAIT) as is_mine:
        if not is_mine:
            raise DatabaseError(f"another machine has been preparing it for more than {LONGEST_WAIT:.0f} s")
        if _lacks_something():
            _bring_up_to_date(progress)


def _lacks_something() -> bool:
    found = compare()
    found.require_known()
    return bool(found.missing)


def _bring_up_to_date(progress: Callable[[str], object]) -> None:
    if not create_if_empty():
        if copy := sqlite_copies.keep():
            progress(f"a copy of the database as it was is kept in {copy}")
        call_command(Migrate(), verbosity=0, interactive=False)
