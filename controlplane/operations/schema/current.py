"""The database brought to this version's state, whatever state it is in."""

from django.core.management import call_command
from django.db import DatabaseError

from controlplane.activity import joblocks
from controlplane.operations.schema.applied import unapplied

LONGEST_WAIT = 120.0
"""Seconds that another machine may take for it, before this one gives up."""


def bring_up_to_date() -> None:
    """Make the tables of an empty database, apply the migrations that another one lacks, or do nothing after one query.

    Machines that share a database do so one after the other. Raises DatabaseError.
    """
    if not unapplied():
        return
    with joblocks.held("schema", patience=LONGEST_WAIT) as is_mine:
        if not is_mine:
            raise DatabaseError(f"another machine has been preparing it for more than {LONGEST_WAIT:.0f} s")
        if unapplied():
            _bring_up_to_date()


def _bring_up_to_date() -> None:
    # Imported here, for a database is behind at one start of many.
    from controlplane.operations.schema.creation import create_if_empty  # noqa: PLC0415

    if not create_if_empty():
        call_command("migrate", verbosity=0, interactive=False)
