"""Virtual network interfaces attached, let go, deleted, given addresses at the same moment: refusals are clear."""

from collections.abc import Callable
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError
from servers.models import BareMetalServer, NetworkAttachment, ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.attachments import AttachmentPrototype, create_attachment, delete_attachment
from servers.services.initialization import InitializationPrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.reserved_ips import create_reserved_ip
from servers.services.virtual_interface_ips import bind_address, unbind_address
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype
from servers.services.virtual_interfaces import delete_virtual_interface, update_virtual_interface
from tests.world import World, make_server, make_subnet, make_virtual_interface, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
VLANS = tuple(range(10, 16))
ROUNDS = 4

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def subnet(here: World) -> Subnet:
    return make_subnet(here.account)


@pytest.fixture
def server(here: World, subnet: Subnet) -> BareMetalServer:
    new_server = make_server(here.account, name="template")
    prototype = ServerPrototype(
        profile=new_server.profile,
        zone=new_server.zone,
        initialization=InitializationPrototype(image=new_server.initialization.image["id"]),
        attachments=(AttachmentPrototype(interface=VirtualInterfacePrototype(subnet=subnet.id), allowed_vlans=VLANS),),
    )
    return create_server(here.account, prototype=prototype, by=BY)


def refusals(results: list[Any]) -> list[ApiError]:
    """What was refused; anything else that went wrong is a failure."""
    raised = [each for each in results if isinstance(each, Exception)]
    assert [each for each in raised if not isinstance(each, ApiError)] == []
    return raised


def attach(server: BareMetalServer, interface: str | VirtualInterfacePrototype, vlan: int) -> NetworkAttachment:
    attachment_prototype = AttachmentPrototype(interface=interface, interface_type="vlan", vlan=vlan)
    return create_attachment(server, attachment_prototype, by=BY)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_virtual_interface_is_attached_or_deleted_but_not_both(
    server: BareMetalServer, subnet: Subnet, together: Together, number: int
) -> None:
    vni = make_virtual_interface(subnet)
    calls: list[Callable[[], Any]] = [lambda: attach(server, vni.id, 10), lambda: delete_virtual_interface(vni, by=BY)]
    assert len(refusals(together(calls * 2))) == 3
    exists = VirtualNetworkInterface.objects.filter(pk=vni.pk).exists()
    assert NetworkAttachment.objects.filter(virtual_network_interface=vni).exists() is exists


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_virtual_interface_goes_with_its_attachment_while_addresses_are_added(
    server: BareMetalServer, subnet: Subnet, together: Together, number: int
) -> None:
    attachment = attach(server, VirtualInterfacePrototype(subnet=subnet.id), 10)
    vni = attachment.virtual_network_interface
    ips = [create_reserved_ip(subnet, by=BY) for _ in range(4)]
    calls: list[Callable[[], Any]] = [lambda ip=ip: bind_address(vni, ip.id, by=BY) for ip in ips]
    results = together([lambda: delete_attachment(server, attachment, by=BY), *calls])
    refusals(results)
    assert results[0] is None
    assert not VirtualNetworkInterface.objects.filter(pk=vni.pk).exists()
    assert set(ReservedIP.objects.filter(pk__in=[ip.pk for ip in ips]).values_list("virtual_network_interface")) == {
        (None,)
    }


def test_attachments_and_addresses_come_in_any_order_and_none_waits_for_the_other(
    server: BareMetalServer, subnet: Subnet, together: Together
) -> None:
    free = [make_virtual_interface(subnet, name=f"vni-{vlan}") for vlan in VLANS[:3]]
    calls: list[Callable[[], Any]] = []
    for vni, vlan in zip(free, VLANS[:3], strict=True):
        ip = create_reserved_ip(subnet, by=BY)
        calls += [
            lambda vni=vni, vlan=vlan: attach(server, vni.id, vlan),
            lambda vni=vni, ip=ip: bind_address(vni, ip.id, by=BY),
            lambda vni=vni: update_virtual_interface(vni, allow_ip_spoofing=True, by=BY),
            lambda vlan=vlan: attach(server, VirtualInterfacePrototype(subnet=subnet.id), vlan + 3),
        ]
    assert refusals(together(calls)) == []
    assert server.network_attachments.count() == 7
    assert set(VirtualNetworkInterface.objects.filter(pk__in=[vni.pk for vni in free]).values_list("revision")) == {
        (4,)
    }


def test_an_address_is_taken_away_once(subnet: Subnet, together: Together) -> None:
    first, second = (make_virtual_interface(subnet, name=name) for name in ("first", "second"))
    ip = create_reserved_ip(subnet, target=first.id, by=BY)
    calls: list[Callable[[], Any]] = [lambda: unbind_address(first, ip, by=BY)] * 3
    calls += [lambda: bind_address(second, ip.id, by=BY)] * 3
    results = together(calls)
    refusals(results)
    assert results[:3].count(None) == 1
    ip.refresh_from_db()
    is_bound = any(isinstance(each, ReservedIP) for each in results[3:])
    assert ip.virtual_network_interface == (second if is_bound else None)
