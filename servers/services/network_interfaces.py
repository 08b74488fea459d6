"""Network interfaces of bare metal servers: the server's own, not virtual network interfaces."""

from dataclasses import dataclass
from typing import Any

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, NotUnique, Target
from servers.addressing import contains, mac_address
from servers.events import INTERFACE
from servers.models import BareMetalServer, NetworkInterface, ReservedIP, SecurityGroup, Subnet
from servers.services.addresses import release_address, require_unbound
from servers.services.naming import random_name, save_named
from servers.services.references import References, at, in_use
from servers.services.resource_changes import insert_or_refuse
from servers.services.row_locks import lock_row
from servers.services.virtual_interface_prototypes import (
    SPOOFING,
    IpPrototype,
    find_security_groups,
    refuse_provider_name,
)
from servers.services.vlans import (
    TRUNK,
    ConnectionPrototype,
    changing_connections,
    refuse_lost_vlans,
    refuse_several_floating_ips,
    require_slot,
    require_stopped,
    settle_connection,
)


@dataclass(frozen=True)
class InterfacePrototype(ConnectionPrototype):
    """A network interface to create; ids are plain in every form of reference that the request uses."""

    subnet: str
    primary_ip: IpPrototype | None = None
    security_groups: tuple[str, ...] = ()
    allow_ip_spoofing: bool = False
    enable_infrastructure_nat: bool = True
    allow_interface_to_float: bool = False


@dataclass(frozen=True)
class InterfaceRows:
    """The rows that a prototype refers to."""

    prototype: InterfacePrototype
    path: str
    subnet: Subnet | None
    reserved_ip: ReservedIP | None
    security_groups: list[SecurityGroup]


def find_interface(
    account_id: str, region: str, prototype: InterfacePrototype, *, path: str, references: References
) -> InterfaceRows:
    """Look up the rows that the prototype refers to.

    The problems are added to ``references``, with ``path`` in their targets.
    """
    own = {"account_id": account_id, "region": region}
    subnets = Subnet.objects.filter(**own).select_related("vpc__default_security_group")
    subnet = references.find(at(path, "subnet"), subnets.filter(id=prototype.subnet).first())
    groups = find_security_groups(own, prototype.security_groups, subnet, path=path, references=references)
    is_safe = prototype.enable_infrastructure_nat or not prototype.allow_ip_spoofing
    references.require(is_safe, at(path, "allow_ip_spoofing"), SPOOFING)
    ip = prototype.primary_ip or IpPrototype()
    reserved_ip = _find_address(own, ip, subnet, path=at(path, "primary_ip"), references=references)
    return InterfaceRows(prototype, path, subnet, reserved_ip, groups)


def _find_address(
    own: dict[str, str], ip: IpPrototype, subnet: Subnet | None, *, path: str, references: References
) -> ReservedIP | None:
    refuse_provider_name(ip.name, path, references)
    if ip.address and subnet:
        is_inside = contains(subnet.ipv4_cidr_block, ip.address)
        references.require(is_inside, at(path, "address"), f"The subnet is {subnet.ipv4_cidr_block}.")
    if not ip.reserved_ip:
        return None
    rows = ReservedIP.objects.filter(subnet__account_id=own["account_id"], subnet__region=own["region"])
    row = references.find(path, rows.filter(id=ip.reserved_ip).first())
    if row:
        references.require(subnet in (None, row.subnet), path, "The reserved IP is of another subnet.")
        require_unbound(row, path=path, references=references)
    return row


