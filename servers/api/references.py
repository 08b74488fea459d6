"""How resources point to each other: hrefs, and the short forms inside other resources."""

from dataclasses import dataclass
from typing import Any

from servers.models import Disk, Image, Key, NetworkACL, NetworkInterface, ReservedIP, RoutingTable, SecurityGroup
from servers.models import Subnet as SubnetRow
from servers.models.network import VPC as VpcRow
from trustedprofiles.models import ResourceGroup

RESOURCE_MANAGER = "https://resource-controller.cloud.ibm.com/v2/resource_groups"


@dataclass(frozen=True)
class Hrefs:
    """Absolute URLs under the ``/v1`` that the request came to."""

    base: str

    def __call__(self, *segments: str) -> str:
        return "/".join((self.base, *segments))

    def zone(self, zone: str) -> dict[str, str]:
        return {"href": self("regions", zone.rpartition("-")[0], "zones", zone), "name": zone}

    def named(self, collection: str, resource: Any, resource_type: str = "") -> dict[str, str]:
        """``{crn, href, id, name, resource_type?}``."""
        body = {
            "crn": resource.crn,
            "href": self(collection, resource.id),
            "id": resource.id,
            "name": resource.name,
        }
        return body | ({"resource_type": resource_type} if resource_type else {})

    def vpc(self, vpc: VpcRow) -> dict[str, str]:
        return self.named("vpcs", vpc, "vpc")

    def subnet(self, subnet: SubnetRow) -> dict[str, str]:
        return self.named("subnets", subnet, "subnet")

    def image(self, image: Image) -> dict[str, str]:
        return self.named("images", image, "image")

    def key(self, key: Key) -> dict[str, str]:
        return self.named("keys", key) | {"fingerprint": key.fingerprint}

    def network_acl(self, acl: NetworkACL) -> dict[str, str]:
        return self.named("network_acls", acl)

    def security_group(self, group: SecurityGroup) -> dict[str, str]:
        return self.named("security_groups", group)

    def routing_table(self, table: RoutingTable) -> dict[str, str]:
        href = self("vpcs", table.vpc.id, "routing_tables", table.id)
        return {
            "crn": table.crn,
            "href": href,
            "id": table.id,
            "name": table.name,
            "resource_type": "routing_table",
        }

    def reserved_ip(self, ip: ReservedIP, subnet: SubnetRow) -> dict[str, str]:
        return {
            "address": ip.address,
            "href": self("subnets", subnet.id, "reserved_ips", ip.id),
            "id": ip.id,
            "name": ip.name,
            "resource_type": "subnet_reserved_ip",
        }

    def disk(self, disk: Disk, server_id: str) -> dict[str, str]:
        return {
            "href": self("bare_metal_servers", server_id, "disks", disk.id),
            "id": disk.id,
            "name": disk.name,
            "resource_type": "bare_metal_server_disk",
        }

    def interface(self, interface: NetworkInterface, server_id: str) -> dict[str, Any]:
        return {
            "href": self("bare_metal_servers", server_id, "network_interfaces", interface.id),
            "id": interface.id,
            "name": interface.name,
            "primary_ip": self.reserved_ip(interface.primary_ip, interface.subnet),
            "resource_type": "network_interface",
            "subnet": self.subnet(interface.subnet),
        }


def resource_group(group: ResourceGroup) -> dict[str, str]:
    return {"href": f"{RESOURCE_MANAGER}/{group.id}", "id": group.id, "name": group.name}
