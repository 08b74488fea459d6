"""Network interfaces and attachments of bare metal servers as the VPC API returns them."""

from typing import Literal, NotRequired, TypedDict

from controlplane.kernel import timestamps
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import (
    NamedReference,
    NetworkInterfaceReference,
    Reference,
    ReservedIPReference,
    SubnetReference,
    VirtualNetworkInterfaceReference,
)
from servers.models import BareMetalServer, NetworkAttachment, NetworkInterface
from servers.network_connections import Port, port_of


class _Connection(TypedDict):
    """The common properties of interfaces and attachments: PCI ones have ``allowed_vlans``, VLAN ones ``vlan``."""

    allowed_vlans: NotRequired[list[int]]
    created_at: str
    port_speed: int
    type: Literal["primary", "secondary"]
    vlan: NotRequired[int]


class BareMetalServerNetworkInterface(NetworkInterfaceReference, _Connection):
    """Type ``pci`` with ``allowed_vlans``, or type ``vlan`` with ``vlan`` and ``allow_interface_to_float``."""

    allow_interface_to_float: NotRequired[bool]
    allow_ip_spoofing: bool
    enable_infrastructure_nat: bool
    floating_ips: list[Reference]
    interface_type: Literal["hipersocket", "pci", "vlan"]
    mac_address: str
    security_groups: list[Reference]
    status: Literal["available", "deleting", "failed", "pending"]


class BareMetalServerNetworkAttachmentReference(NamedReference):
    id: str
    primary_ip: ReservedIPReference
    resource_type: Literal["bare_metal_server_network_attachment"]
    subnet: SubnetReference
    virtual_network_interface: VirtualNetworkInterfaceReference


class BareMetalServerNetworkAttachment(BareMetalServerNetworkAttachmentReference, _Connection):
    """Type ``pci`` with ``allowed_vlans``, or type ``vlan`` with ``vlan`` and ``allow_to_float``."""

    allow_to_float: NotRequired[bool]
    interface_type: Literal["pci", "vlan"]
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]


def interface_body(
    row: NetworkInterface | NetworkAttachment, server: BareMetalServer, hrefs: Hrefs
) -> BareMetalServerNetworkInterface:
    """Return the body of a network interface; an attachment is shown as a read-only one."""
    port = port_of(row)
    holder = port.holder
    body: BareMetalServerNetworkInterface = {
        **hrefs.interface(port, server.id),
        "allow_ip_spoofing": holder.allow_ip_spoofing,
        "created_at": timestamps.milliseconds(row.created_at),
        "enable_infrastructure_nat": holder.enable_infrastructure_nat,
        "floating_ips": [hrefs.floating_ip(ip) for ip in port.floating_ips],
        "interface_type": row.interface_type,  # type: ignore[typeddict-item]
        "mac_address": holder.mac_address,
        "port_speed": server.bandwidth,
        "security_groups": [hrefs.security_group(group) for group in port.security_groups],
        "status": "pending" if _is_pending(row, server) else "available",
        "type": "primary" if row.is_primary else "secondary",
    }
    if row.interface_type == "pci":
        body["allowed_vlans"] = row.allowed_vlans
    elif row.vlan is not None:
        body["vlan"] = row.vlan
        body["allow_interface_to_float"] = (
            row.allow_interface_to_float if isinstance(row, NetworkInterface) else row.allow_to_float
        )
    return body


def _is_pending(row: NetworkInterface | NetworkAttachment, server: BareMetalServer) -> bool:
    """Return whether the connection is pending.

    It is pending until the server is created; a PCI connection that was added to a stopped server is pending until the
    next start.
    """
    return row.awaits_start or server.status == BareMetalServer.Status.PENDING


def attachment_reference(
    row: NetworkAttachment, instance_id: str, hrefs: Hrefs
) -> BareMetalServerNetworkAttachmentReference:
    port = Port(row, row.virtual_network_interface)
    return {
        "href": hrefs("bare_metal_servers", instance_id, "network_attachments", row.id),
        "id": row.id,
        "name": row.name,
        "primary_ip": hrefs.reserved_ip(port.primary_ip, port.subnet),
        "resource_type": "bare_metal_server_network_attachment",
        "subnet": hrefs.subnet(port.subnet),
        "virtual_network_interface": hrefs.virtual_network_interface(row.virtual_network_interface),
    }


def attachment_body(row: NetworkAttachment, server: BareMetalServer, hrefs: Hrefs) -> BareMetalServerNetworkAttachment:
    body: BareMetalServerNetworkAttachment = {
        **attachment_reference(row, server.id, hrefs),
        "created_at": timestamps.milliseconds(row.created_at),
        "interface_type": row.interface_type,  # type: ignore[typeddict-item]
        "lifecycle_state": "pending" if _is_pending(row, server) else "stable",
        "port_speed": server.bandwidth,
        "type": "primary" if row.is_primary else "secondary",
    }
    if row.interface_type == "pci":
        body["allowed_vlans"] = row.allowed_vlans
    elif row.vlan is not None:
        body["vlan"] = row.vlan
        body["allow_to_float"] = row.allow_to_float
    return body
