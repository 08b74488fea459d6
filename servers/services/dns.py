"""Which DNS servers a VPC's own DHCP names: the system's, or others that the VPC lists."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from controlplane.kernel.errors import InvalidValue, Target
from servers import catalog
from servers.models import VPC

RESOLVER = "dns.resolver"
SERVERS = f"{RESOLVER}.manual_servers"


def configure_dns(vpc: VPC, dns: Mapping[str, Any]) -> None:
    """Apply ``{"enable_hub", "resolver": {"type", "manual_servers": [{"address", "zone_affinity"}] or None}}``.

    What is absent stays. A zone is known by name. ``manual_servers`` is set if and only if the type is manual (VPC API
    reference, "Update a VPC"). Raises InvalidValue; the row is not saved.
    """
    vpc.enable_hub = dns.get("enable_hub", vpc.enable_hub)
    resolver = dns.get("resolver", {})
    was_manual = bool(vpc.manual_dns_servers)
    kind = resolver.get("type", "manual" if was_manual else "system")
    if kind == "delegated" or resolver.get("vpc") is not None:
        raise _invalid(f"{RESOLVER}.type", "no VPC resolves for this one. Choose system or manual.")
    servers = resolver.get("manual_servers")
    if kind == "manual":
        if servers:
            vpc.manual_dns_servers = _stored(vpc, servers)
        elif not was_manual or "manual_servers" in resolver:
            raise _invalid(SERVERS, "the type manual needs at least one server.")
    elif servers is not None:
        raise _invalid(SERVERS, "only the type manual has servers of its own. Set the type too, or leave them out.")
    elif was_manual and "manual_servers" not in resolver:
        raise _invalid(SERVERS, "set it to null to change from manual servers to the system's.")
    else:
        vpc.manual_dns_servers = []


def _stored(vpc: VPC, servers: list[dict[str, str]]) -> list[dict[str, str]]:
    for position, server in enumerate(servers):
        try:
            ipaddress.IPv4Address(server["address"])
        except ValueError:
            raise _invalid(f"{SERVERS}[{position}].address", "an IPv4 address is needed.") from None
    zones = [server["zone_affinity"] for server in servers if "zone_affinity" in server]
    if zones and (len(zones) != len(servers) or sorted(zones) != sorted(catalog.regions()[vpc.region].zones)):
        raise _invalid(SERVERS, "either no server has a zone_affinity, or there is exactly one for each zone.")
    return [{"address": server["address"]} | ({"zone": server["zone_affinity"]} if zones else {}) for server in servers]


def _invalid(path: str, message: str) -> InvalidValue:
    return InvalidValue(f"{path}: {message}", target=Target(path))
