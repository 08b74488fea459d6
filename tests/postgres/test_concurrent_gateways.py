"""Public gateways, routes and reservations made, changed and deleted at once: nothing torn, no request stuck."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, ServiceUnavailable
from servers.models import VPC, BareMetalServer, FloatingIP, PublicGateway, Reservation, Route, RoutingTable, Subnet
from servers.services import reservation_terms
from servers.services.actions import update_server
from servers.services.floating_ips import bind, create_floating_ip, delete_floating_ip
from servers.services.public_gateways import (
    FloatingIPPrototype,
    create_public_gateway,
    delete_public_gateway,
)
from servers.services.reservation_affinity import ReservationAffinity
from servers.services.reservations import (
    activate_reservation,
    delete_reservation,
    update_reservation,
)
from servers.services.resource_changes import rename
from servers.services.routes import create_route, delete_route, update_route
from servers.services.routing_tables import create_routing_table, delete_routing_table, update_routing_table
from servers.services.subnets import (
    attach_public_gateway,
    create_subnet,
    delete_subnet,
    detach_public_gateway,
    replace_routing_table,
)
from servers.services.vpcs import create_vpc, delete_vpc
from tests.world import REGION, World, make_reservation, make_server, make_world

pytestmark = pytest.mark.thorough

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONE = "us-south-1"
ROUNDS = 3
ROUTE = {"destination": "10.9.0.0/24", "zone": ZONE, "next_hop": "10.0.0.4"}

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None, settings: Any) -> World:
    settings.BAREMINT_QUOTAS = {"vpcs": 100, "floating_ips": 200}
    return make_world()


@pytest.fixture
def vpc(here: World) -> VPC:
    return create_vpc(here.account, region=REGION, by=BY)


def only_refusals(results: list[Any]) -> list[ApiError]:
    raised = [each for each in results if isinstance(each, Exception)]
    assert [each for each in raised if not isinstance(each, ApiError) or isinstance(each, ServiceUnavailable)] == []
    return raised


def gateway(here: World, vpc: VPC, **rest: Any) -> PublicGateway:
    return create_public_gateway(here.account, region=REGION, vpc=vpc.id, zone=ZONE, by=BY, **rest)


def subnet(here: World, vpc: VPC, **rest: Any) -> Subnet:
    return create_subnet(here.account, region=REGION, vpc=vpc.id, zone=ZONE, total_ipv4_address_count=8, by=BY, **rest)


def test_a_zone_gets_one_gateway(here: World, vpc: VPC, together: Together) -> None:
    ip = create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY)
    own = FloatingIPPrototype(existing=ip.id)
    results = together([partial(gateway, here, vpc, floating_ip=each) for each in (None, own, None, own)])
    assert len(only_refusals(results)) == 3
    assert PublicGateway.objects.count() == 1
    assert FloatingIP.objects.count() == 1 + (not PublicGateway.objects.filter(floating_ip=ip).exists())


def test_a_gateway_is_attached_or_deleted(here: World, vpc: VPC, together: Together) -> None:
    for _ in range(ROUNDS):
        ip = create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY)
        new_gateway, into = gateway(here, vpc, floating_ip=FloatingIPPrototype(existing=ip.id)), subnet(here, vpc)
        calls = [
            partial(attach_public_gateway, into, new_gateway.id, by=BY),
            partial(delete_public_gateway, new_gateway, by=BY),
            partial(delete_public_gateway, new_gateway, by=BY),
            partial(rename, new_gateway, event="is.public-gateway.public-gateway.update", name="other", by=BY),
            partial(delete_floating_ip, ip, by=BY),
            partial(subnet, here, vpc, public_gateway=new_gateway.id),
            partial(detach_public_gateway, into, by=BY),
            partial(delete_subnet, into, by=BY),
            partial(delete_vpc, vpc, by=BY),
        ]
        only_refusals(together(calls))
        attached = Subnet.objects.exclude(public_gateway=None)
        assert not attached.exists() or PublicGateway.objects.filter(pk=new_gateway.pk).exists()
        if not VPC.objects.filter(pk=vpc.pk).exists():
            vpc = create_vpc(here.account, region=REGION, by=BY)
        for each in Subnet.objects.all():
            delete_subnet(each, by=BY)
        for public_gateway in PublicGateway.objects.all():
            delete_public_gateway(public_gateway, by=BY)


def test_an_address_is_of_one_gateway_or_interface(here: World, vpc: VPC, together: Together) -> None:
    server = make_server(here.account, name="web-1")
    for _ in range(ROUNDS):
        ip = create_floating_ip(here.account, region=REGION, zone=server.zone, by=BY)
        own = FloatingIPPrototype(existing=ip.id)
        calls = [
            partial(bind, server.network_interfaces.get(), ip.id, replace=True, by=BY),
            partial(
                create_public_gateway, here.account, region=REGION, vpc=vpc.id, zone=server.zone, floating_ip=own, by=BY
            ),
            partial(delete_floating_ip, ip, by=BY),
        ]
        only_refusals(together(calls))
        holders = FloatingIP.objects.filter(pk=ip.pk).exclude(network_interface=None).count()
        assert holders + PublicGateway.objects.filter(floating_ip=ip).count() <= 1
        for public_gateway in PublicGateway.objects.all():
            delete_public_gateway(public_gateway, by=BY)


def test_routes_of_one_name_and_place_and_their_table(here: World, vpc: VPC, together: Together, settings: Any) -> None:
    settings.BAREMINT_QUOTAS |= {"routes": 3}
    for _ in range(ROUNDS):
        table, into = create_routing_table(vpc, by=BY), subnet(here, vpc)
        there = create_route(table, **ROUTE, name="there", by=BY)
        calls = [
            *[partial(create_route, table, **ROUTE, name=name, by=BY) for name in ("a", "a", "b", "c")],
            *[partial(create_route, table, **ROUTE | {"destination": f"10.8.{n}.0/24"}, by=BY) for n in range(3)],
            partial(update_route, there, name="a", by=BY),
            partial(update_route, there, priority=1, by=BY),
            partial(delete_route, there, by=BY),
            partial(update_routing_table, table, route_vpc_zone_ingress=True, by=BY),
            partial(update_routing_table, vpc.default_routing_table, route_vpc_zone_ingress=True, by=BY),
            partial(replace_routing_table, into, table.id, by=BY),
        ]
        only_refusals(together(calls))
        assert table.routes.count() <= 3
        places = list(table.routes.values_list("destination", "priority"))
        assert max(places.count(place) for place in places) <= 2
        assert RoutingTable.objects.filter(route_vpc_zone_ingress=True).count() <= 1
        assert not Subnet.objects.filter(routing_table__route_vpc_zone_ingress=True, routing_table=table).exists()
        only_refusals(
            together([partial(delete_routing_table, table, by=BY), partial(create_route, table, **ROUTE, by=BY)])
        )
        if RoutingTable.objects.filter(pk=table.pk).exists():
            delete_subnet(into, by=BY)
            delete_routing_table(table, by=BY)
        assert not Route.objects.filter(routing_table=table).exists()
        update_routing_table(vpc.default_routing_table, route_vpc_zone_ingress=False, by=BY)


def test_reservations_change_while_servers_use_them(here: World, together: Together) -> None:
    servers = [make_server(here.account, name=f"web-{number}") for number in range(3)]
    later = clock.now() + timedelta(days=366)
    for _ in range(ROUNDS):
        pooled = make_reservation(servers[0], affinity_policy="restricted")
        spare = make_reservation(servers[0])
        only_refusals(together([partial(activate_reservation, pooled, by=BY)] * 3))
        assert reservation_terms.run_due(clock.now() + timedelta(seconds=30)) == 1
        manual = ReservationAffinity("manual", [pooled.id])
        calls = [
            *[partial(update_server, each, reservation_affinity=manual, by=BY) for each in servers],
            partial(update_server, servers[0], reservation_affinity=ReservationAffinity("automatic", []), by=BY),
            partial(update_reservation, spare, {"total": 2}, by=BY),
            partial(update_reservation, pooled, {"name": "other"}, by=BY),
            partial(activate_reservation, spare, by=BY),
            partial(delete_reservation, spare, by=BY),
            partial(reservation_terms.run_due, clock.now() + timedelta(seconds=30)),
        ]
        only_refusals(together(calls))
        assert pooled.servers.count() <= 1
        for _ in range(3):
            reservation_terms.run_due(later)
            reservation_terms.run_due(later + timedelta(seconds=30))
        assert BareMetalServer.objects.exclude(reservation=None).count() == 0
        reservations = Reservation.objects.filter(status__in=("expired", "inactive"))
        only_refusals(together([partial(delete_reservation, each, by=BY) for each in reservations for _ in range(2)]))
        assert Reservation.objects.count() == 0
        assert BareMetalServer.objects.exclude(reservation_pool=None).count() == 0
