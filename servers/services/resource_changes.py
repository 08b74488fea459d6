"""How a change of a resource is stored: its row, its entity tag, and the event about it."""

from typing import TypeVar

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError
from servers.events import record_change
from servers.models import VPC, BareMetalServer, RoutingTable, VirtualNetworkInterface
from servers.models.base import RegionalResource, Resource
from servers.services.naming import save_named
from servers.services.row_locks import lock_row
from trustedprofiles.services.tags import forget

P = TypeVar("P", bound=Resource)
R = TypeVar("R", bound=Resource)
T = TypeVar("T", bound=RegionalResource)


def lock_both(parent: P, row: R) -> tuple[P, R]:
    """Lock the resource that a row is part of, then the row; return both as they are now. Raises NotFound."""
    return lock_row(parent), lock_row(row)


def save_change(row: R, event: str, about: RegionalResource, *, by: Party, status: int = 200) -> R:
    """Save a row and record the event, whose target is ``about``. Raises NotUnique when the name is taken."""
    save_named(row)
    record_change(event, about, by=by, status=status)
    return row


@transaction.atomic
def rename(row: T, *, event: str, name: str | None = None, by: Party) -> T:
    """Give a resource another name, if one is given. Raises NotUnique, NotFound when it was deleted meanwhile."""
    row = lock_row(row)
    row.name = name or row.name
    return save_change(row, event, row, by=by)


def delete_resource(
    row: RegionalResource | RoutingTable, event: str, about: RegionalResource, *, by: Party, status: int = 204
) -> None:
    """Delete a locked row with the tags on it, and record the event, whose target is ``about``."""
    record_change(event, about, by=by, status=status)
    forget(row.crn)
    row.delete()


def insert_or_refuse(row: Resource, refusal: ApiError) -> None:
    """Insert a row. Raises ``refusal`` when another transaction has inserted one that rules it out meanwhile."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise refusal from None


def etag_of(row: RoutingTable | VirtualNetworkInterface | VPC) -> str:
    """Return the entity tag of a resource, which changes when an answer about the resource does."""
    return f'"{row.revision}"'


def count_change(row: BareMetalServer | RoutingTable | VirtualNetworkInterface | VPC) -> None:
    """Change the entity tag of a locked row, because its answers change."""
    row.revision += 1
    row.save(update_fields=["revision"])
