"""Addresses, subnets, prefixes and VPCs asked for at the same moment: nothing twice, nothing over a quota."""

import ipaddress
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError, BadField, Conflict, NotFound, OverQuota, Refusals
from servers.models import VPC, AddressPrefix, ReservedIP, Subnet
from servers.services.address_prefixes import create_address_prefix, update_address_prefix
from servers.services.addresses import claim_address, reserve_address
from servers.services.reserved_ips import create_reserved_ip, delete_reserved_ip
from servers.services.subnets import PROVIDER_ADDRESSES, create_subnet, delete_subnet
from servers.services.virtual_interface_ips import bind_address
from servers.services.vpcs import create_vpc, delete_vpc
from tests.world import REGION, World, make_subnet, make_virtual_interface, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONE = f"{REGION}-1"
CALLERS = 12

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def subnet(here: World) -> Subnet:
    return make_subnet(here.account)


def sort_out(results: list[Any], refusal: type[ApiError] = Conflict) -> tuple[list[Any], list[ApiError]]:
    """What was made, and what was refused; anything else is a failure."""
    raised = [each for each in results if isinstance(each, Exception)]
    refusals = [each for each in raised if isinstance(each, ApiError) and isinstance(each.each[0], refusal)]
    assert raised == refusals
    return [each for each in results if each not in raised], refusals


def reserve(subnet: Subnet, **asked: Any) -> ReservedIP:
    with transaction.atomic():
        return reserve_address(subnet, **asked)


def overlaps(cidrs: list[str]) -> list[tuple[str, str]]:
    pairs = combinations(cidrs, 2)
    return [pair for pair in pairs if ipaddress.IPv4Network(pair[0]).overlaps(ipaddress.IPv4Network(pair[1]))]


# --- addresses -----------------------------------------------------------------------------------------------------


def test_callers_at_the_same_moment_get_the_lowest_addresses_each_its_own(subnet: Subnet, together: Together) -> None:
    successes, _ = sort_out(together([lambda: reserve(subnet)] * CALLERS))
    assert sorted(int(ip.address.rpartition(".")[2]) for ip in successes) == list(range(4, 4 + CALLERS))


def test_one_address_goes_to_one_of_those_who_ask_for_it(subnet: Subnet, together: Together) -> None:
    successes, refusals = sort_out(together([lambda: reserve(subnet, address="10.240.0.77")] * CALLERS))
    assert (len(successes), len(refusals)) == (1, CALLERS - 1)


def test_the_last_addresses_go_out_once_and_then_none(here: World, together: Together) -> None:
    small = make_subnet(here.account, cidr="10.240.0.0/29")
    successes, refusals = sort_out(together([lambda: reserve(small)] * CALLERS))
    assert (len(successes), len(refusals)) == (3, CALLERS - 3)
    assert small.reserved_ips.count() == 8
    assert small.reserved_ips.filter(owner="provider").count() == len(PROVIDER_ADDRESSES)


def test_a_reserved_ip_is_claimed_by_one(subnet: Subnet, together: Together) -> None:
    ip, interface = reserve(subnet), make_virtual_interface(subnet)

    def claim() -> None:
        with transaction.atomic():
            reserved_ip = claim_address(ip, path="primary_ip")
            reserved_ip.virtual_network_interface = interface
            reserved_ip.save()

    successes, refusals = sort_out(together([claim] * CALLERS))
    assert (len(successes), len(refusals)) == (1, CALLERS - 1)


def test_an_interface_never_gets_more_addresses_than_the_quota(subnet: Subnet, together: Together) -> None:
    interface = make_virtual_interface(subnet)

    def bind() -> ReservedIP:
        return create_reserved_ip(subnet, target=interface.id, by=BY)

    successes, refusals = sort_out(together([bind] * CALLERS), OverQuota)
    assert (len(successes), len(refusals)) == (7, CALLERS - 7)  # the primary one is the eighth
    interface.refresh_from_db()
    assert interface.revision == 1 + 7


def test_addresses_come_to_an_interface_by_both_ways_and_none_waits_for_the_other(
    subnet: Subnet, together: Together
) -> None:
    interface = make_virtual_interface(subnet)
    unbound = [create_reserved_ip(subnet, by=BY) for _ in range(3)]
    secondary = create_reserved_ip(subnet, target=interface.id, by=BY)

    def bind(ip: ReservedIP) -> Callable[[], Any]:
        return lambda: bind_address(interface, ip.id, by=BY)

    calls: list[Callable[[], Any]] = [lambda: delete_reserved_ip(secondary, by=BY), *map(bind, unbound)]
    calls += [lambda: create_reserved_ip(subnet, target=interface.id, by=BY)] * 3
    successes, refusals = sort_out(together(calls), OverQuota)
    assert (len(successes), refusals) == (7, [])
    assert interface.ips.count() == 7


