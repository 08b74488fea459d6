"""Subnets."""

import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, NotFound, Refusals, Target
from servers import catalog, events
from servers.addressing import first_free_range, first_overlap, is_within, range_problem
from servers.events import record_change
from servers.models import (
    VPC,
    NetworkACL,
    NetworkInterface,
    PublicGateway,
    ReservedIP,
    RoutingTable,
    Subnet,
    VirtualNetworkInterface,
)
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import References, require_row
from servers.services.resource_changes import delete_resource, lock_both, save_change
from servers.services.routing_tables import require_no_ingress
from servers.services.row_locks import lock_row, make_room
from trustedprofiles.models import Account

PROVIDER_ADDRESSES = {
    0: "ibm-network-address",
    1: "ibm-default-gateway",
    2: "ibm-dns-address",
    3: "ibm-reserved-address",
    -1: "ibm-broadcast-address",
}
A = TypeVar("A", NetworkACL, RoutingTable, PublicGateway)
Find = Callable[[Subnet, str, str], A]


@transaction.atomic
def create_subnet(
    account: Account,
    *,
    region: str,
    vpc: str,
    ipv4_cidr_block: str = "",
    total_ipv4_address_count: int = 0,
    zone: str = "",
    name: str = "",
    network_acl: str = "",
    routing_table: str = "",
    public_gateway: str = "",
    resource_group: str = "",
    by: Party,
) -> Subnet:
    """Create a subnet with a given range, or with a number of addresses in a zone.

    The five addresses that the provider keeps are reserved. References are ids; ACL, routing table and group are the
    defaults when they are not given. Raises Refusals with all problems, Conflict for a range that is used or used up,
    NotUnique, OverQuota.
    """
    references = References()
    parent = references.find("vpc", VPC.objects.filter(account=account, region=region, id=vpc).first())
    if parent is None:
        raise Refusals(references.refusals)
    make_room("subnets", within=parent, beside=parent.subnets.all())
    subnet = Subnet(
        name=name or random_name(),
        account=account,
        region=region,
        vpc=parent,
        network_acl=parent.default_network_acl,
        routing_table=parent.default_routing_table,
        created_at=clock.now(),
    )
    with references.noting():
        subnet.resource_group = group_for(account, resource_group)
    _attach_named(subnet, references, network_acl=network_acl, routing_table=routing_table)
    with references.noting():
        subnet.zone, subnet.ipv4_cidr_block = _place(parent, ipv4_cidr_block, total_ipv4_address_count, zone)
    _attach_named(subnet, references, public_gateway=public_gateway)
    references.settle()
    subnet.id = ids.zonal_id(subnet.zone)
    save_named(subnet)
    _reserve_provider_addresses(subnet)
    record_change(f"{events.SUBNET}.create", subnet, by=by, status=201)
    return subnet


@transaction.atomic
def update_subnet(
    subnet: Subnet,
    *,
    name: str | None = None,
    network_acl: str | None = None,
    routing_table: str | None = None,
    public_gateway: str | None = "",
    by: Party,
) -> Subnet:
    """Change the given properties; references are ids.

    ``public_gateway`` None detaches the gateway, and an empty one leaves it unchanged. Raises Refusals with all
    problems of the references, NotUnique.
    """
    _, subnet = lock_both(subnet.vpc, subnet)
    subnet.name = name or subnet.name
    references = References()
    if public_gateway is None:
        subnet.public_gateway = None
    _attach_named(
        subnet, references, public_gateway=public_gateway, network_acl=network_acl, routing_table=routing_table
    )
    references.settle()
    return save_change(subnet, f"{events.SUBNET}.update", subnet, by=by)


def replace_network_acl(subnet: Subnet, network_acl: str, *, by: Party) -> NetworkACL:
    """Replace the network ACL of a subnet. Raises BadField, InvalidValue for an ACL of another VPC."""
    return _attach(subnet, "network_acl", network_acl, _network_acl, f"{events.SUBNET_NETWORK_ACL}.update", by=by)


