"""Subnets."""

import ipaddress

from django.db import transaction

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
from servers.services.references import References
from servers.services.routing_tables import require_no_ingress
from servers.services.row_locks import lock_row, make_room
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget

KEPT = ""
"""In place of a reference: it stays as it is. None removes it."""
PROVIDER_ADDRESSES = {
    0: "ibm-network-address",
    1: "ibm-default-gateway",
    2: "ibm-dns-address",
    3: "ibm-reserved-address",
    -1: "ibm-broadcast-address",
}


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
    """Make a subnet of a range, or of so many addresses of a zone, with the five addresses that the provider keeps.

    References are ids; ACL, routing table and group are the defaults without. Raises Refusals naming all that is wrong,
    Conflict for a range that is used or used up, NotUnique, OverQuota.
    """
    references = References()
    found = references.find("vpc", VPC.objects.filter(account=account, region=region, id=vpc).first())
    if found is None:
        raise Refusals(references.refusals)
    make_room("subnets", within=found, beside=found.subnets.all())
    subnet = Subnet(
        name=name or random_name(),
        account=account,
        region=region,
        vpc=found,
        network_acl=found.default_network_acl,
        routing_table=found.default_routing_table,
        created_at=clock.now(),
    )
    with references.noting():
        subnet.resource_group = group_for(account, resource_group)
    with references.noting():
        if network_acl:
            subnet.network_acl = _network_acl(found, network_acl, "network_acl")
    with references.noting():
        if routing_table:
            subnet.routing_table = _routing_table(found, routing_table, "routing_table")
    with references.noting():
        subnet.zone, subnet.ipv4_cidr_block = _place(found, ipv4_cidr_block, total_ipv4_address_count, zone)
    with references.noting():
        if public_gateway:
            subnet.public_gateway = _public_gateway(subnet, public_gateway, "public_gateway")
    references.settle()
    subnet.id = ids.zonal_id(subnet.zone)
    save_named(subnet)
    _keep_provider_addresses(subnet)
    record_change(f"{events.SUBNET}.create", subnet, by=by, status=201)
    return subnet


@transaction.atomic
def update_subnet(
    subnet: Subnet,
    *,
    name: str | None = None,
    network_acl: str | None = None,
    routing_table: str | None = None,
    public_gateway: str | None = KEPT,
    by: Party,
) -> Subnet:
    """Change what is given; references are ids. ``public_gateway`` None detaches it.

    Raises Refusals naming all that is wrong with them, NotUnique.
    """
    vpc = lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    subnet.name = name or subnet.name
    references = References()
    with references.noting():
        if public_gateway != KEPT:
            subnet.public_gateway = (
                _public_gateway(subnet, public_gateway, "public_gateway") if public_gateway else None
            )
    with references.noting():
        if network_acl:
            subnet.network_acl = _network_acl(vpc, network_acl, "network_acl")
    with references.noting():
        if routing_table:
            subnet.routing_table = _routing_table(vpc, routing_table, "routing_table")
    references.settle()
    save_named(subnet)
    record_change(f"{events.SUBNET}.update", subnet, by=by)
    return subnet


@transaction.atomic
def replace_network_acl(subnet: Subnet, network_acl: str, *, by: Party) -> NetworkACL:
    """Raises BadField, InvalidValue for an ACL of another VPC."""
    vpc = lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    subnet.network_acl = found = _network_acl(vpc, network_acl, "id")
    subnet.save(update_fields=["network_acl"])
    record_change(f"{events.SUBNET_NETWORK_ACL}.update", subnet, by=by, status=201)
    return found


@transaction.atomic
def replace_routing_table(subnet: Subnet, routing_table: str, *, by: Party) -> RoutingTable:
    """Raises BadField, InvalidValue for a table of another VPC or one for incoming traffic."""
    vpc = lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    subnet.routing_table = found = _routing_table(vpc, routing_table, "id")
    subnet.save(update_fields=["routing_table"])
    record_change(f"{events.SUBNET_ROUTING_TABLE}.attach", subnet, by=by, status=201)
    return found


@transaction.atomic
def attach_public_gateway(subnet: Subnet, public_gateway: str, *, by: Party) -> PublicGateway:
    """In place of the one that is attached. Raises BadField, InvalidValue for one of another VPC or zone."""
    lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    subnet.public_gateway = found = _public_gateway(subnet, public_gateway, "id")
    subnet.save(update_fields=["public_gateway"])
    record_change(f"{events.SUBNET_PUBLIC_GATEWAY}.attach", subnet, by=by, status=201)
    return found


@transaction.atomic
def detach_public_gateway(subnet: Subnet, *, by: Party) -> None:
    """Raises NotFound when none is attached."""
    lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    if subnet.public_gateway is None:
        raise NotFound("No public gateway is attached to the subnet.")
    subnet.public_gateway = None
    subnet.save(update_fields=["public_gateway"])
    record_change(f"{events.SUBNET_PUBLIC_GATEWAY}.detach", subnet, by=by, status=204)


