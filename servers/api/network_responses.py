"""Network interfaces and attachments of bare metal servers, as the VPC API answers them."""

from controlplane.kernel import timestamps
from servers.api import server_response_types as shapes
from servers.api.reference_responses import Hrefs
from servers.models import BareMetalServer, NetworkAttachment, NetworkInterface
from servers.network_connections import Port, port_of


def interface_body(
    row: NetworkInterface | NetworkAttachment, server: BareMetalServer, hrefs: Hrefs
) -> shapes.BareMetalServerNetworkInterface:
    """A network interface; an attachment shows as one, read-only."""
    port = port_of(row)
    holder = port.holder
    body: shapes.BareMetalServerNetworkInterface = {
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
    """Until the server is made; and, of a PCI one that was added while the server was stopped, until the next start."""
    return row.awaits_start or server.status == BareMetalServer.Status.PENDING


def attachment_reference(
    row: NetworkAttachment, instance_id: str, hrefs: Hrefs
) -> shapes.BareMetalServerNetworkAttachmentReference:
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


def attachment_body(
    row: NetworkAttachment, server: BareMetalServer, hrefs: Hrefs
) -> shapes.BareMetalServerNetworkAttachment:
    body: shapes.BareMetalServerNetworkAttachment = {
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
