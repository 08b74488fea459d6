"""VPCs, subnets, reserved IPs and keys as the VPC API answers them."""

import ipaddress
from typing import Any

from controlplane.kernel import timestamps
from servers import catalog
from servers.api.references import Hrefs, resource_group
from servers.models import VPC, Key, ReservedIP

DNS_SERVERS = ("161.26.0.10", "161.26.0.11")


def vpc_body(vpc: VPC, hrefs: Hrefs) -> dict[str, Any]:
    assert vpc.default_network_acl and vpc.default_security_group and vpc.default_routing_table  # noqa: S101, PT018
    zones = catalog.regions()[vpc.region].zones
    return hrefs.vpc(vpc) | {
        "classic_access": False,
        "created_at": timestamps.seconds(vpc.created_at),
        "cse_source_ips": [
            {"ip": {"address": f"10.12.{vpc.number % 256}.{number}"}, "zone": hrefs.zone(zone)}
            for number, zone in enumerate(zones, start=1)
        ],
        "default_network_acl": hrefs.network_acl(vpc.default_network_acl),
        "default_routing_table": hrefs.routing_table(vpc.default_routing_table),
        "default_security_group": hrefs.security_group(vpc.default_security_group),
        "dns": {
            "enable_hub": False,
            "resolution_binding_count": 0,
            "resolver": {
                "type": "system",
                "configuration": "default",
                "servers": [{"address": address} for address in DNS_SERVERS],
            },
        },
        "health_reasons": [],
        "health_state": "ok",
        "public_address_ranges": [],
        "resource_group": resource_group(vpc.resource_group),
        "status": "available",
    }


def subnet_body(subnet: Any, hrefs: Hrefs) -> dict[str, Any]:
    """Subnet, as ``selectors.subnets_of`` finds it."""
    total = ipaddress.IPv4Network(subnet.ipv4_cidr_block).num_addresses
    return hrefs.subnet(subnet) | {
        "available_ipv4_address_count": total - subnet.taken,
        "created_at": timestamps.seconds(subnet.created_at),
        "ip_version": "ipv4",
        "ipv4_cidr_block": subnet.ipv4_cidr_block,
        "network_acl": hrefs.network_acl(subnet.network_acl),
        "resource_group": resource_group(subnet.resource_group),
        "routing_table": hrefs.routing_table(subnet.routing_table),
        "status": "available",
        "total_ipv4_address_count": total,
        "vpc": hrefs.vpc(subnet.vpc),
        "zone": hrefs.zone(subnet.zone),
    }


def reserved_ip_body(ip: ReservedIP, hrefs: Hrefs) -> dict[str, Any]:
    body: dict[str, Any] = hrefs.reserved_ip(ip, ip.subnet) | {
        "auto_delete": ip.auto_delete,
        "created_at": timestamps.seconds(ip.created_at),
        "lifecycle_state": "stable",
        "owner": ip.owner,
    }
    if interface := getattr(ip, "network_interface", None):
        href = hrefs("bare_metal_servers", interface.server.id, "network_interfaces", interface.id)
        body["target"] = {
            "href": href,
            "id": interface.id,
            "name": interface.name,
            "resource_type": "network_interface",
        }
    return body


def key_body(key: Key, hrefs: Hrefs) -> dict[str, Any]:
    return hrefs.key(key) | {
        "created_at": timestamps.seconds(key.created_at),
        "length": key.length,
        "public_key": key.public_key,
        "resource_group": resource_group(key.resource_group),
        "type": key.type,
    }
