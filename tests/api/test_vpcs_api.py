"""``/v1/vpcs``: answers as IBM's SDK reads them, entity tags, defaults, refusals, tenancy."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_subnet

VPCS = "/v1/vpcs"
SDK_VERSION = "version=2026-01-01&generation=2"
"""From 2025-12-09 on, rules name their protocol as the SDK reads it."""
EU_DE = "eu-de.iaas.cloud.ibm.com"
MANUAL = {"dns": {"resolver": {"type": "manual", "manual_servers": [{"address": "10.0.0.1"}]}}}


@pytest.fixture
def vpc(api: Api) -> str:
    """The path of one."""
    return f"{VPCS}/{api.call('POST', VPCS, {'name': 'net'}).json()['id']}"


# --- answers -------------------------------------------------------------------------------------------------------


def test_a_vpc_is_made_of_nothing(api: Api) -> None:
    answer = api.call("POST", VPCS, {})
    actual_vpc = fits(vpc_v1.VPC, answer.json())
    assert (answer.status_code, actual_vpc.status, actual_vpc.resource_type) == (201, "available", "vpc")
    assert len(actual_vpc.name.split("-")) == 4


def test_a_vpc_reads_as_it_was_made(api: Api) -> None:
    new_vpc = api.call("POST", VPCS, {"name": "net", "classic_access": True, **MANUAL}).json()
    assert api.get(f"{VPCS}/{new_vpc['id']}").json() == new_vpc
    assert api.get(VPCS).json()["vpcs"] == [new_vpc]


def test_a_vpc_has_source_addresses_in_each_zone(api: Api, vpc: str) -> None:
    actual_vpc = fits(vpc_v1.VPC, api.get(vpc).json())
    assert [each.zone.name for each in actual_vpc.cse_source_ips] == ["us-south-1", "us-south-2", "us-south-3"]


def test_the_system_resolves_names(api: Api, vpc: str) -> None:
    resolver = api.get(vpc).json()["dns"]["resolver"]
    actual_resolver = fits(vpc_v1.VPCDNSResolverTypeSystem, resolver)
    assert [server.address for server in actual_resolver.servers] == ["161.26.0.10", "161.26.0.11"]


def test_dns_servers_of_zones_are_shown(api: Api) -> None:
    servers = [{"address": f"10.0.0.{n}", "zone_affinity": {"name": f"us-south-{n}"}} for n in (1, 2, 3)]
    body = {"dns": {"resolver": {"type": "manual", "manual_servers": servers}}}
    resolver = api.call("POST", VPCS, body).json()["dns"]["resolver"]
    actual_resolver = fits(vpc_v1.VPCDNSResolverTypeManual, resolver)
    assert [server.zone_affinity.name for server in actual_resolver.manual_servers] == [
        "us-south-1",
        "us-south-2",
        "us-south-3",
    ]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("classic_access=true", 1),
        ("classic_access=false", 2),
        ("resource_group.id=none", 0),
        ("resource_group.id=none&classic_access=true", 0),
    ],
)
def test_vpcs_are_filtered(api: Api, query: str, count: int) -> None:
    for body in ({}, {}, {"classic_access": True}):
        assert api.call("POST", VPCS, body).status_code == 201
    assert api.get(VPCS, query).json()["total_count"] == count


def test_a_list_takes_the_same_queries_for_one_and_for_three(api: Api) -> None:
    def queries() -> int:
        api.call("POST", VPCS, MANUAL)
        with CaptureQueriesContext(connection) as captured:
            fits(vpc_v1.VPCCollection, api.get(VPCS).json())
        return len(captured)

    first = queries()
    queries()
    assert queries() == first


# --- what it is made with ------------------------------------------------------------------------------------------

DEFAULTS = {
    "default_network_acl": vpc_v1.DefaultNetworkACL,
    "default_routing_table": vpc_v1.DefaultRoutingTable,
    "default_security_group": vpc_v1.DefaultSecurityGroup,
}


@pytest.mark.parametrize(("kind", "model"), DEFAULTS.items(), ids=DEFAULTS.keys())
def test_the_defaults_are_read(api: Api, vpc: str, kind: str, model: Any) -> None:
    answer = api.call("GET", f"{vpc}/{kind}", query=SDK_VERSION)
    assert answer.status_code == 200
    assert fits(model, answer.json()).id == api.get(vpc).json()[kind]["id"]


# --- changes -------------------------------------------------------------------------------------------------------


def test_a_vpc_changes_and_so_does_its_tag(api: Api, vpc: str) -> None:
    before = api.get(vpc)["ETag"]
    answer = api.call("PATCH", vpc, {"name": "new", "dns": {"enable_hub": True}}, If_Match=before)
    assert (answer.json()["name"], answer.json()["dns"]["enable_hub"]) == ("new", True)
    assert answer["ETag"] == api.get(vpc)["ETag"] != before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_tag_is_refused(api: Api, vpc: str, method: str) -> None:
    answer = api.call(method, vpc, {"name": "new"}, If_Match='"0"')
    assert (answer.status_code, errors(answer)) == (412, [("precondition_failed", "If-Match")])


def test_an_array_is_replaced_only_by_who_says_which(api: Api, vpc: str) -> None:
    answer = api.call("PATCH", vpc, MANUAL)
    assert (answer.status_code, errors(answer)) == (400, [("missing_value", "If-Match")])
    answer = api.call("PATCH", vpc, MANUAL, If_Match=api.get(vpc)["ETag"])
    assert answer.json()["dns"]["resolver"]["type"] == "manual"


def test_a_vpc_goes(api: Api, vpc: str) -> None:
    answer = api.call("DELETE", vpc)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(vpc).status_code == 404


def test_a_vpc_in_use_stays(api: Api, world: World) -> None:
    answer = api.call("DELETE", f"{VPCS}/{make_subnet(world.account).vpc.id}")
    assert (answer.status_code, errors(answer)) == (409, [("vpc_in_use_subnet_exists", "")])


def test_a_write_leaves_one_event(api: Api, vpc: str) -> None:
    answer = api.call("PATCH", vpc, {"name": "new"})
    event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (event.action, event.target_name, event.reason_code) == ("is.vpc.vpc.update", "new", 200)


def test_a_reading_names_what_was_read(api: Api, vpc: str) -> None:
    event = ActivityEvent.objects.get(request_id=api.get(vpc)["X-Request-Id"])
    assert (event.action, event.target_name) == ("is.vpc.vpc.read", "net")
    event = ActivityEvent.objects.get(request_id=api.get(VPCS)["X-Request-Id"])
    assert (event.action, event.target_name) == ("is.vpc.vpc.read", "*")


# --- refusals ------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "name": ({"name": "-x"}, [("invalid_value", "name")]),
    "name-taken": ({"name": "net"}, [("validation_unique_failed", "name")]),
    "name-null": ({"name": None}, [("invalid_value", "name")]),
    "unknown": ({"nam": "x"}, [("unknown_field", "nam")]),
    "management": ({"address_prefix_management": "none"}, [("invalid_value", "address_prefix_management")]),
    "classic": ({"classic_access": "true"}, [("invalid_value", "classic_access")]),
    "group": ({"resource_group": {"id": "none"}}, [("bad_field", "resource_group")]),
    "group-form": ({"resource_group": {"name": "Default"}}, [("invalid_value", "resource_group")]),
    "hub": ({"dns": {"enable_hub": 1}}, [("invalid_value", "dns.enable_hub")]),
    "resolver-type": ({"dns": {"resolver": {"type": "own"}}}, [("invalid_value", "dns.resolver.type")]),
    "server-without-address": (
        {"dns": {"resolver": {"type": "manual", "manual_servers": [{}]}}},
        [("missing_field", "dns.resolver.manual_servers[0].address")],
    ),
    "servers": (
        {"dns": {"resolver": {"type": "manual", "manual_servers": [{"address": "x"}]}}},
        [("invalid_value", "dns.resolver.manual_servers[0].address")],
    ),
    "several": ({"name": "X", "nam": 1}, [("invalid_value", "name"), ("unknown_field", "nam")]),
    "not-an-object": (b"[]", [("invalid_request", "")]),
}


def test_a_new_vpc_is_refused(api: Api, vpc: str) -> None:
    def check(name: str) -> None:
        body, problems = BAD[name]
        answer = api.call("POST", VPCS, body)
        assert (answer.status_code, errors(answer)) == (400, problems)

    check_each(BAD, alone(check))


@pytest.mark.parametrize("query", ["classic_access=yes", "limit=0", "start=x"])
def test_a_query_is_refused(api: Api, query: str) -> None:
    answer = api.get(VPCS, query)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", query.partition("=")[0])])


# --- tenancy -------------------------------------------------------------------------------------------------------

SUFFIXES = ["", "/default_network_acl", "/address_prefixes", "/routing_tables"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_vpc_of_another_account_or_region_looks_like_none(api: Api, vpc: str, suffix: str) -> None:
    path = vpc + suffix
    made_up = f"{VPCS}/r006-none{suffix}"
    answers = [Api(MALLORY).get(path), api.get(path, Host=EU_DE), api.get(made_up)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({str(answer.json()["errors"]) for answer in answers}) == 1


def test_a_region_has_vpcs_of_its_own(api: Api, vpc: str) -> None:
    body = api.call("POST", VPCS, {"name": "net"}, Host=EU_DE).json()
    assert body["crn"].split(":")[5] == "eu-de"
    assert body["href"] == f"https://{EU_DE}{VPCS}/{body['id']}"
    assert [each["id"] for each in api.get(VPCS, Host=EU_DE).json()["vpcs"]] == [body["id"]]
    assert Api(MALLORY).get(VPCS).json()["vpcs"] == []
