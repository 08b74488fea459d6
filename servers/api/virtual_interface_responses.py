"""Virtual network interfaces as the VPC API returns them."""

from typing import Literal, NotRequired

from controlplane.kernel import timestamps
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_responses import (
    IdentifiedReference,
    InVpc,
    NamedReference,
    Reference,
    ReservedIPReference,
    SubnetReference,
    VirtualNetworkInterfaceReference,
)
from servers.models import VirtualNetworkInterface as Row


class NetworkAttachmentTarget(IdentifiedReference):
    resource_type: Literal["bare_metal_server_network_attachment"]


class VirtualNetworkInterface(VirtualNetworkInterfaceReference, InVpc):
    allow_ip_spoofing: bool
    auto_delete: bool
    enable_infrastructure_nat: bool
    ips: list[ReservedIPReference]
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]
    mac_address: str
    primary_ip: ReservedIPReference
    protocol_state_filtering_mode: Literal["auto", "disabled", "enabled"]
    security_groups: list[Reference]
    subnet: SubnetReference
    target: NotRequired[NetworkAttachmentTarget]
    zone: NamedReference


def virtual_interface_body(row: Row, hrefs: Hrefs, *, deleting: bool = False) -> VirtualNetworkInterface:
    """Return the body of a row of ``VirtualInterfaceView.rows``."""
    addresses = sorted(row.ips.all(), key=lambda ip: (ip.pk != row.primary_ip_id, ip.pk))
    body: VirtualNetworkInterface = {
        **hrefs.virtual_network_interface(row),
        "allow_ip_spoofing": row.allow_ip_spoofing,
        "auto_delete": row.auto_delete,
        "created_at": timestamps.seconds(row.created_at),
        "enable_infrastructure_nat": row.enable_infrastructure_nat,
        "ips": [hrefs.reserved_ip(ip, row.subnet) for ip in addresses],
        "lifecycle_state": "deleting" if deleting else "stable",
        "mac_address": row.mac_address,
        "primary_ip": hrefs.reserved_ip(row.primary_ip, row.subnet),
        "protocol_state_filtering_mode": row.protocol_state_filtering_mode,  # type: ignore[typeddict-item]
        "resource_group": resource_group(row.resource_group),
        "security_groups": [hrefs.security_group(group) for group in row.security_groups.all()],
        "subnet": hrefs.subnet(row.subnet),
        "vpc": hrefs.vpc(row.vpc),
        "zone": hrefs.zone(row.zone),
    }
    if attachment := getattr(row, "attachment", None):
        body["target"] = {
            "href": hrefs("bare_metal_servers", attachment.server.id, "network_attachments", attachment.id),
            "id": attachment.id,
            "name": attachment.name,
            "resource_type": "bare_metal_server_network_attachment",
        }
    return body