# --- subnets and prefixes ------------------------------------------------------------------------------------------


def test_subnets_made_at_the_same_moment_do_not_overlap(here: World, together: Together) -> None:
    vpc = create_vpc(here.account, region=REGION, by=BY)

    def make(size: int) -> Callable[[], Subnet]:
        return lambda: create_subnet(
            here.account, region=REGION, vpc=vpc.id, total_ipv4_address_count=size, zone=ZONE, by=BY
        )

    successes, _ = sort_out(together([make(size) for size in (256, 64, 1024, 8) * 3]))
    cidrs = [subnet.ipv4_cidr_block for subnet in successes]
    assert len(cidrs) == 12
    assert overlaps(cidrs) == []


def test_of_overlapping_subnets_asked_for_at_the_same_moment_one_is_made(here: World, together: Together) -> None:
    vpc = create_vpc(here.account, region=REGION, by=BY)
    cidrs = [f"10.240.0.0/{length}" for length in range(18, 18 + CALLERS)]

    def make(cidr: str) -> Callable[[], Subnet]:
        return lambda: create_subnet(here.account, region=REGION, vpc=vpc.id, ipv4_cidr_block=cidr, by=BY)

    successes, refusals = sort_out(together([make(cidr) for cidr in cidrs]))
    assert (len(successes), len(refusals)) == (1, CALLERS - 1)
    assert successes[0].reserved_ips.count() == len(PROVIDER_ADDRESSES)


def test_of_overlapping_prefixes_asked_for_at_the_same_moment_one_is_made(here: World, together: Together) -> None:
    vpc = create_vpc(here.account, region=REGION, address_prefix_management="manual", by=BY)

    def make(length: int) -> Callable[[], AddressPrefix]:
        return lambda: create_address_prefix(vpc, cidr=f"10.0.0.0/{length}", zone=ZONE, by=BY)

    successes, refusals = sort_out(together([make(length) for length in range(16, 16 + CALLERS)]))
    assert (len(successes), len(refusals)) == (1, CALLERS - 1)


def test_a_zone_has_one_default_prefix_under_concurrent_changes(here: World, together: Together) -> None:
    vpc = create_vpc(here.account, region=REGION, address_prefix_management="manual", by=BY)
    prefixes = [create_address_prefix(vpc, cidr=f"10.{n}.0.0/16", zone=ZONE, by=BY) for n in range(6)]

    def choose(prefix: AddressPrefix) -> Callable[[], AddressPrefix]:
        return lambda: update_address_prefix(prefix, is_default=True, by=BY)

    successes, _ = sort_out(together([choose(prefix) for prefix in prefixes]))
    assert [prefix.id for prefix in successes] == [vpc.address_prefixes.get(is_default=True).id]


# --- what goes while something comes -------------------------------------------------------------------------------


def test_a_subnet_goes_while_addresses_are_asked_of_it(subnet: Subnet, together: Together) -> None:
    results = together([lambda: delete_subnet(subnet, by=BY), *[lambda: reserve(subnet)] * CALLERS])
    sort_out(results, BadField)
    assert not ReservedIP.objects.exists()


def test_a_vpc_goes_or_a_subnet_comes_but_not_both(here: World, together: Together) -> None:
    vpc = create_vpc(here.account, region=REGION, by=BY)

    def make(number: int) -> Callable[[], Subnet]:
        cidr = f"10.240.{number}.0/24"
        return lambda: create_subnet(here.account, region=REGION, vpc=vpc.id, ipv4_cidr_block=cidr, by=BY)

    deleted, *vpcs = together([lambda: delete_vpc(vpc, by=BY), *[make(number) for number in range(4)]])
    if isinstance(deleted, Conflict):
        assert Subnet.objects.count() == 4
    else:
        assert deleted is None
        assert all(isinstance(each, NotFound | Refusals) for each in vpcs)
        assert not VPC.objects.exists()


def test_the_quota_of_vpcs_is_not_exceeded(here: World, together: Together) -> None:
    successes, refusals = sort_out(
        together([lambda: create_vpc(here.account, region=REGION, by=BY)] * CALLERS), OverQuota
    )
    assert (len(successes), len(refusals)) == (10, CALLERS - 10)
    assert VPC.objects.count() == 10
