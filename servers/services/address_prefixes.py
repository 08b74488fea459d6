"""Address prefixes: the ranges in the zones of a VPC from which subnets are allocated."""

from collections.abc import Iterator

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, BadField, Conflict, InvalidValue, Refusals, Target
from servers import catalog, events
from servers.addressing import RESERVED_RANGES, first_overlap, is_within, range_problem
from servers.events import record_change
from servers.models import VPC, AddressPrefix
from servers.services.naming import random_name
from servers.services.resource_changes import lock_both, save_change
from servers.services.row_locks import make_room

ZONE_STEP = 64
"""Third octet between the default prefixes of two zones: 10.<octet>.0.0/18, 10.<octet>.64.0/18 and so on."""


def add_default_prefixes(vpc: VPC) -> None:
    """Add one prefix for each zone of the region (VPC documentation, "Configuring address prefixes")."""
    region = catalog.regions()[vpc.region]
    for position, zone in enumerate(region.zones):
        _prefix(vpc, zone, f"10.{region.default_prefix_octet}.{position * ZONE_STEP}.0/18", is_default=True).save()


@transaction.atomic
def create_address_prefix(
    vpc: VPC, *, cidr: str, zone: str, is_default: bool = False, name: str = "", by: Party
) -> AddressPrefix:
    """Create an address prefix in a VPC.

    Raises Refusals with all problems of range and zone, NotUnique, OverQuota.
    """
    make_room("address_prefixes", within=vpc, beside=vpc.address_prefixes.all())
    if problems := list(_problems(vpc, cidr, zone, is_default=is_default)):
        raise Refusals(problems)
    prefix = _prefix(vpc, zone, cidr, is_default=is_default, name=name)
    return save_change(prefix, f"{events.ADDRESS_PREFIX}.create", vpc, by=by, status=201)


@transaction.atomic
def update_address_prefix(
    prefix: AddressPrefix, *, is_default: bool | None = None, name: str | None = None, by: Party
) -> AddressPrefix:
    """Change the given properties. Raises NotUnique, and Conflict when the zone has another default prefix."""
    vpc, prefix = lock_both(prefix.vpc, prefix)
    if is_default and not prefix.is_default:
        _refuse_second_default(vpc, prefix.zone)
    prefix.is_default = prefix.is_default if is_default is None else is_default
    prefix.name = name or prefix.name
    return save_change(prefix, f"{events.ADDRESS_PREFIX}.update", vpc, by=by)


@transaction.atomic
def delete_address_prefix(prefix: AddressPrefix, *, by: Party) -> None:
    """Delete an address prefix. Raises Conflict while a subnet has addresses from it."""
    vpc, prefix = lock_both(prefix.vpc, prefix)
    users = [subnet.name for subnet in vpc.subnets.all() if is_within(subnet.ipv4_cidr_block, prefix.cidr)]
    if users:
        raise Conflict(
            f"Subnets use addresses of this prefix: {', '.join(users)}. Delete them first.",
            code="address_prefix_in_use_subnet_exists",
        )
    prefix.delete()
    record_change(f"{events.ADDRESS_PREFIX}.delete", vpc, by=by, status=204)


def _prefix(vpc: VPC, zone: str, cidr: str, *, is_default: bool, name: str = "") -> AddressPrefix:
    return AddressPrefix(
        id=ids.regional_id(vpc.region),
        name=name or random_name(),
        vpc=vpc,
        zone=zone,
        cidr=cidr,
        is_default=is_default,
        created_at=clock.now(),
    )


def _problems(vpc: VPC, cidr: str, zone: str, *, is_default: bool) -> Iterator[ApiError]:
    target = Target("cidr")
    if problem := range_problem(cidr):
        yield InvalidValue(f"cidr {problem}", target=target)
    elif reserved := first_overlap(cidr, RESERVED_RANGES):
        yield InvalidValue(f"cidr overlaps {reserved}, which is reserved. Choose another range.", target=target)
    elif other := first_overlap(cidr, vpc.address_prefixes.values_list("cidr", flat=True)):
        yield Conflict(f"cidr overlaps the address prefix {other} of the VPC. Choose another range.", target=target)
    if zone not in catalog.regions()[vpc.region].zones:
        yield BadField(f"zone names no zone of {vpc.region}.", target=Target("zone"))
    if is_default:
        try:
            _refuse_second_default(vpc, zone)
        except Conflict as refusal:
            yield refusal


def _refuse_second_default(vpc: VPC, zone: str) -> None:
    if (other := vpc.address_prefixes.filter(zone=zone, is_default=True).first()) is not None:
        raise Conflict(
            f"{other.name} is the default address prefix of {zone}. Set is_default to false there first.",
            code="default_address_prefix_exists",
            target=Target("is_default"),
        )
