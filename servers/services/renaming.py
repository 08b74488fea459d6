"""Changing the one thing that can be changed of much: its name."""

from typing import TypeVar

from django.db import transaction

from controlplane.activity.record import Party
from servers.events import record_change
from servers.models.base import RegionalResource
from servers.services.naming import save_named
from servers.services.row_locks import lock_row

R = TypeVar("R", bound=RegionalResource)


@transaction.atomic
def rename(row: R, *, event: str, name: str | None = None, by: Party) -> R:
    """Give a resource another name, if one is given. Raises NotUnique, NotFound when it was deleted meanwhile."""
    row = lock_row(row)
    if name is not None:
        row.name = name
        save_named(row)
    record_change(event, row, by=by)
    return row
