"""How resources point to each other: hrefs, and the short forms inside other resources."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from servers.api import response_types, server_response_types
from servers.api.dated_behaviour import primary_address
from servers.models import (
    VPC,
    Disk,
    FloatingIP,
    Image,
    Key,
    NetworkACL,
    PublicGateway,
    Reservation,
    ReservedIP,
    RoutingTable,
    SecurityGroup,
    Subnet,
    VirtualNetworkInterface,
)
from servers.network_connections import Port
from trustedprofiles.models import ResourceGroup

RESOURCE_MANAGER = "https://resource-controller.cloud.ibm.com/v2/resource_groups"


@dataclass(frozen=True)
class Hrefs:
    """Absolute URLs under the ``/v1`` that the request came to."""

    base: str
    version: date = date.max
    """The API version asked for; some words depend on it."""

    def __call__(self, *segments: str) -> str:
        return "/".join((self.base, *segments))

    def zone(self, zone: str) -> response_types.NamedReference:
        return {"href": self("regions", zone.rpartition("-")[0], "zones", zone), "name": zone}

    def reference(self, collection: str, resource: Any) -> response_types.Reference:
        return {
            "crn": resource.crn,
            "href": self(collection, resource.id),
            "id": resource.id,
            "name": resource.name,
        }

    def vpc(self, vpc: VPC) -> response_types.VPCReference:
        return {**self.reference("vpcs", vpc), "resource_type": "vpc"}

    def subnet(self, subnet: Subnet) -> response_types.SubnetReference:
        return {**self.reference("subnets", subnet), "resource_type": "subnet"}

    def image(self, image: Image) -> response_types.ImageReference:
        return {**self.reference("images", image), "resource_type": "image"}

    def key(self, key: Key) -> response_types.KeyReference:
        return {**self.reference("keys", key), "fingerprint": key.fingerprint}

    def network_acl(self, acl: NetworkACL) -> response_types.Reference:
        return self.reference("network_acls", acl)

    def security_group(self, group: SecurityGroup) -> response_types.Reference:
        return self.reference("security_groups", group)

    def routing_table(self, table: RoutingTable) -> response_types.RoutingTableReference:
        return {
            "crn": table.crn,
            "href": self("vpcs", table.vpc.id, "routing_tables", table.id),
            "id": table.id,
            "name": table.name,
            "resource_type": "routing_table",
        }

    def public_gateway(self, gateway: PublicGateway) -> response_types.PublicGatewayReference:
        return {**self.reference("public_gateways", gateway), "resource_type": "public_gateway"}

    def reservation(self, reservation: Reservation) -> server_response_types.ReservationReference:
        return {**self.reference("reservations", reservation), "resource_type": "reservation"}

    def virtual_network_interface(
        self, vni: VirtualNetworkInterface
    ) -> response_types.VirtualNetworkInterfaceReference:
        return {
            **self.reference("virtual_network_interfaces", vni),
            "resource_type": "virtual_network_interface",
        }

    def reserved_ip(self, ip: ReservedIP, subnet: Subnet) -> response_types.ReservedIPReference:
        return {
            "address": ip.address,
            "href": self("subnets", subnet.id, "reserved_ips", ip.id),
            "id": ip.id,
            "name": ip.name,
            "resource_type": "subnet_reserved_ip",
        }

    def primary_address(self, ip: ReservedIP, subnet: Subnet) -> response_types.PrimaryAddress:
        """The property of a network interface that says its address in the version asked for."""
        return primary_address(self.reserved_ip(ip, subnet), self.version)

    def floating_ip(self, ip: FloatingIP) -> response_types.FloatingIPReference:
        return {**self.reference("floating_ips", ip), "address": ip.address}

    def disk(self, disk: Disk, instance_id: str) -> response_types.DiskReference:
        return {
            "href": self("bare_metal_servers", instance_id, "disks", disk.id),
            "id": disk.id,
            "name": disk.name,
            "resource_type": "bare_metal_server_disk",
        }

    def interface(self, port: Port, instance_id: str) -> response_types.NetworkInterfaceReference:
        """Of an attachment, too: it shows as a network interface with its id and name."""
        return {
            "href": self("bare_metal_servers", instance_id, "network_interfaces", port.id),
            "id": port.id,
            "name": port.name,
            **self.primary_address(port.primary_ip, port.subnet),
            "resource_type": "network_interface",
            "subnet": self.subnet(port.subnet),
        }


def resource_group(group: ResourceGroup) -> response_types.ResourceGroupReference:
    return {"href": f"{RESOURCE_MANAGER}/{group.id}", "id": group.id, "name": group.name}
