"""Routing tables of a VPC."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, Target
from controlplane.kernel.etag import refuse_mismatch
from servers import events
from servers.events import record_change
from servers.models import VPC, RoutingTable
from servers.services.naming import random_name, save_named
from servers.services.resource_changes import delete_resource, etag_of, lock_both, save_change
from servers.services.routes import add_route
from servers.services.row_locks import make_room

CREATORS = ("vpn_gateway", "vpn_server")
"""The types of resources that may create routes."""
SOURCES = ("direct_link", "transit_gateway")
"""The destinations to which routes may be advertised."""
INGRESSES = (
    "route_direct_link_ingress",
    "route_internet_ingress",
    "route_transit_gateway_ingress",
    "route_vpc_zone_ingress",
)


def add_default_table(vpc: VPC) -> RoutingTable:
    """Add the table for subnets that name no other; VPN gateways and servers may create routes in it."""
    return RoutingTable.objects.create(
        id=ids.regional_id(vpc.region),
        name=random_name(),
        vpc=vpc,
        accept_routes_from=list(CREATORS),
        created_at=clock.now(),
    )


@transaction.atomic
def create_routing_table(
    vpc: VPC,
    *,
    name: str = "",
    accept_routes_from: Sequence[str] = (),
    advertise_routes_to: Sequence[str] = (),
    routes: Sequence[Mapping[str, Any]] = (),
    by: Party,
    **ingresses: bool,
) -> RoutingTable:
    """Create a routing table; ``ingresses`` are INGRESSES, ``routes`` the arguments of ``add_route``.

    Raises NotUnique, OverQuota, InvalidValue, BadField, Conflict for a second table with an ingress.
    """
    make_room("routing_tables", within=vpc, beside=vpc.routing_tables.all())
    table = RoutingTable(
        id=ids.regional_id(vpc.region),
        name=name or random_name(),
        vpc=vpc,
        accept_routes_from=list(accept_routes_from),
        advertise_routes_to=list(advertise_routes_to),
        created_at=clock.now(),
    )
    _choose(table, ingresses)
    save_named(table)
    for position, route in enumerate(routes):
        add_route(table, path=f"routes[{position}]", **route)
    record_change(f"{events.ROUTING_TABLE}.create", vpc, by=by, status=201)
    return table


@transaction.atomic
def update_routing_table(
    table: RoutingTable,
    *,
    name: str | None = None,
    accept_routes_from: Sequence[str] | None = None,
    advertise_routes_to: Sequence[str] | None = None,
    if_match: str | None = None,
    by: Party,
    **ingresses: bool,
) -> RoutingTable:
    """Change the given properties.

    Raises the errors of ``create_routing_table``, PreconditionFailed, and Conflict for attached subnets.
    """
    vpc, table = lock_both(table.vpc, table)
    refuse_mismatch(if_match, current=etag_of(table))
    table.name = name or table.name
    if accept_routes_from is not None:
        table.accept_routes_from = list(accept_routes_from)
    if advertise_routes_to is not None:
        table.advertise_routes_to = list(advertise_routes_to)
    _choose(table, ingresses)
    table.revision += 1
    return save_change(table, f"{events.ROUTING_TABLE}.update", vpc, by=by)


@transaction.atomic
def delete_routing_table(table: RoutingTable, *, if_match: str | None = None, by: Party) -> None:
    """Delete a routing table.

    Raises PreconditionFailed, and Conflict for the default table and while subnets use the table.
    """
    vpc, table = lock_both(table.vpc, table)
    refuse_mismatch(if_match, current=etag_of(table))
    if vpc.default_routing_table_id == table.pk:
        raise Conflict("The default routing table of a VPC cannot be deleted.", code="routing_table_is_default")
    if names := list(table.subnets.values_list("name", flat=True)[:5]):
        raise Conflict(
            f"Subnets use the routing table: {', '.join(names)}. Give them another one first.",
            code="routing_table_in_use_subnet_exists",
        )
    delete_resource(table, f"{events.ROUTING_TABLE}.delete", vpc, by=by)


def require_no_ingress(table: RoutingTable, *, path: str) -> None:
    """Raise InvalidValue for a table that routes incoming traffic, because no subnet may use it."""
    if any(getattr(table, ingress) for ingress in INGRESSES):
        raise InvalidValue(
            f"{path}: the routing table {table.name} routes incoming traffic. Name one that does not.",
            target=Target(path),
        )


def _choose(table: RoutingTable, ingresses: dict[str, bool]) -> None:
    """Switch ingresses on or off. Each may be on for only one table of a VPC, and only while no subnet uses it."""
    for ingress, on in ingresses.items():
        if on and not getattr(table, ingress):
            others = table.vpc.routing_tables.filter(**{ingress: True}).exclude(pk=table.pk)
            if (other := others.first()) is not None:
                raise Conflict(f"{other.name} has {ingress} already, and only one may.", target=Target(ingress))
            if table.pk and ingress != "route_internet_ingress" and table.subnets.exists():
                raise Conflict(f"Subnets use the routing table, which rules out {ingress}.", target=Target(ingress))
        setattr(table, ingress, on)
    for source in SOURCES:
        if source in table.advertise_routes_to and not getattr(table, f"route_{source}_ingress"):
            raise InvalidValue(
                f"advertise_routes_to: {source} needs route_{source}_ingress.", target=Target("advertise_routes_to")
            )
