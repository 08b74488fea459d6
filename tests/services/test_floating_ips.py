"""Floating IPs: every address once, every binding known to the server it is about."""

import ipaddress
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, NotFound, NotUnique, OverQuota
from servers.models import BareMetalServer, FloatingIP, NetworkInterface, Subnet
from servers.services import floating_ips
from servers.services.floating_ips import bind, create_floating_ip, delete_floating_ip, unbind, update_floating_ip
from tests.world import REGION, World, make_server, make_virtual_interface

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONE = "us-south-1"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


@pytest.fixture
def interface(server: BareMetalServer) -> NetworkInterface:
    return server.network_interfaces.get()


def make(world: World, **asked: Any) -> FloatingIP:
    return create_floating_ip(world.account, region=REGION, by=BY, **({"zone": ZONE} | asked))


def revision(server: BareMetalServer) -> int:
    return BareMetalServer.objects.get(pk=server.pk).revision


def actions() -> list[str]:
    events = ActivityEvent.objects.filter(action__startswith="is.floating-ip.").order_by("pk")
    return [event.action.rpartition(".")[2] for event in events]


# --- addresses -----------------------------------------------------------------------------------------------------


def test_the_lowest_free_address_goes_out(world: World) -> None:
    first, second = make(world), make(world)
    delete_floating_ip(first, by=BY)
    assert (first.address, second.address, make(world).address) == ("198.18.0.1", "198.18.0.2", "198.18.0.1")


def test_accounts_and_regions_share_the_addresses(world: World) -> None:
    theirs = create_floating_ip(world.other_account, region="eu-de", zone="eu-de-1", by=BY)
    assert make(world).address != theirs.address


def test_addresses_of_floating_ips_are_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floating_ips, "POOL", ipaddress.IPv4Network("198.18.0.0/30"))
    assert {make(world).address, make(world).address} == {"198.18.0.1", "198.18.0.2"}
    with pytest.raises(OverQuota):
        make(world)


def test_a_zone_has_forty_floating_ips_and_no_more(world: World) -> None:
    for _ in range(40):
        make(world)
    with pytest.raises(OverQuota):
        make(world)
    assert make(world, zone="us-south-2").zone == "us-south-2"


def test_a_name_is_the_only_one_of_its_region(world: World) -> None:
    make(world, name="public")
    with pytest.raises(NotUnique):
        make(world, name="public", zone="us-south-2")
    other = create_floating_ip(world.account, region="eu-de", zone="eu-de-1", name="public", by=BY)
    assert other.name == "public"


# --- binding -------------------------------------------------------------------------------------------------------


def test_a_target_says_where_it_is(world: World, interface: NetworkInterface) -> None:
    ip = make(world, zone="", target=interface.id)
    assert (ip.network_interface, ip.zone) == (interface, ZONE)


def test_a_target_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(BadField):
        make(world, zone="", target="none")


def test_no_address_is_allocated_for_a_target_that_has_a_floating_ip(world: World, interface: NetworkInterface) -> None:
    make(world, zone="", target=interface.id)
    with pytest.raises(Conflict):
        make(world, zone="", target=interface.id)
    assert FloatingIP.objects.count() == 1


CHANGES = {
    "bound": lambda ip, interface: bind(interface, ip.id, by=BY),
    "moved": lambda ip, interface: update_floating_ip(ip, target=interface.id, move=True, by=BY),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_server_is_told_when_a_floating_ip_is_bound(
    world: World, server: BareMetalServer, interface: NetworkInterface, change: Any
) -> None:
    ip, before = make(world), revision(server)
    change(ip, interface)
    assert revision(server) == before + 1


LOSSES = {
    "unbound": lambda ip: unbind(ip, by=BY),
    "moved": lambda ip: update_floating_ip(ip, move=True, by=BY),
    "deleted": lambda ip: delete_floating_ip(ip, by=BY),
}


@pytest.mark.parametrize("change", LOSSES.values(), ids=LOSSES.keys())
def test_a_server_is_told_when_a_floating_ip_is_unbound(
    world: World, server: BareMetalServer, interface: NetworkInterface, change: Any
) -> None:
    ip = make(world, zone="", target=interface.id)
    before = revision(server)
    change(ip)
    assert (revision(server), interface.floating_ips.count()) == (before + 1, 0)


def test_a_new_name_is_nothing_to_a_server(world: World, server: BareMetalServer, interface: NetworkInterface) -> None:
    ip = make(world, zone="", target=interface.id)
    before = revision(server)
    update_floating_ip(ip, name="new", by=BY)
    assert revision(server) == before


def test_the_server_of_a_virtual_interface_is_told(world: World, server: BareMetalServer) -> None:
    virtual = make_virtual_interface(Subnet.objects.get())
    ip, before = make(world), revision(server)
    bind(virtual, ip.id, by=BY)
    assert revision(server) == before  # not attached
    server.network_attachments.create(
        id="a", name="a", virtual_network_interface=virtual, interface_type="pci", created_at=virtual.created_at
    )
    unbind(FloatingIP.objects.get(), by=BY)
    assert revision(server) == before + 1


def test_what_is_bound_stays_bound_when_asked_again(world: World, interface: NetworkInterface) -> None:
    ip = make(world, zone="", target=interface.id)
    assert bind(interface, ip.id, by=BY) == ip
    assert actions() == ["create"]


def test_what_takes_the_place_of_another_unbinds_it(world: World, interface: NetworkInterface) -> None:
    before, after = make(world, zone="", target=interface.id), make(world)
    bind(interface, after.id, replace=True, by=BY)
    assert interface.floating_ips.get() == after
    assert (FloatingIP.objects.get(pk=before.pk).network_interface, actions()[-2:]) == (None, ["detach", "attach"])


def test_a_floating_ip_of_another_zone_replaces_none(world: World, interface: NetworkInterface) -> None:
    before, elsewhere = make(world, zone="", target=interface.id), make(world, zone="us-south-2")
    with pytest.raises(InvalidValue):
        bind(interface, elsewhere.id, replace=True, by=BY)
    assert interface.floating_ips.get() == before


def test_a_floating_ip_of_another_account_is_not_bound(world: World, interface: NetworkInterface) -> None:
    theirs = create_floating_ip(world.other_account, region=REGION, zone=ZONE, by=BY)
    with pytest.raises(NotFound):
        bind(interface, theirs.id, by=BY)


def test_what_was_moved_meanwhile_is_left_alone(world: World, interface: NetworkInterface) -> None:
    stale = make(world)
    bind(interface, stale.id, by=BY)
    with pytest.raises(Conflict):
        delete_floating_ip(stale, by=BY)
    assert interface.floating_ips.get() == stale


def test_the_life_of_a_floating_ip_is_recorded(world: World, interface: NetworkInterface) -> None:
    ip = make(world)
    unbind(bind(interface, ip.id, by=BY), by=BY)
    update_floating_ip(FloatingIP.objects.get(), name="new", by=BY)
    delete_floating_ip(FloatingIP.objects.get(), by=BY)
    assert actions() == ["create", "attach", "detach", "update", "delete"]