def attach_interface(
    server: BareMetalServer, rows: InterfaceRows, *, is_primary: bool, awaits_start: bool = False
) -> NetworkInterface:
    """Create an interface of a server. Must run in a transaction that locks the server.

    An interface that waits for the start of the server is pending until then.

    Raises Conflict when another request took the address meanwhile, NotUnique for a name, OverQuota.
    """
    prototype, subnet = rows.prototype, rows.subnet
    assert subnet  # noqa: S101  what is not found was refused before
    ip = prototype.primary_ip or IpPrototype()
    path = at(rows.path, "primary_ip")
    primary_ip = ip.take(subnet, rows.reserved_ip, path=path)
    require_slot(server, prototype.interface_type)
    if prototype.name and server.network_interfaces.filter(name=prototype.name).exists():
        raise NotUnique(f"Provided Name ({prototype.name}) is not unique", target=Target(at(rows.path, "name")))
    interface = NetworkInterface(
        id=ids.zonal_id(server.zone),
        name=prototype.name or random_name(),
        server=server,
        subnet=subnet,
        primary_ip=primary_ip,
        is_primary=is_primary,
        interface_type=prototype.interface_type,
        allow_ip_spoofing=prototype.allow_ip_spoofing,
        enable_infrastructure_nat=prototype.enable_infrastructure_nat,
        allowed_vlans=list(prototype.allowed_vlans),
        vlan=prototype.vlan,
        allow_interface_to_float=prototype.allow_interface_to_float,
        mac_address=mac_address(),
        awaits_start=awaits_start,
        created_at=clock.now(),
    )
    message = f"{primary_ip.address} was taken meanwhile. Ask for another."
    insert_or_refuse(interface, in_use("reserved_ip", message, path=path))
    interface.security_groups.set(rows.security_groups)
    return interface


def create_interface(server: BareMetalServer, prototype: InterfacePrototype, *, by: Party) -> NetworkInterface:
    """Add an interface to a server.

    Raises Refusals for wrong references in the prototype, Conflict for a server with network attachments and for a PCI
    interface while the server is not stopped.
    """
    with changing_connections(server, f"{INTERFACE}.create", by=by, status=201) as current:
        refuse_projection(current)
        waits = prototype.interface_type == TRUNK
        if waits:
            require_stopped(current)
        references = References()
        rows = find_interface(current.account_id, current.region, prototype, path="", references=references)
        settle_connection(current, prototype, subnet=rows.subnet, path="subnet", references=references)
        return attach_interface(current, rows, is_primary=False, awaits_start=waits)


def update_interface(
    server: BareMetalServer, interface: NetworkInterface, *, by: Party, **changes: Any
) -> NetworkInterface:
    """Change ``name``, ``allow_ip_spoofing``, ``enable_infrastructure_nat``, ``allowed_vlans`` as given.

    Raises InvalidValue, NotUnique, Conflict for a server with network attachments.
    """
    with changing_connections(server, f"{INTERFACE}.update", by=by) as current:
        refuse_projection(current)
        interface = lock_row(interface)
        for attribute, value in changes.items():
            setattr(interface, attribute, value)
        if interface.allow_ip_spoofing and not interface.enable_infrastructure_nat:
            raise InvalidValue(SPOOFING, target=Target("allow_ip_spoofing"))
        if changes.get("enable_infrastructure_nat"):
            refuse_several_floating_ips(interface)
        if "allowed_vlans" in changes:
            others = current.network_interfaces.exclude(pk=interface.pk)
            refuse_lost_vlans(interface, changes["allowed_vlans"], beside=others)
        save_named(interface)
    return interface


def delete_interface(server: BareMetalServer, interface: NetworkInterface, *, by: Party) -> None:
    """Delete an interface of a server.

    Raises Conflict for the primary interface, for a PCI interface while the server runs, and while VLANs depend on it.
    """
    with changing_connections(server, f"{INTERFACE}.delete", by=by, status=202) as current:
        refuse_projection(current)
        interface = lock_row(interface)
        if interface.is_primary:
            raise Conflict("The primary network interface cannot be deleted.", code="primary_network_interface")
        if interface.interface_type == TRUNK:
            require_stopped(current)
            refuse_lost_vlans(interface, [], beside=current.network_interfaces.exclude(pk=interface.pk))
        ip = interface.primary_ip
        interface.delete()
        release_address(ip)


def refuse_projection(server: BareMetalServer) -> None:
    """Raise Conflict for a server with network attachments, because its interfaces only show those."""
    if server.network_attachments.exists():
        raise Conflict(
            "The server has network attachments; its network interfaces only show them. Change the network attachment."
        )