def replace_routing_table(subnet: Subnet, routing_table: str, *, by: Party) -> RoutingTable:
    """Replace the routing table of a subnet.

    Raises BadField, InvalidValue for a table of another VPC or one for incoming traffic.
    """
    event = f"{events.SUBNET_ROUTING_TABLE}.attach"
    return _attach(subnet, "routing_table", routing_table, _routing_table, event, by=by)


def attach_public_gateway(subnet: Subnet, public_gateway: str, *, by: Party) -> PublicGateway:
    """Attach a public gateway, in place of the one that is attached.

    Raises BadField, InvalidValue for a gateway of another VPC or zone.
    """
    event = f"{events.SUBNET_PUBLIC_GATEWAY}.attach"
    return _attach(subnet, "public_gateway", public_gateway, _public_gateway, event, by=by)


@transaction.atomic
def _attach(subnet: Subnet, column: str, id: str, find: Find[A], event: str, *, by: Party) -> A:
    """Attach the resource with this id to the subnet, in place of the one that is attached."""
    _, subnet = lock_both(subnet.vpc, subnet)
    resource = find(subnet, id, "id")
    setattr(subnet, column, resource)
    subnet.save(update_fields=[column])
    record_change(event, subnet, by=by, status=201)
    return resource


@transaction.atomic
def detach_public_gateway(subnet: Subnet, *, by: Party) -> None:
    """Detach the public gateway of a subnet. Raises NotFound when none is attached."""
    _, subnet = lock_both(subnet.vpc, subnet)
    if subnet.public_gateway is None:
        raise NotFound("No public gateway is attached to the subnet.")
    subnet.public_gateway = None
    subnet.save(update_fields=["public_gateway"])
    record_change(f"{events.SUBNET_PUBLIC_GATEWAY}.detach", subnet, by=by, status=204)


@transaction.atomic
def delete_subnet(subnet: Subnet, *, by: Party) -> None:
    """Delete a subnet with its reserved IPs. Raises Conflict while an interface is in it."""
    _, subnet = lock_both(subnet.vpc, subnet)
    for model in (NetworkInterface, VirtualNetworkInterface):
        rows = model._default_manager.filter(subnet=subnet).order_by("pk")
        if names := list(rows.values_list("name", flat=True)[:5]):
            raise Conflict(
                f"The subnet still has a {model._meta.verbose_name}: {', '.join(names)}. Delete what is in it first.",
                code="subnet_in_use_network_interface_exists",
            )
    delete_resource(subnet, f"{events.SUBNET}.delete", subnet, by=by)


def _network_acl(subnet: Subnet, id: str, path: str) -> NetworkACL:
    """Lock and return the ACL, so that it exists until the subnet that names it is saved."""
    rows = NetworkACL.objects.filter(account=subnet.account_id, region=subnet.region, id=id)
    acl = require_row(rows.first(), path, "network ACL that exists here")
    _require_place(acl, acl.vpc_id == subnet.vpc_id, "VPC", path)
    return lock_row(acl)


def _routing_table(subnet: Subnet, id: str, path: str) -> RoutingTable:
    """Return the routing table. It cannot be deleted meanwhile, because the caller has locked the VPC."""
    rows = RoutingTable.objects.filter(vpc__account=subnet.account_id, vpc__region=subnet.region, id=id)
    table = require_row(rows.first(), path, "routing table that exists here")
    _require_place(table, table.vpc_id == subnet.vpc_id, "VPC", path)
    require_no_ingress(table, path=path)
    return table


