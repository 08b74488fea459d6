"""Virtual network interfaces on servers: attached once, let go, deleted along."""

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, Refusals
from servers.models import BareMetalServer, NetworkAttachment, Subnet, VirtualNetworkInterface
from servers.services.attachments import AttachmentPrototype, create_attachment, delete_attachment
from servers.services.initialization import InitializationPrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype
from servers.services.virtual_interfaces import (
    delete_virtual_interface,
    update_virtual_interface,
)
from tests.world import World, make_server, make_subnet, make_virtual_interface

BY = Party("IBMid-ALICE00001", "Alice", "User")
VLAN = 7


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


@pytest.fixture
def vni(subnet: Subnet) -> VirtualNetworkInterface:
    return make_virtual_interface(subnet)


@pytest.fixture
def server(world: World, subnet: Subnet) -> BareMetalServer:
    """With a primary attachment that carries a VLAN, for others to ride on."""
    new_server = make_server(world.account, name="template")
    prototype = ServerPrototype(
        profile=new_server.profile,
        zone=new_server.zone,
        initialization=InitializationPrototype(image=new_server.initialization.image["id"]),
        attachments=(
            AttachmentPrototype(interface=VirtualInterfacePrototype(subnet=subnet.id), allowed_vlans=(VLAN,)),
        ),
    )
    return create_server(world.account, prototype=prototype, by=BY)


def attach(server: BareMetalServer, interface: str | VirtualInterfacePrototype) -> NetworkAttachment:
    attachment_prototype = AttachmentPrototype(interface=interface, interface_type="vlan", vlan=VLAN)
    return create_attachment(server, attachment_prototype, by=BY)


def test_a_virtual_interface_made_for_an_attachment_goes_with_it(server: BareMetalServer, subnet: Subnet) -> None:
    attachment = attach(server, VirtualInterfacePrototype(subnet=subnet.id))
    delete_attachment(server, attachment, by=BY)
    assert not VirtualNetworkInterface.objects.filter(pk=attachment.virtual_network_interface_id).exists()


def test_a_virtual_interface_that_existed_before_stays(server: BareMetalServer, vni: VirtualNetworkInterface) -> None:
    delete_attachment(server, attach(server, vni.id), by=BY)
    assert not NetworkAttachment.objects.filter(virtual_network_interface=vni).exists()


def test_attaching_and_detaching_change_the_entity_tag(server: BareMetalServer, vni: VirtualNetworkInterface) -> None:
    attachment = attach(server, vni.id)
    vni.refresh_from_db()
    assert vni.revision == 2
    delete_attachment(server, attachment, by=BY)
    vni.refresh_from_db()
    assert vni.revision == 3


def test_what_was_decided_while_it_was_attached_counts(server: BareMetalServer, vni: VirtualNetworkInterface) -> None:
    attachment = attach(server, vni.id)
    assert attachment.virtual_network_interface.auto_delete is False
    update_virtual_interface(vni, auto_delete=True, by=BY)
    delete_attachment(server, attachment, by=BY)
    assert not VirtualNetworkInterface.objects.filter(pk=vni.pk).exists()


def test_an_attached_virtual_interface_is_not_deleted(server: BareMetalServer, vni: VirtualNetworkInterface) -> None:
    attach(server, vni.id)
    with pytest.raises(Conflict, match="attached"):
        delete_virtual_interface(vni, by=BY)


def test_a_virtual_interface_that_is_attached_twice_is_refused(
    server: BareMetalServer, vni: VirtualNetworkInterface
) -> None:
    attach(server, vni.id)
    with pytest.raises(Refusals) as refusal:
        attach(server, vni.id)
    assert [each.code for each in refusal.value.each] == ["virtual_network_interface_in_use"]


def test_another_accounts_interface_is_not_attached(world: World, server: BareMetalServer) -> None:
    foreign = make_virtual_interface(make_subnet(world.other_account))
    with pytest.raises(Refusals) as refusal:
        attach(server, foreign.id)
    assert [each.code for each in refusal.value.each] == ["bad_field"]
