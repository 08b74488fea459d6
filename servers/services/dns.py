"""The DNS servers that a VPC's own DHCP announces: the system's, those that the VPC lists, or those of its hub."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from controlplane.kernel.errors import InvalidValue, Target
from servers import catalog
from servers.models import VPC

HUB = "dns.enable_hub"
RESOLVER = "dns.resolver"
TYPE = f"{RESOLVER}.type"
SERVERS = f"{RESOLVER}.manual_servers"
DELEGATE = f"{RESOLVER}.vpc"


def configure_dns(vpc: VPC, dns: Mapping[str, Any]) -> None:
    """Apply ``{"enable_hub", "resolver": {"type", "manual_servers": [{"address", "zone_affinity"}] or None, "vpc"}}``.

    Absent properties keep their values. A zone is given by name, the VPC by its id. ``manual_servers`` is set if and
    only if the type is manual, ``vpc`` if and only if it is delegated; a VPC has no bindings when it becomes a hub, or
    ceases to be one (VPC API reference, "Update a VPC"). Raises InvalidValue; the row is not saved.
    """
    hub = dns.get("enable_hub", vpc.enable_hub)
    if hub != vpc.enable_hub and vpc.pk and vpc.dns_resolution_bindings.exists():
        raise _invalid(HUB, "the VPC has DNS resolution bindings. Delete them before you change it.")
    vpc.enable_hub = hub
    _choose_resolver(vpc, dns.get("resolver", {}))
    if vpc.enable_hub and vpc.dns_resolver_vpc is not None:
        raise _invalid(TYPE, "a hub resolves names itself: delegated requires dns.enable_hub to be false.")


def resolver_type(vpc: VPC) -> str:
    """Return ``delegated``, ``manual`` or ``system``."""
    if vpc.dns_resolver_vpc_id is not None:
        return "delegated"
    return "manual" if vpc.manual_dns_servers else "system"


def _choose_resolver(vpc: VPC, resolver: Mapping[str, Any]) -> None:
    before = resolver_type(vpc)
    kind = resolver.get("type", before)
    servers, delegate = resolver.get("manual_servers"), resolver.get("vpc")
    for owner, path, value in (("manual", SERVERS, servers), ("delegated", DELEGATE, delegate)):
        leaf = path.rpartition(".")[2]
        if kind != owner and value is not None:
            raise _invalid(path, f"only the type {owner} has one. Set the type too, or leave it out.")
        if kind != owner and before == owner and leaf not in resolver:
            raise _invalid(path, f"set it to null to change from the type {owner} to another.")
        if kind == owner and not value and (before != owner or leaf in resolver):
            raise _invalid(path, f"the type {owner} needs it.")
    if kind != "manual":
        vpc.manual_dns_servers = []
    elif servers:
        vpc.manual_dns_servers = _stored(vpc, servers)
    if kind != "delegated":
        vpc.dns_resolver_vpc = None
    elif delegate:
        vpc.dns_resolver_vpc = _hub_of(vpc, delegate)


def _hub_of(vpc: VPC, id: str) -> VPC:
    """Return the hub with this id that the VPC is bound to. Raises InvalidValue when it is not bound to such a hub."""
    if not vpc.pk:
        raise _invalid(TYPE, "a new VPC is bound to no hub. Create a DNS resolution binding, then change the type.")
    binding = vpc.dns_resolution_bindings.filter(other__id=id).select_related("other").first()
    if binding is None or not binding.other.enable_hub:
        raise _invalid(DELEGATE, "it must be the hub of a DNS resolution binding of this VPC.")
    return binding.other


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
