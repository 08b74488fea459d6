"""What another request deletes after this one has read it stays deleted, and is changed and deleted no more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from servers.models import BareMetalServer, NetworkAttachment, SecurityGroupRule, Subnet
from servers.services import attachments, disks, network_acl_rules, network_interfaces, security_group_rules
from servers.services.attachments import AttachmentPrototype
from servers.services.initialization import InitializationPrototype
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype
from tests.world import World, make_server

BY = Party("IBMid-ALICE00001", "Alice", "User")
VLAN = 7
Call = Callable[[], Any]


def _server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def _interface(world: World, change: Callable[..., Any]) -> tuple[Any, Call]:
    server = _server(world)
    subnet = server.network_interfaces.get().subnet.id
    network_interfaces.update_interface(server, server.network_interfaces.get(), allowed_vlans=[VLAN], by=BY)
    interface_prototype = InterfacePrototype(subnet=subnet, interface_type="vlan", vlan=VLAN)
    interface = network_interfaces.create_interface(server, interface_prototype, by=BY)
    return interface, partial(change, server, interface, by=BY)


def _attachment(world: World, change: Callable[..., Any]) -> tuple[Any, Call]:
    template = _server(world)
    subnet = Subnet.objects.get()
    primary = AttachmentPrototype(interface=VirtualInterfacePrototype(subnet=subnet.id), allowed_vlans=(VLAN,))
    image = InitializationPrototype(image=template.initialization.image["id"])
    prototype = ServerPrototype(
        profile=template.profile, zone=template.zone, initialization=image, attachments=(primary,)
    )
    server = create_server(world.account, prototype=prototype, by=BY)
    interface = VirtualInterfacePrototype(subnet=subnet.id, auto_delete=False)
    attachment_prototype = AttachmentPrototype(interface=interface, interface_type="vlan", vlan=VLAN)
    attachment = attachments.create_attachment(server, attachment_prototype, by=BY)
    return NetworkAttachment.objects.get(pk=attachment.pk), partial(change, server, attachment, by=BY)


def _disk(world: World) -> tuple[Any, Call]:
    server = _server(world)
    disk = server.disks.earliest("pk")
    return server.disks.get(pk=disk.pk), partial(disks.rename_disk, server, disk, name="other", by=BY)


def _acl_rule(world: World) -> tuple[Any, Call]:
    acl = _server(world).vpc.default_network_acl
    assert acl
    rule = acl.rules.earliest("pk")
    return acl.rules.get(pk=rule.pk), partial(network_acl_rules.delete_rule, rule, by=BY)


def _group_rule(world: World) -> tuple[Any, Call]:
    _server(world)
    rule = SecurityGroupRule.objects.earliest("pk")
    return SecurityGroupRule.objects.get(pk=rule.pk), partial(security_group_rules.delete_rule, rule, by=BY)


CASES: dict[str, Callable[[World], tuple[Any, Call]]] = {
    "interface-renamed": lambda world: _interface(world, partial(network_interfaces.update_interface, name="other")),
    "interface-deleted": lambda world: _interface(world, network_interfaces.delete_interface),
    "attachment-renamed": lambda world: _attachment(world, partial(attachments.update_attachment, name="other")),
    "attachment-deleted": lambda world: _attachment(world, attachments.delete_attachment),
    "disk-renamed": _disk,
    "acl-rule-deleted": _acl_rule,
    "group-rule-deleted": _group_rule,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_was_deleted_meanwhile_is_not_found(world: World, case: Callable[[World], tuple[Any, Call]]) -> None:
    row, call = case(world)
    key = row.pk
    row.delete()
    events = ActivityEvent.objects.count()
    with pytest.raises(NotFound):
        call()
    assert (type(row).objects.filter(pk=key).exists(), ActivityEvent.objects.count()) == (False, events)
