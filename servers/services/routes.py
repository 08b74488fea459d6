"""Users' routes in the routing tables of a VPC."""

import ipaddress
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, Target
from servers import catalog, events
from servers.addressing import destination_problem
from servers.events import record_change
from servers.models import Route, RoutingTable
from servers.services.naming import PROVIDER_NAMES, random_name, save_named
from servers.services.references import at
from servers.services.resource_changes import count_change, lock_both, save_change
from servers.services.row_locks import lock_row, make_room

ACTIONS = ("delegate", "delegate_vpc", "deliver", "drop")
NOWHERE = "0.0.0.0"  # noqa: S104  what IBM shows as the next hop of a route that delivers to none
DEFAULT_PRIORITY = 2
LARGEST_PRIORITY = 4
MOST_ALIKE = 2
"""The limit of routes with one zone, destination and priority: traffic is distributed between two next hops."""


@transaction.atomic
def create_route(table: RoutingTable, *, by: Party, **properties: Any) -> Route:
    """Create a route as ``add_route`` does, and record an event."""
    vpc, table = lock_both(table.vpc, table)
    route = add_route(table, **properties)
    record_change(f"{events.ROUTE}.create", vpc, by=by, status=201)
    return route


def add_route(
    table: RoutingTable,
    *,
    destination: str,
    zone: str,
    action: str = "deliver",
    advertise: bool = False,
    name: str = "",
    next_hop: str = NOWHERE,
    priority: int = DEFAULT_PRIORITY,
    path: str = "",
) -> Route:
    """Add a route to a locked table; ``path`` is where the request describes it.

    The rules are those of the VPC API reference, "Create a route in a VPC routing table". Raises InvalidValue,
    BadField, NotUnique, OverQuota, and Conflict for routes that contradict each other.
    """
    if zone not in catalog.regions()[table.vpc.region].zones:
        raise BadField(f"{at(path, 'zone')} names no zone of {table.vpc.region}.", target=Target(at(path, "zone")))
    if problem := destination_problem(destination):
        raise InvalidValue(f"{at(path, 'destination')} {problem}", target=Target(at(path, "destination")))
    make_room("routes", within=table, beside=table.routes.all())
    route = Route(
        id=ids.regional_id(table.vpc.region),
        name=name or random_name(),
        routing_table=table,
        zone=zone,
        destination=destination,
        action=action,
        advertise=advertise,
        next_hop=next_hop,
        priority=priority,
        created_at=clock.now(),
    )
    _check(route, path)
    save_named(route, path=at(path, "name"))
    count_change(table)
    return route


@transaction.atomic
def update_route(route: Route, *, by: Party, **changes: Any) -> Route:
    """Change ``advertise``, ``name``, ``next_hop`` or ``priority``. Raises the errors of ``add_route``."""
    vpc, table = lock_both(route.routing_table.vpc, route.routing_table)
    route = lock_row(route)
    others = table.routes.filter(destination=route.destination, zone=route.zone).exclude(pk=route.pk)
    if "advertise" in changes and changes["advertise"] != route.advertise and others.exists():
        raise Conflict(
            "advertise must be the same for all routes of one destination and zone.", target=Target("advertise")
        )
    for name, value in changes.items():
        setattr(route, name, value)
    _check(route, "")
    count_change(table)
    return save_change(route, f"{events.ROUTE}.update", vpc, by=by)


@transaction.atomic
def delete_route(route: Route, *, by: Party) -> None:
    vpc, table = lock_both(route.routing_table.vpc, route.routing_table)
    lock_row(route).delete()
    count_change(table)
    record_change(f"{events.ROUTE}.delete", vpc, by=by, status=204)


def _check(route: Route, path: str) -> None:
    if route.name.startswith(PROVIDER_NAMES):
        raise InvalidValue(
            f"Names that begin with {PROVIDER_NAMES} are the provider's.", target=Target(at(path, "name"))
        )
    _check_next_hop(route, at(path, "next_hop"))
    same_place = route.routing_table.routes.filter(destination=route.destination, zone=route.zone).exclude(pk=route.pk)
    if same_place.exclude(advertise=route.advertise).exists():
        raise Conflict(
            "advertise must be the same for all routes of one destination and zone.",
            target=Target(at(path, "advertise")),
        )
    alike = list(same_place.filter(priority=route.priority))
    if alike and (len(alike) >= MOST_ALIKE or any(each.action != "deliver" for each in (*alike, route))):
        raise Conflict(
            "At most two routes of a zone may have one destination and priority, and both must deliver.",
            target=Target(at(path, "destination")),
        )


def _check_next_hop(route: Route, path: str) -> None:
    """Check that the next hop is a unicast address if and only if the action is ``deliver``."""
    if route.action != "deliver":
        if route.next_hop != NOWHERE:
            raise InvalidValue(f"{path}: only the action deliver has a next hop.", target=Target(path))
        return
    address = ipaddress.IPv4Address(route.next_hop)
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        raise InvalidValue(f"{path}: the action deliver needs the unicast address of a next hop.", target=Target(path))