def _public_gateway(subnet: Subnet, id: str, path: str) -> PublicGateway:
    """Return the public gateway. It cannot be deleted meanwhile, because the caller has locked the VPC."""
    rows = PublicGateway.objects.filter(account=subnet.account_id, region=subnet.region, id=id)
    rows = rows.select_related("vpc", "resource_group", "floating_ip")
    gateway = require_row(rows.first(), path, "public gateway that exists here")
    is_near = gateway.vpc_id == subnet.vpc_id and subnet.zone in ("", gateway.zone)
    _require_place(gateway, is_near, "VPC and zone", path)
    return gateway


FINDERS: dict[str, Find[Any]] = {
    "network_acl": _network_acl,
    "routing_table": _routing_table,
    "public_gateway": _public_gateway,
}
"""The functions that find, by its id, a resource to attach to a subnet; the path is that of the id in the body."""


def _attach_named(subnet: Subnet, references: References, **ids_by_column: str | None) -> None:
    """Attach the named resources without saving the subnet.

    The problems are added to ``references``, in the order of the arguments.
    """
    for column, id in ids_by_column.items():
        if id:
            with references.noting():
                setattr(subnet, column, FINDERS[column](subnet, id, column))


def _require_place(row: Model, is_near: bool, place: str, path: str) -> None:
    if not is_near:
        message = f"{path}: the {row._meta.verbose_name} must be of the subnet's {place}."
        raise InvalidValue(message, target=Target(path))


def _place(vpc: VPC, cidr: str, count: int, zone: str) -> tuple[str, str]:
    """Return the zone and the range of a new subnet. Raises Refusals, BadField, InvalidValue, Conflict."""
    if zone and zone not in catalog.regions()[vpc.region].zones:
        raise BadField(f"zone names no zone of {vpc.region}.", target=Target("zone"))
    ranges = list(vpc.subnets.values_list("ipv4_cidr_block", flat=True))
    if cidr:
        return _place_range(vpc, cidr, zone, ranges), cidr
    target = Target("total_ipv4_address_count")
    prefix = vpc.address_prefixes.filter(zone=zone, is_default=True).first()
    if prefix is None:
        raise Conflict(
            f"The VPC has no default address prefix in {zone}. Make one, or name an ipv4_cidr_block.", target=target
        )
    free = first_free_range(prefix.cidr, size=count, taken=ranges)
    if free is None:
        raise Conflict(
            f"The address prefix {prefix.cidr} has no {count} free addresses in a row. Ask for fewer.", target=target
        )
    return zone, free


def _place_range(vpc: VPC, cidr: str, zone: str, ranges: list[str]) -> str:
    """Return the zone of the address prefix that contains the range.

    Raises InvalidValue, and Conflict when another subnet of the VPC overlaps it.
    """
    target = Target("ipv4_cidr_block")
    if problem := range_problem(cidr):
        raise InvalidValue(f"ipv4_cidr_block {problem}", target=target)
    prefixes = vpc.address_prefixes.order_by("pk")
    prefix = next((prefix for prefix in prefixes if is_within(cidr, prefix.cidr)), None)
    if prefix is None:
        cidrs = ", ".join(each.cidr for each in prefixes) or "none"
        raise InvalidValue(f"ipv4_cidr_block must be within an address prefix of the VPC: {cidrs}.", target=target)
    if zone not in ("", prefix.zone):
        raise InvalidValue(f"zone must be that of the address prefix, {prefix.zone}.", target=Target("zone"))
    if other := first_overlap(cidr, ranges):
        raise Conflict(f"ipv4_cidr_block overlaps the subnet {other} of the VPC. Choose another range.", target=target)
    return prefix.zone


def _reserve_provider_addresses(subnet: Subnet) -> None:
    network = ipaddress.IPv4Network(subnet.ipv4_cidr_block)
    ReservedIP.objects.bulk_create(
        ReservedIP(
            id=ids.zonal_id(subnet.zone),
            name=name,
            subnet=subnet,
            address=str(network[position]),
            auto_delete=False,
            owner="provider",
            created_at=subnet.created_at,
        )
        for position, name in PROVIDER_ADDRESSES.items()
    )
