"""References between resources: their URLs, and their short forms inside other resources."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from servers.api import shared_responses
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
    """Absolute URLs under the ``/v1`` that received the request."""

    base: str
    version: date = date.max
    """The requested API version, on which some property names depend."""

    def __call__(self, *segments: str) -> str:
        return "/".join((self.base, *segments))

    def zone(self, zone: str) -> shared_responses.NamedReference:
        return {"href": self("regions", zone.rpartition("-")[0], "zones", zone), "name": zone}

    def reference(self, collection: str, resource: Any) -> shared_responses.Reference:
        return {
            "crn": resource.crn,
            "href": self(collection, resource.id),
            "id": resource.id,
            "name": resource.name,
        }

    def vpc(self, vpc: VPC) -> shared_responses.VPCReference:
        return {**self.reference("vpcs", vpc), "resource_type": "vpc"}

    def subnet(self, subnet: Subnet) -> shared_responses.SubnetReference:
        return {**self.reference("subnets", subnet), "resource_type": "subnet"}

    def image(self, image: Image) -> shared_responses.ImageReference:
        return {**self.reference("images", image), "resource_type": "image"}

    def key(self, key: Key) -> shared_responses.KeyReference:
        return {**self.reference("keys", key), "fingerprint": key.fingerprint}

    def network_acl(self, acl: NetworkACL) -> shared_responses.Reference:
        return self.reference("network_acls", acl)

    def security_group(self, group: SecurityGroup) -> shared_responses.Reference:
        return self.reference("security_groups", group)

    def routing_table(self, table: RoutingTable) -> shared_responses.RoutingTableReference:
        return {
            "crn": table.crn,
            "href": self("vpcs", table.vpc.id, "routing_tables", table.id),
            "id": table.id,
            "name": table.name,
            "resource_type": "routing_table",
        }

    def public_gateway(self, gateway: PublicGateway) -> shared_responses.PublicGatewayReference:
        return {**self.reference("public_gateways", gateway), "resource_type": "public_gateway"}

    def reservation(self, reservation: Reservation) -> shared_responses.ReservationReference:
        return {**self.reference("reservations", reservation), "resource_type": "reservation"}

    def virtual_network_interface(
        self, vni: VirtualNetworkInterface
    ) -> shared_responses.VirtualNetworkInterfaceReference:
        return {
            **self.reference("virtual_network_interfaces", vni),
            "resource_type": "virtual_network_interface",
        }

    def reserved_ip(self, ip: ReservedIP, subnet: Subnet) -> shared_responses.ReservedIPReference:
        return {
            "address": ip.address,
            "href": self("subnets", subnet.id, "reserved_ips", ip.id),
            "id": ip.id,
            "name": ip.name,
            "resource_type": "subnet_reserved_ip",
        }

    def primary_address(self, ip: ReservedIP, subnet: Subnet) -> shared_responses.PrimaryAddress:
        """Return the property that contains the address of a network interface in the requested version."""
        return primary_address(self.reserved_ip(ip, subnet), self.version)

    def floating_ip(self, ip: FloatingIP) -> shared_responses.FloatingIPReference:
        return {**self.reference("floating_ips", ip), "address": ip.address}

    def disk(self, disk: Disk, instance_id: str) -> shared_responses.DiskReference:
        return {
            "href": self("bare_metal_servers", instance_id, "disks", disk.id),
            "id": disk.id,
            "name": disk.name,
            "resource_type": "bare_metal_server_disk",
        }

    def interface(self, port: Port, instance_id: str) -> shared_responses.NetworkInterfaceReference:
        """Return the reference to a network interface, or to an attachment, shown with its own id and name."""
        return {
            "href": self("bare_metal_servers", instance_id, "network_interfaces", port.id),
            "id": port.id,
            "name": port.name,
            **self.primary_address(port.primary_ip, port.subnet),
            "resource_type": "network_interface",
            "subnet": self.subnet(port.subnet),
        }


def resource_group(group: ResourceGroup) -> shared_responses.ResourceGroupReference:
    return {"href": f"{RESOURCE_MANAGER}/{group.id}", "id": group.id, "name": group.name}
