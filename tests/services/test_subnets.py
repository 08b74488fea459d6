"""Subnets: where they come to lie, what they are attached to, what forbids their end."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import BadField, Conflict, NotFound, NotUnique, OverQuota, Refusals
from servers.models import VPC, ReservedIP, Subnet
from servers.services.address_prefixes import create_address_prefix
from servers.services.routing_tables import create_routing_table
from servers.services.subnets import (
    PROVIDER_ADDRESSES,
    create_subnet,
    delete_subnet,
    replace_network_acl,
    replace_routing_table,
    update_subnet,
)
from servers.services.vpcs import create_vpc
from tests.tables import alone, check_each
from tests.world import REGION, World, make_server, make_subnet
from trustedprofiles.models import TagAttachment
from trustedprofiles.services.tags import attach_tags

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONE = f"{REGION}-1"


@pytest.fixture
def vpc(world: World) -> VPC:
    return create_vpc(world.account, name="net", region=REGION, by=BY)


@pytest.fixture
def other(world: World) -> VPC:
    return create_vpc(world.account, name="other", region=REGION, by=BY)


def make(vpc: VPC, **asked: Any) -> Subnet:
    where = {} if "total_ipv4_address_count" in asked else {"ipv4_cidr_block": "10.240.0.0/24"}
    return create_subnet(vpc.account, region=vpc.region, vpc=vpc.id, by=BY, **{**where, **asked})


def refused(vpc: VPC, **asked: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refusals) as refusal:
        make(vpc, **asked)
    return [(each.code, each.target.name if each.target else "") for each in refusal.value.each]


# --- where ---------------------------------------------------------------------------------------------------------


def test_a_subnet_lies_in_the_zone_of_its_prefix(vpc: VPC) -> None:
    assert make(vpc, ipv4_cidr_block="10.240.128.0/24").zone == f"{REGION}-3"


def test_the_provider_keeps_five_addresses(vpc: VPC) -> None:
    subnet = make(vpc)
    names_by_address = dict(subnet.reserved_ips.values_list("address", "name"))
    assert {f"10.240.0.{place % 256}": name for place, name in PROVIDER_ADDRESSES.items()} == names_by_address


def test_subnets_by_count_follow_each_other_without_overlap(vpc: VPC) -> None:
    blocks = [make(vpc, total_ipv4_address_count=size, zone=ZONE).ipv4_cidr_block for size in (8, 256, 8, 512)]
    assert blocks == ["10.240.0.0/29", "10.240.1.0/24", "10.240.0.8/29", "10.240.2.0/23"]


def test_a_count_is_taken_from_the_default_prefix_of_the_zone(vpc: VPC) -> None:
    create_address_prefix(vpc, cidr="10.0.0.0/16", zone=f"{REGION}-2", by=BY)
    subnet = make(vpc, total_ipv4_address_count=16384, zone=f"{REGION}-2")
    assert (subnet.ipv4_cidr_block, subnet.zone) == ("10.240.64.0/18", f"{REGION}-2")


def test_a_full_zone_has_no_more_subnets(vpc: VPC) -> None:
    make(vpc, total_ipv4_address_count=16384, zone=ZONE)
    assert refused(vpc, total_ipv4_address_count=8, zone=ZONE) == [("conflict", "total_ipv4_address_count")]


def test_a_zone_without_a_default_prefix_has_no_subnets_by_count(world: World) -> None:
    bare = create_vpc(world.account, region=REGION, address_prefix_management="manual", by=BY)
    create_address_prefix(bare, cidr="10.0.0.0/16", zone=ZONE, by=BY)
    assert refused(bare, total_ipv4_address_count=8, zone=ZONE) == [("conflict", "total_ipv4_address_count")]


BAD = {
    "outside": ({"ipv4_cidr_block": "10.0.0.0/24"}, [("invalid_value", "ipv4_cidr_block")]),
    "across-prefixes": ({"ipv4_cidr_block": "10.240.0.0/17"}, [("invalid_value", "ipv4_cidr_block")]),
    "host-bits": ({"ipv4_cidr_block": "10.240.1.1/24"}, [("invalid_value", "ipv4_cidr_block")]),
    "overlap": ({"ipv4_cidr_block": "10.240.8.128/25"}, [("conflict", "ipv4_cidr_block")]),
    "other-zone": ({"zone": f"{REGION}-2"}, [("invalid_value", "zone")]),
    "no-zone": ({"zone": "eu-de-1"}, [("bad_field", "zone")]),
    "gateway": ({"public_gateway": "r006-gw"}, [("bad_field", "public_gateway")]),
    "acl": ({"network_acl": "r006-acl"}, [("bad_field", "network_acl")]),
    "table": ({"routing_table": "r006-rt"}, [("bad_field", "routing_table")]),
    "group": ({"resource_group": "0" * 32}, [("bad_field", "resource_group")]),
    "all": (
        {"ipv4_cidr_block": "x", "network_acl": "a", "routing_table": "r", "resource_group": "g"},
        [
            ("bad_field", "resource_group"),
            ("bad_field", "network_acl"),
            ("bad_field", "routing_table"),
            ("invalid_value", "ipv4_cidr_block"),
        ],
    ),
}


def test_a_subnet_is_refused(vpc: VPC) -> None:
    def check(name: str) -> None:
        request, problems = BAD[name]
        make(vpc, ipv4_cidr_block="10.240.8.0/24")
        assert refused(vpc, **request) == problems
        assert Subnet.objects.count() == 1

    check_each(BAD, alone(check))


def test_a_vpc_of_another_account_or_region_is_not_found(world: World) -> None:
    for account, region in ((world.other_account, REGION), (world.account, "eu-de")):
        vpc = create_vpc(account, region=region, by=BY)
        with pytest.raises(Refusals) as refusal:
            create_subnet(world.account, region=REGION, vpc=vpc.id, ipv4_cidr_block="10.240.0.0/24", by=BY)
        assert [each.code for each in refusal.value.each] == ["bad_field"]


def test_subnets_have_a_quota_in_each_vpc(vpc: VPC, other: VPC, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"subnets": 1}
    make(vpc)
    with pytest.raises(OverQuota):
        make(vpc, ipv4_cidr_block="10.240.1.0/24")
    make(other)


def test_a_name_is_taken_once_in_a_vpc(vpc: VPC, other: VPC) -> None:
    make(vpc, name="sub")
    make(other, name="sub")
    with pytest.raises(NotUnique):
        make(vpc, name="sub", ipv4_cidr_block="10.240.1.0/24")


# --- attached to ---------------------------------------------------------------------------------------------------


def test_a_subnet_has_the_defaults_of_its_vpc(vpc: VPC) -> None:
    subnet = make(vpc)
    assert (subnet.network_acl, subnet.routing_table) == (vpc.default_network_acl, vpc.default_routing_table)


@pytest.mark.parametrize("kind", ["network_acl", "routing_table"])
def test_what_belongs_to_another_vpc_is_refused(vpc: VPC, other: VPC, kind: str) -> None:
    foreign = getattr(other, f"default_{kind}")
    assert refused(vpc, **{kind: foreign.id}) == [("invalid_value", kind)]


def test_a_table_for_incoming_traffic_serves_no_subnet(vpc: VPC) -> None:
    table = create_routing_table(vpc, route_internet_ingress=True, by=BY)
    assert refused(vpc, routing_table=table.id) == [("invalid_value", "routing_table")]


def test_a_subnet_changes_its_table(vpc: VPC) -> None:
    table = create_routing_table(vpc, by=BY)
    subnet = make(vpc)
    assert update_subnet(subnet, routing_table=table.id, name="new", by=BY).routing_table == table
    assert vpc.default_routing_table
    assert replace_routing_table(subnet, vpc.default_routing_table.id, by=BY) == vpc.default_routing_table
    assert ActivityEvent.objects.get(action="is.subnet.routing-table.attach").target_name == "new"


def test_an_acl_of_an_unknown_id_is_not_found(vpc: VPC) -> None:
    with pytest.raises(BadField):
        replace_network_acl(make(vpc), "r006-none", by=BY)


# --- the end -------------------------------------------------------------------------------------------------------


def test_a_subnet_goes_with_its_addresses(vpc: VPC) -> None:
    delete_subnet(make(vpc), by=BY)
    assert not Subnet.objects.exists()
    assert not ReservedIP.objects.exists()


def test_tags_go_with_the_subnet(world: World, vpc: VPC) -> None:
    subnet = make(vpc)
    attach_tags(world.account, crn=Crn.parse(subnet.crn), type="user", names=["env:test"], by=BY)
    delete_subnet(subnet, by=BY)
    assert not TagAttachment.objects.exists()


def test_a_subnet_with_an_interface_stays(world: World) -> None:
    server = make_server(world.account, name="web-1")
    interface = server.network_interfaces.get()
    with pytest.raises(Conflict, match=interface.name) as refusal:
        delete_subnet(interface.subnet, by=BY)
    assert refusal.value.code == "subnet_in_use_network_interface_exists"


def test_a_subnet_that_went_meanwhile_is_not_found(world: World) -> None:
    subnet = make_subnet(world.account)
    delete_subnet(Subnet.objects.get(), by=BY)
    with pytest.raises(NotFound, match="meanwhile"):
        update_subnet(subnet, name="new", by=BY)
    assert not Subnet.objects.exists()
