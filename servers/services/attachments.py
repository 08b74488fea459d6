"""Network attachments: virtual network interfaces on a bare metal server."""

from dataclasses import dataclass

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotUnique, Target
from servers.events import ATTACHMENT
from servers.models import BareMetalServer, NetworkAttachment, Subnet, VirtualNetworkInterface
from servers.services import virtual_interfaces
from servers.services.naming import random_name, save_named
from servers.services.references import References, at, in_use
from servers.services.resource_changes import insert_or_refuse
from servers.services.row_locks import lock_row
from servers.services.virtual_interface_prototypes import (
    VirtualInterfacePrototype,
    VirtualInterfaceRows,
    find_virtual_interface_rows,
)
from servers.services.vlans import (
    TRUNK,
    ConnectionPrototype,
    changing_connections,
    refuse_lost_vlans,
    require_slot,
    require_stopped,
    settle_connection,
)

VNI = "virtual_network_interface"


@dataclass(frozen=True)
class AttachmentPrototype(ConnectionPrototype):
    """A network attachment to create, of an existing virtual network interface (its id) or of a new one."""

    interface: str | VirtualInterfacePrototype
    allow_to_float: bool = False


@dataclass(frozen=True)
class AttachmentRows:
    """The rows that a prototype refers to: a virtual network interface, or the rows to create one from."""

    prototype: AttachmentPrototype
    path: str
    interface: VirtualNetworkInterface | VirtualInterfaceRows | None

    @property
    def subnet(self) -> Subnet | None:
        """The subnet that the virtual network interface is in, or will be in."""
        return self.interface.subnet if self.interface else None


def find_attachment_rows(
    account_id: str, region: str, prototype: AttachmentPrototype, *, path: str, references: References
) -> AttachmentRows:
    """Look up the rows that the prototype refers to.

    The problems are added to ``references``, with ``path`` in their targets.
    """
    where = at(path, VNI)
    if not isinstance(prototype.interface, str):
        rows = find_virtual_interface_rows(account_id, region, prototype.interface, path=where, references=references)
        return AttachmentRows(prototype, path, rows)
    match = virtual_interfaces.find_virtual_interface(account_id, region, prototype.interface)
    if interface := references.find(where, match):
        virtual_interfaces.require_unattached(interface, path=where, references=references)
    return AttachmentRows(prototype, path, interface)


def attach(
    server: BareMetalServer, rows: AttachmentRows, *, is_primary: bool, awaits_start: bool = False, by: Party
) -> NetworkAttachment:
    """Attach a virtual network interface to a server. Must run in a transaction that locks the server.

    An attachment that waits for the start of the server is pending until then.

    Raises Conflict when another request attached the interface meanwhile, NotUnique for a name, OverQuota.
    """
    prototype, path = rows.prototype, rows.path
    require_slot(server, prototype.interface_type)
    if prototype.name and server.network_attachments.filter(name=prototype.name).exists():
        raise NotUnique(f"Provided Name ({prototype.name}) is not unique", target=Target(at(path, "name")))
    attachment = NetworkAttachment(
        id=ids.zonal_id(server.zone),
        name=prototype.name or random_name(),
        server=server,
        virtual_network_interface=_interface(server, rows, by=by),
        is_primary=is_primary,
        interface_type=prototype.interface_type,
        allowed_vlans=list(prototype.allowed_vlans),
        vlan=prototype.vlan,
        allow_to_float=prototype.allow_to_float,
        awaits_start=awaits_start,
        created_at=clock.now(),
    )
    message = "The virtual network interface was attached elsewhere meanwhile."
    insert_or_refuse(attachment, in_use(VNI, message, path=at(path, VNI)))
    return attachment


def _interface(server: BareMetalServer, rows: AttachmentRows, *, by: Party) -> VirtualNetworkInterface:
    interface = rows.interface
    assert interface  # noqa: S101  refused before otherwise
    if isinstance(interface, VirtualInterfaceRows):
        return virtual_interfaces.save_virtual_interface(
            server.account, interface, auto_delete=True, resource_group=server.resource_group, by=by
        )
    return virtual_interfaces.claim_virtual_interface(
        server.account_id, server.region, interface.id, path=at(rows.path, VNI)
    )


def create_attachment(server: BareMetalServer, prototype: AttachmentPrototype, *, by: Party) -> NetworkAttachment:
    """Add an attachment to a server.

    Raises Refusals for wrong references in the prototype, Conflict for a server that has network interfaces of its own,
    and ServerStatusConflict for a PCI attachment while the server is not stopped, or while the server is being deleted.
    """
    with changing_connections(server, f"{ATTACHMENT}.create", by=by, status=201) as current:
        if not current.network_attachments.exists():
            raise Conflict(
                "The server has network interfaces of its own. Add another of those instead of an attachment."
            )
        waits = prototype.interface_type == TRUNK
        if waits:
            require_stopped(current)
        references = References()
        rows = find_attachment_rows(current.account_id, current.region, prototype, path="", references=references)
        settle_connection(current, prototype, subnet=rows.subnet, path=VNI, references=references)
        return attach(current, rows, is_primary=False, awaits_start=waits, by=by)


def update_attachment(
    server: BareMetalServer,
    attachment: NetworkAttachment,
    *,
    name: str | None = None,
    allowed_vlans: list[int] | None = None,
    by: Party,
) -> NetworkAttachment:
    """Change the given properties. Raises InvalidValue, NotUnique, Conflict for VLANs in use."""
    with changing_connections(server, f"{ATTACHMENT}.update", by=by) as current:
        attachment = lock_row(attachment)
        attachment.name = name or attachment.name
        if allowed_vlans is not None:
            refuse_lost_vlans(attachment, allowed_vlans, beside=current.network_attachments.exclude(pk=attachment.pk))
            attachment.allowed_vlans = allowed_vlans
        save_named(attachment)
    return attachment


def delete_attachment(server: BareMetalServer, attachment: NetworkAttachment, *, by: Party) -> None:
    """Delete an attachment of a server.

    Raises Conflict for the primary attachment, for a PCI attachment while the server runs, and while VLANs depend on
    it.
    """
    with changing_connections(server, f"{ATTACHMENT}.delete", by=by, status=202) as current:
        attachment = lock_row(attachment)
        if attachment.is_primary:
            raise Conflict("The primary network attachment cannot be deleted.", code="primary_network_attachment")
        if attachment.interface_type == TRUNK:
            require_stopped(current)
            refuse_lost_vlans(attachment, [], beside=current.network_attachments.exclude(pk=attachment.pk))
        interface = attachment.virtual_network_interface
        attachment.delete()
        virtual_interfaces.detach(interface, by=by)
