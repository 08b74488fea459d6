"""VPCs and what is made along with one: prefixes, routing tables, DNS; what forbids their end."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import (
    ApiError,
    BadField,
    Conflict,
    InvalidValue,
    NotFound,
    NotUnique,
    OverQuota,
    PreconditionFailed,
    Refusals,
)
from servers.models import VPC, AddressPrefix, NetworkACL, RoutingTable, SecurityGroup, SecurityGroupRule
from servers.services.address_prefixes import create_address_prefix, delete_address_prefix, update_address_prefix
from servers.services.routing_tables import create_routing_table, delete_routing_table, update_routing_table
from servers.services.subnets import create_subnet
from servers.services.vpcs import create_vpc, delete_vpc, update_vpc
from tests.tables import alone, check_each
from tests.world import REGION, World, make_server, make_subnet
from trustedprofiles.models import TagAttachment
from trustedprofiles.services.tags import attach_tags

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONES = [f"{REGION}-{number}" for number in (1, 2, 3)]
MANUAL = {"resolver": {"type": "manual", "manual_servers": [{"address": "10.0.0.1"}]}}


@pytest.fixture
def vpc(world: World) -> VPC:
    return create_vpc(world.account, name="net", region=REGION, by=BY)


@pytest.fixture
def bare(world: World) -> VPC:
    """A VPC without prefixes."""
    return create_vpc(world.account, region=REGION, address_prefix_management="manual", by=BY)


def table(vpc: VPC, **options: Any) -> RoutingTable:
    return create_routing_table(vpc, by=BY, **options)


# --- VPCs ----------------------------------------------------------------------------------------------------------


def test_a_vpc_comes_with_a_default_prefix_in_each_zone(vpc: VPC) -> None:
    rows = vpc.address_prefixes.order_by("pk").values_list("zone", "cidr", "is_default")
    assert list(rows) == [(zone, f"10.240.{third}.0/18", True) for zone, third in zip(ZONES, (0, 64, 128), strict=True)]


def test_prefixes_depend_on_the_region(world: World) -> None:
    vpc = create_vpc(world.account, region="eu-de", by=BY)
    assert {prefix.cidr.rsplit(".", 2)[0] for prefix in vpc.address_prefixes.all()} == {"10.243"}


def test_a_vpc_may_be_made_without_default_prefixes(bare: VPC) -> None:
    assert not bare.address_prefixes.exists()


def test_a_vpc_has_defaults_in_its_own_group(vpc: VPC) -> None:
    acl, group, routes = vpc.default_network_acl, vpc.default_security_group, vpc.default_routing_table
    assert acl
    assert group
    assert routes
    assert (acl.vpc, group.vpc, routes.vpc) == (vpc, vpc, vpc)
    assert acl.resource_group == group.resource_group == vpc.resource_group


def test_default_acl_and_group_come_with_rules(vpc: VPC) -> None:
    assert vpc.default_network_acl
    assert vpc.default_security_group
    assert vpc.default_network_acl.rules.count() == 2
    assert vpc.default_security_group.rules.count() == 2


def test_a_name_is_taken_once_in_a_region(world: World, vpc: VPC) -> None:
    with pytest.raises(NotUnique):
        create_vpc(world.account, name="net", region=REGION, by=BY)
    assert create_vpc(world.account, name="net", region="eu-de", by=BY).name == "net"
    assert create_vpc(world.other_account, name="net", region=REGION, by=BY).name == "net"


def test_vpcs_have_a_quota_in_each_region(world: World, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"vpcs": 1}
    create_vpc(world.account, region=REGION, by=BY)
    with pytest.raises(OverQuota):
        create_vpc(world.account, region=REGION, by=BY)
    create_vpc(world.account, region="eu-de", by=BY)


def test_one_vpc_of_a_region_has_classic_access(world: World) -> None:
    create_vpc(world.account, region=REGION, classic_access=True, by=BY)
    with pytest.raises(Conflict, match="classic access"):
        create_vpc(world.account, region=REGION, classic_access=True, by=BY)


def test_a_group_of_another_account_is_not_found(world: World) -> None:
    group = create_vpc(world.other_account, region=REGION, by=BY).resource_group_id
    with pytest.raises(BadField):
        create_vpc(world.account, region=REGION, resource_group=group, by=BY)


def test_a_change_is_recorded_and_changes_the_tag(vpc: VPC) -> None:
    updated_vpc = update_vpc(vpc, name="new", by=BY)
    assert (updated_vpc.name, updated_vpc.revision) == ("new", vpc.revision + 1)
    event = ActivityEvent.objects.get(action="is.vpc.vpc.update")
    assert (event.target_id, event.target_name) == (vpc.crn, "new")


def test_a_stale_tag_changes_and_deletes_nothing(vpc: VPC) -> None:
    update_vpc(vpc, name="new", if_match='"1"', by=BY)
    with pytest.raises(PreconditionFailed):
        update_vpc(vpc, name="newer", if_match='"1"', by=BY)
    with pytest.raises(PreconditionFailed):
        delete_vpc(vpc, if_match='"1"', by=BY)
    assert VPC.objects.get().name == "new"


def test_an_old_read_does_not_undo_what_came_later(vpc: VPC) -> None:
    update_vpc(VPC.objects.get(), dns={"enable_hub": True}, by=BY)
    update_vpc(vpc, name="new", by=BY)
    assert VPC.objects.get().enable_hub


def test_all_that_hangs_on_a_vpc_goes_with_it(vpc: VPC) -> None:
    table(vpc)
    other = SecurityGroup.objects.create(
        id="r006-sg",
        name="sg",
        vpc=vpc,
        account=vpc.account,
        resource_group=vpc.resource_group,
        region=REGION,
        created_at=vpc.created_at,
    )
    SecurityGroupRule.objects.create(
        id="r006-rule",
        name="rule",
        security_group=vpc.default_security_group,
        remote_group=other,
        direction="inbound",
        protocol="any",
        created_at=vpc.created_at,
    )
    delete_vpc(vpc, by=BY)
    assert not any(model._default_manager.exists() for model in (VPC, AddressPrefix, RoutingTable))
    assert not any(model._default_manager.exists() for model in (NetworkACL, SecurityGroup, SecurityGroupRule))


def test_tags_go_with_what_they_were_on(world: World, vpc: VPC) -> None:
    assert vpc.default_network_acl
    for row in (vpc, table(vpc), vpc.default_network_acl):
        attach_tags(world.account, crn=Crn.parse(row.crn), type="user", names=["env:test"], by=BY)
    delete_vpc(vpc, by=BY)
    assert not TagAttachment.objects.exists()


def test_a_vpc_with_a_subnet_stays(world: World) -> None:
    subnet = make_subnet(world.account)
    with pytest.raises(Conflict, match="subnet: sub") as refusal:
        delete_vpc(subnet.vpc, by=BY)
    assert refusal.value.code == "vpc_in_use_subnet_exists"


def test_a_vpc_with_a_server_stays(world: World) -> None:
    server = make_server(world.account, name="web-1")
    with pytest.raises(Conflict, match="web-1"):
        delete_vpc(server.vpc, by=BY)


def test_a_vpc_that_went_meanwhile_is_not_found(vpc: VPC) -> None:
    delete_vpc(VPC.objects.get(), by=BY)
    with pytest.raises(NotFound, match="meanwhile"):
        update_vpc(vpc, name="new", by=BY)
    assert not VPC.objects.exists()


# --- DNS -----------------------------------------------------------------------------------------------------------


def test_dns_servers_are_chosen_and_given_back(vpc: VPC) -> None:
    assert update_vpc(vpc, dns=MANUAL, by=BY).manual_dns_servers == [{"address": "10.0.0.1"}]
    back = {"resolver": {"type": "system", "manual_servers": None}}
    assert update_vpc(vpc, dns=back, by=BY).manual_dns_servers == []


def test_dns_servers_may_each_serve_a_zone(world: World) -> None:
    servers = [{"address": f"10.0.0.{n}", "zone_affinity": zone} for n, zone in enumerate(ZONES)]
    dns = {"enable_hub": True, "resolver": {"type": "manual", "manual_servers": servers}}
    vpc = create_vpc(world.account, region=REGION, dns=dns, by=BY)
    assert vpc.enable_hub
    assert [server["zone"] for server in vpc.manual_dns_servers] == ZONES


SERVERS = "dns.resolver.manual_servers"
BAD_RESOLVERS: dict[str, tuple[dict[str, Any], str]] = {
    "manual-without-servers": ({"type": "manual"}, SERVERS),
    "manual-with-none": ({"type": "manual", "manual_servers": []}, SERVERS),
    "servers-without-manual": ({"manual_servers": [{"address": "10.0.0.1"}]}, SERVERS),
    "system-with-servers": ({"type": "system", "manual_servers": [{"address": "10.0.0.1"}]}, SERVERS),
    "not-an-address": ({"type": "manual", "manual_servers": [{"address": "dns.test"}]}, f"{SERVERS}[0].address"),
    "some-zones": (
        {
            "type": "manual",
            "manual_servers": [{"address": "10.0.0.1", "zone_affinity": ZONES[0]}, {"address": "10.0.0.2"}],
        },
        SERVERS,
    ),
    "one-zone": (
        {"type": "manual", "manual_servers": [{"address": "10.0.0.1", "zone_affinity": ZONES[0]}]},
        SERVERS,
    ),
    "delegated": ({"type": "delegated"}, "dns.resolver.vpc"),
    "other-vpc": ({"type": "system", "vpc": "r006-x"}, "dns.resolver.vpc"),
}


def test_a_resolver_is_refused(vpc: VPC) -> None:
    def check(name: str) -> None:
        resolver, path = BAD_RESOLVERS[name]
        with pytest.raises(InvalidValue) as refusal:
            update_vpc(vpc, dns={"resolver": resolver}, by=BY)
        assert refusal.value.target
        assert refusal.value.target.name == path

    check_each(BAD_RESOLVERS, alone(check))


def test_manual_servers_are_given_up_only_in_so_many_words(vpc: VPC) -> None:
    vpc = update_vpc(vpc, dns=MANUAL, by=BY)
    with pytest.raises(InvalidValue, match="null"):
        update_vpc(vpc, dns={"resolver": {"type": "system"}}, by=BY)


# --- address prefixes ----------------------------------------------------------------------------------------------

BAD_PREFIXES: dict[str, tuple[dict[str, Any], type[ApiError], str]] = {
    "too-large": ({"cidr": "10.0.0.0/8"}, InvalidValue, "cidr"),
    "too-small": ({"cidr": "10.0.0.0/30"}, InvalidValue, "cidr"),
    "host-bits": ({"cidr": "10.0.0.1/24"}, InvalidValue, "cidr"),
    "loopback": ({"cidr": "127.1.0.0/16"}, InvalidValue, "cidr"),
    "services": ({"cidr": "161.26.0.0/24"}, InvalidValue, "cidr"),
    "around-link-local": ({"cidr": "169.128.0.0/9"}, InvalidValue, "cidr"),
    "multicast": ({"cidr": "239.0.0.0/24"}, InvalidValue, "cidr"),
    "overlap": ({"cidr": "10.240.64.0/24"}, Conflict, "cidr"),
    "zone": ({"zone": "eu-de-1"}, BadField, "zone"),
    "second-default": ({"is_default": True}, Conflict, "is_default"),
}


def test_a_prefix_is_refused(vpc: VPC) -> None:
    def check(name: str) -> None:
        request, kind, path = BAD_PREFIXES[name]
        with pytest.raises(Refusals) as refusal:
            create_address_prefix(vpc, by=BY, **{"cidr": "10.0.0.0/24", "zone": ZONES[0], **request})
        [error] = refusal.value.each
        assert isinstance(error, kind)
        assert error.target
        assert error.target.name == path

    check_each(BAD_PREFIXES, alone(check))


def test_all_that_is_wrong_with_a_prefix_is_said_at_once(vpc: VPC) -> None:
    with pytest.raises(Refusals) as refusal:
        create_address_prefix(vpc, cidr="10.0.0.0/8", zone="eu-de-1", by=BY)
    assert [each.code for each in refusal.value.each] == ["invalid_value", "bad_field"]


def test_prefixes_of_other_vpcs_may_overlap(world: World, vpc: VPC, bare: VPC) -> None:
    assert create_address_prefix(bare, cidr="10.240.0.0/16", zone=ZONES[0], by=BY).cidr == "10.240.0.0/16"


def test_prefixes_have_a_quota(vpc: VPC, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"address_prefixes": 3}
    with pytest.raises(OverQuota):
        create_address_prefix(vpc, cidr="10.0.0.0/24", zone=ZONES[0], by=BY)


def test_the_default_of_a_zone_moves_in_two_steps(vpc: VPC) -> None:
    new = create_address_prefix(vpc, cidr="10.0.0.0/24", zone=ZONES[0], by=BY)
    old = vpc.address_prefixes.get(zone=ZONES[0], is_default=True)
    with pytest.raises(Conflict, match=old.name):
        update_address_prefix(new, is_default=True, by=BY)
    update_address_prefix(old, is_default=False, by=BY)
    assert update_address_prefix(new, is_default=True, by=BY).is_default


def test_a_prefix_with_a_subnet_stays(world: World) -> None:
    vpc = make_subnet(world.account).vpc
    with pytest.raises(Conflict, match="sub") as refusal:
        delete_address_prefix(vpc.address_prefixes.get(zone=ZONES[0]), by=BY)
    assert refusal.value.code == "address_prefix_in_use_subnet_exists"
    delete_address_prefix(vpc.address_prefixes.get(zone=ZONES[1]), by=BY)
    assert vpc.address_prefixes.count() == 2


# --- routing tables ------------------------------------------------------------------------------------------------


def test_one_table_of_a_vpc_routes_what_comes_in(vpc: VPC) -> None:
    first = table(vpc, route_internet_ingress=True)
    with pytest.raises(Conflict, match=first.name):
        table(vpc, route_internet_ingress=True)
    update_routing_table(first, route_internet_ingress=False, by=BY)
    assert table(vpc, route_internet_ingress=True).route_internet_ingress


def test_routes_are_advertised_where_traffic_comes_from(vpc: VPC) -> None:
    with pytest.raises(InvalidValue, match="route_direct_link_ingress"):
        table(vpc, advertise_routes_to=["direct_link"])
    new_table = table(vpc, advertise_routes_to=["direct_link"], route_direct_link_ingress=True)
    with pytest.raises(InvalidValue, match="route_direct_link_ingress"):
        update_routing_table(new_table, route_direct_link_ingress=False, by=BY)


def test_a_table_with_subnets_takes_no_traffic_in(world: World) -> None:
    routes = make_subnet(world.account).routing_table
    with pytest.raises(Conflict, match="route_vpc_zone_ingress"):
        update_routing_table(routes, route_vpc_zone_ingress=True, by=BY)


def test_the_default_table_stays(vpc: VPC) -> None:
    assert vpc.default_routing_table
    with pytest.raises(Conflict, match="default") as refusal:
        delete_routing_table(vpc.default_routing_table, by=BY)
    assert refusal.value.code == "routing_table_is_default"


def test_a_table_that_a_subnet_uses_stays(world: World, vpc: VPC) -> None:
    new_table = table(vpc)
    create_subnet(
        world.account,
        region=REGION,
        vpc=vpc.id,
        ipv4_cidr_block="10.240.0.0/24",
        name="sub",
        routing_table=new_table.id,
        by=BY,
    )
    with pytest.raises(Conflict, match="sub") as refusal:
        delete_routing_table(new_table, by=BY)
    assert refusal.value.code == "routing_table_in_use_subnet_exists"


def test_a_stale_tag_changes_and_deletes_no_table(vpc: VPC) -> None:
    new_table = table(vpc)
    update_routing_table(new_table, name="new", if_match='"1"', by=BY)
    with pytest.raises(PreconditionFailed):
        update_routing_table(new_table, name="newer", if_match='"1"', by=BY)
    with pytest.raises(PreconditionFailed):
        delete_routing_table(new_table, if_match='"1"', by=BY)
    assert RoutingTable.objects.get(pk=new_table.pk).name == "new"


def test_the_name_of_a_prefix_or_table_is_taken_once_in_a_vpc(vpc: VPC, bare: VPC) -> None:
    table(vpc, name="routes")
    table(bare, name="routes")
    with pytest.raises(NotUnique):
        table(vpc, name="routes")