@transaction.atomic
def delete_subnet(subnet: Subnet, *, by: Party) -> None:
    """Its reserved IPs go along. Raises Conflict while an interface is in it."""
    lock_row(subnet.vpc)
    subnet = lock_row(subnet)
    for model in (NetworkInterface, VirtualNetworkInterface):
        rows = model._default_manager.filter(subnet=subnet).order_by("pk")
        if names := list(rows.values_list("name", flat=True)[:5]):
            raise Conflict(
                f"The subnet still has a {model._meta.verbose_name}: {', '.join(names)}. Delete what is in it first.",
                code="subnet_in_use_network_interface_exists",
            )
    record_change(f"{events.SUBNET}.delete", subnet, by=by, status=204)
    forget(subnet.crn)
    subnet.delete()


def _network_acl(vpc: VPC, id: str, path: str) -> NetworkACL:
    """The ACL, held: it is there until the subnet that names it is."""
    found = NetworkACL.objects.filter(account=vpc.account_id, region=vpc.region, id=id).first()
    if found is None:
        raise _not_found(path, "network ACL")
    if found.vpc_id != vpc.pk:
        raise InvalidValue(f"{path}: the network ACL must be of the subnet's VPC.", target=Target(path))
    return lock_row(found)


def _routing_table(vpc: VPC, id: str, path: str) -> RoutingTable:
    """Whoever deletes one holds the VPC, as the caller does."""
    found = RoutingTable.objects.filter(vpc__account=vpc.account_id, vpc__region=vpc.region, id=id).first()
    if found is None:
        raise _not_found(path, "routing table")
    if found.vpc_id != vpc.pk:
        raise InvalidValue(f"{path}: the routing table must be of the subnet's VPC.", target=Target(path))
    require_no_ingress(found, path=path)
    return found


def _public_gateway(subnet: Subnet, id: str, path: str) -> PublicGateway:
    """Whoever deletes one holds the VPC, as the caller does."""
    rows = PublicGateway.objects.select_related("vpc", "resource_group", "floating_ip")
    found = rows.filter(account=subnet.account_id, region=subnet.region, id=id).first()
    if found is None:
        raise _not_found(path, "public gateway")
    if found.vpc_id != subnet.vpc_id or subnet.zone not in ("", found.zone):
        raise InvalidValue(f"{path}: the public gateway must be of the subnet's VPC and zone.", target=Target(path))
    return found


def _place(vpc: VPC, cidr: str, count: int, zone: str) -> tuple[str, str]:
    """Zone and range of a subnet to be. Raises Refusals, BadField, InvalidValue, Conflict."""
    if zone and zone not in catalog.regions()[vpc.region].zones:
        raise BadField(f"zone names no zone of {vpc.region}.", target=Target("zone"))
    taken = list(vpc.subnets.values_list("ipv4_cidr_block", flat=True))
    if cidr:
        return _place_range(vpc, cidr, zone, taken), cidr
    target = Target("total_ipv4_address_count")
    prefix = vpc.address_prefixes.filter(zone=zone, is_default=True).first()
    if prefix is None:
        raise Conflict(
            f"The VPC has no default address prefix in {zone}. Make one, or name an ipv4_cidr_block.", target=target
        )
    free = first_free_range(prefix.cidr, size=count, taken=taken)
    if free is None:
        raise Conflict(
            f"The address prefix {prefix.cidr} has no {count} free addresses in a row. Ask for fewer.", target=target
        )
    return zone, free


def _place_range(vpc: VPC, cidr: str, zone: str, taken: list[str]) -> str:
    """The zone of the address prefix that the range lies in."""
    target = Target("ipv4_cidr_block")
    if problem := range_problem(cidr):
        raise InvalidValue(f"ipv4_cidr_block {problem}", target=target)
    prefixes = vpc.address_prefixes.order_by("pk")
    prefix = next((prefix for prefix in prefixes if is_within(cidr, prefix.cidr)), None)
    if prefix is None:
        known = ", ".join(each.cidr for each in prefixes) or "none"
        raise InvalidValue(f"ipv4_cidr_block must be within an address prefix of the VPC: {known}.", target=target)
    if zone not in ("", prefix.zone):
        raise InvalidValue(f"zone must be that of the address prefix, {prefix.zone}.", target=Target("zone"))
    if other := first_overlap(cidr, taken):
        raise Conflict(f"ipv4_cidr_block overlaps the subnet {other} of the VPC. Choose another range.", target=target)
    return prefix.zone


def _keep_provider_addresses(subnet: Subnet) -> None:
    network = ipaddress.IPv4Network(subnet.ipv4_cidr_block)
    ReservedIP.objects.bulk_create(
        ReservedIP(
            id=ids.zonal_id(subnet.zone),
            name=kept_as,
            subnet=subnet,
            address=str(network[position]),
            auto_delete=False,
            owner="provider",
            created_at=subnet.created_at,
        )
        for position, kept_as in PROVIDER_ADDRESSES.items()
    )


def _not_found(path: str, kind: str) -> BadField:
    return BadField(f"{path} names no {kind} that exists here.", target=Target(path))
