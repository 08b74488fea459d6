"""Network attachments: virtual network interfaces on a bare metal server."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotUnique, Target
from servers.events import ATTACHMENT_CREATE, ATTACHMENT_DELETE, ATTACHMENT_UPDATE, record_server_event
from servers.models import BareMetalServer, NetworkAttachment, Subnet, VirtualNetworkInterface
from servers.services import virtual_interfaces
from servers.services.metadata_service import refuse_deleting
from servers.services.naming import random_name, save_named
from servers.services.references import References, at, in_use
from servers.services.row_locks import hold
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype, find_problems
from servers.services.vlans import (
    TRUNK,
    changed,
    refuse_lost_vlans,
    require_place,
    require_slot,
    require_stopped,
    vlan_problems,
)

VNI = "virtual_network_interface"


@dataclass(frozen=True)
class AttachmentPrototype:
    """A network attachment to be, of a virtual network interface that is there (its id) or to be made."""

    interface: str | VirtualInterfacePrototype
    name: str = ""
    interface_type: str = TRUNK
    allowed_vlans: tuple[int, ...] = ()
    vlan: int | None = None
    allow_to_float: bool = False


def check_attachment(
    account_id: str, region: str, asked: AttachmentPrototype, *, path: str, references: References
) -> Subnet | None:
    """Look up what the prototype refers to; what is wrong with it goes to ``references``, named by ``path``.

    Returns the subnet that the virtual network interface is in, or will be.
    """
    interface, path = asked.interface, at(path, VNI)
    if isinstance(interface, str):
        found = references.find(path, virtual_interfaces.find_virtual_interface(account_id, region, interface))
        if found:
            virtual_interfaces.require_unattached(found, path=path, references=references)
        return found.subnet if found else None
    references.add(find_problems(account_id, region, interface, path=path))
    subnets = Subnet.objects.filter(account_id=account_id, region=region).select_related("vpc")
    if not interface.subnet and interface.primary_ip:
        return subnets.filter(reserved_ips__id=interface.primary_ip.reserved_ip).first()
    return subnets.filter(id=interface.subnet).first()


def attach(
    server: BareMetalServer,
    asked: AttachmentPrototype,
    *,
    path: str,
    is_primary: bool,
    awaits_start: bool = False,
    by: Party,
) -> NetworkAttachment:
    """Attach a virtual network interface to a server. Must run in a transaction that holds the server.

    One that awaits the start of the server is pending until then.

    Raises Conflict when somebody attached it meanwhile, NotUnique for a name, OverQuota.
    """
    require_slot(server, asked.interface_type)
    if asked.name and server.network_attachments.filter(name=asked.name).exists():
        raise NotUnique(f"Provided Name ({asked.name}) is not unique", target=Target(at(path, "name")))
    attachment = NetworkAttachment(
        id=ids.zonal_id(server.zone),
        name=asked.name or random_name(),
        server=server,
        virtual_network_interface=_interface(server, asked, path=at(path, VNI), by=by),
        is_primary=is_primary,
        interface_type=asked.interface_type,
        allowed_vlans=list(asked.allowed_vlans),
        vlan=asked.vlan,
        allow_to_float=asked.allow_to_float,
        awaits_start=awaits_start,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            attachment.save(force_insert=True)
    except IntegrityError:
        message = "The virtual network interface was attached elsewhere meanwhile."
        raise in_use(VNI, message, path=at(path, VNI)) from None
    return attachment


def _interface(server: BareMetalServer, asked: AttachmentPrototype, *, path: str, by: Party) -> VirtualNetworkInterface:
    if isinstance(asked.interface, VirtualInterfacePrototype):
        found = virtual_interfaces.create_virtual_interface(
            server.account,
            region=server.region,
            prototype=asked.interface,
            resource_group=server.resource_group,
            auto_delete_default=True,
            path=path,
            by=by,
        )
    else:
        found = virtual_interfaces.claim_virtual_interface(server.account_id, server.region, asked.interface, path=path)
    return found


@transaction.atomic
def create_attachment(server: BareMetalServer, prototype: AttachmentPrototype, *, by: Party) -> NetworkAttachment:
    """Add an attachment to a server.

    Raises Refusals for what the prototype refers to wrongly, Conflict for a server with network interfaces of its own
    and ServerStatusConflict for a PCI attachment while the server is not stopped, or when it is being deleted.
    """
    held = hold(server)
    refuse_deleting(held)
    if not held.network_attachments.exists():
        raise Conflict("The server has network interfaces of its own. Add another of those instead of an attachment.")
    waits = prototype.interface_type == TRUNK
    if waits:
        require_stopped(held)
    references = References()
    subnet = check_attachment(held.account_id, held.region, prototype, path="", references=references)
    if subnet:
        require_place(held, subnet, path=VNI, references=references)
    references.add(vlan_problems(held, prototype.interface_type, prototype.vlan, subnet=subnet))
    references.settle()
    attachment = attach(held, prototype, path="", is_primary=False, awaits_start=waits, by=by)
    changed(held)
    record_server_event(ATTACHMENT_CREATE, held, by=by, status=201)
    return attachment


@transaction.atomic
def update_attachment(
    server: BareMetalServer,
    attachment: NetworkAttachment,
    *,
    name: str | None = None,
    allowed_vlans: list[int] | None = None,
    by: Party,
) -> NetworkAttachment:
    """Change what is given. Raises InvalidValue, NotUnique, Conflict for VLANs in use."""
    held = hold(server)
    refuse_deleting(held)
    attachment = hold(attachment)
    if name is not None:
        attachment.name = name
    if allowed_vlans is not None:
        refuse_lost_vlans(attachment, allowed_vlans, beside=held.network_attachments.exclude(pk=attachment.pk))
        attachment.allowed_vlans = allowed_vlans
    save_named(attachment)
    changed(held)
    record_server_event(ATTACHMENT_UPDATE, held, by=by)
    return attachment


@transaction.atomic
def delete_attachment(server: BareMetalServer, attachment: NetworkAttachment, *, by: Party) -> None:
    """Raises Conflict for the primary one, for a PCI one while the server runs, and where VLANs depend on it."""
    held = hold(server)
    refuse_deleting(held)
    attachment = hold(attachment)
    if attachment.is_primary:
        raise Conflict("The primary network attachment cannot be deleted.", code="primary_network_attachment")
    if attachment.interface_type == TRUNK:
        require_stopped(held)
        refuse_lost_vlans(attachment, [], beside=held.network_attachments.exclude(pk=attachment.pk))
    interface = attachment.virtual_network_interface
    attachment.delete()
    virtual_interfaces.detach(interface, by=by)
    changed(held)
    record_server_event(ATTACHMENT_DELETE, held, by=by, status=202)
