"""``/v1/subnets``: answers as IBM's SDK reads them, filters, attachments, refusals, tenancy."""

from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import VPC, Subnet
from servers.services.vpcs import create_vpc
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, assert_rows, check_each
from tests.world import MALLORY, REGION, World, make_server, make_subnet

SUBNETS = "/v1/subnets"
EU_DE = "eu-de.iaas.cloud.ibm.com"
ZONE = {"name": "us-south-1"}
BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


@pytest.fixture
def path(subnet: Subnet) -> str:
    return f"{SUBNETS}/{subnet.id}"


@pytest.fixture
def vpc(subnet: Subnet) -> VPC:
    return subnet.vpc


def new_table(api: Api, vpc: VPC) -> dict[str, Any]:
    routing_table: dict[str, Any] = api.call("POST", f"/v1/vpcs/{vpc.id}/routing_tables", {"name": "mine"}).json()
    return routing_table


# --- answers -------------------------------------------------------------------------------------------------------


def test_a_subnet_is_made_of_a_range(api: Api, vpc: VPC) -> None:
    body = {"vpc": {"id": vpc.id}, "ipv4_cidr_block": "10.240.64.0/24", "ip_version": "ipv4"}
    answer = api.call("POST", SUBNETS, body)
    actual_subnet = fits(vpc_v1.Subnet, answer.json())
    assert (answer.status_code, actual_subnet.status, actual_subnet.zone.name) == (201, "available", "us-south-2")
    assert (actual_subnet.total_ipv4_address_count, actual_subnet.available_ipv4_address_count) == (256, 251)
    assert vpc.default_routing_table
    assert actual_subnet.routing_table.crn == vpc.default_routing_table.crn
    assert api.get(f"{SUBNETS}/{actual_subnet.id}").json() == answer.json()


def test_a_subnet_is_made_of_a_count(api: Api, vpc: VPC) -> None:
    body = {"vpc": {"crn": vpc.crn}, "total_ipv4_address_count": 64, "zone": ZONE, "name": "small"}
    actual_subnet = fits(vpc_v1.Subnet, api.call("POST", SUBNETS, body).json())
    assert (actual_subnet.ipv4_cidr_block, actual_subnet.name) == ("10.240.1.0/26", "small")


@pytest.mark.parametrize("form", ["id", "crn", "href"])
def test_references_have_three_forms(api: Api, vpc: VPC, form: str) -> None:
    actual_vpc = api.get(f"/v1/vpcs/{vpc.id}").json()
    body = {
        "vpc": {form: actual_vpc[form]},
        "ipv4_cidr_block": "10.240.1.0/24",
        "network_acl": {form: actual_vpc["default_network_acl"][form]},
        "routing_table": {form: actual_vpc["default_routing_table"][form]},
    }
    assert api.call("POST", SUBNETS, body).status_code == 201


def test_what_is_free_is_counted(api: Api, world: World, path: str) -> None:
    make_server(world.account, name="web-1")
    assert api.get(path).json()["available_ipv4_address_count"] == 250


FILTERS = {
    "zone": ("zone.name=us-south-1", 2),
    "other-zone": ("zone.name=us-south-3", 0),
    "group": ("resource_group.id=none", 0),
    "vpc-id": ("vpc.id={vpc.id}", 2),
    "vpc-crn": ("vpc.crn={vpc.crn}", 2),
    "vpc-name": ("vpc.name=net", 2),
    "no-vpc-name": ("vpc.name=none", 0),
    "no-vpc-crn": ("vpc.crn={vpc.crn}0", 0),
    "table-id": ("routing_table.id={table}", 2),
    "table-name": ("routing_table.name=none", 0),
    "two": ("vpc.name=net&zone.name=us-south-2", 1),
}


def test_subnets_are_filtered(api: Api, world: World, vpc: VPC) -> None:
    make_subnet(world.account, cidr="10.240.64.0/24", name="second")
    make_subnet(world.account, vpc=create_vpc(world.account, name="other", region=REGION, by=BY), cidr="10.240.0.0/24")
    assert vpc.default_routing_table
    queries = {name: query.format(vpc=vpc, table=vpc.default_routing_table.id) for name, (query, _) in FILTERS.items()}
    totals = {name: api.get(SUBNETS, query).json()["total_count"] for name, query in queries.items()}
    assert_rows(totals, {name: count for name, (_, count) in FILTERS.items()})


def test_a_list_takes_the_same_queries_for_one_and_for_three(api: Api, world: World, subnet: Subnet) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            fits(vpc_v1.SubnetCollection, api.get(SUBNETS).json())
        return len(captured)

    one = queries()
    for number in (1, 2):
        make_subnet(world.account, name=f"sub-{number}", cidr=f"10.240.{number}.0/24")
    assert queries() == one


# --- changes -------------------------------------------------------------------------------------------------------


def test_a_subnet_changes(api: Api, vpc: VPC, path: str) -> None:
    table = new_table(api, vpc)
    body = {"name": "new", "routing_table": {"crn": table["crn"]}, "public_gateway": None}
    update = api.call("PATCH", path, body).json()
    assert (update["name"], update["routing_table"]["name"]) == ("new", "mine")
    assert fits(vpc_v1.Subnet, update).available_ipv4_address_count == 251


@pytest.mark.parametrize("kind", ["network_acl", "routing_table"])
def test_a_subnet_always_has_a_table_and_an_acl(api: Api, path: str, kind: str) -> None:
    answer = api.call("PATCH", path, {kind: None})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", kind)])


def test_a_subnet_goes(api: Api, path: str) -> None:
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_subnet_in_use_stays(api: Api, world: World, path: str) -> None:
    make_server(world.account, name="web-1")
    answer = api.call("DELETE", path)
    assert (answer.status_code, errors(answer)) == (409, [("subnet_in_use_network_interface_exists", "")])


# --- what it is attached to ----------------------------------------------------------------------------------------


def test_the_table_of_a_subnet_is_read_and_replaced(api: Api, vpc: VPC, path: str) -> None:
    table = new_table(api, vpc)
    assert fits(vpc_v1.RoutingTable, api.get(f"{path}/routing_table").json()).is_default
    answer = api.call("PUT", f"{path}/routing_table", {"id": table["id"]})
    assert (answer.status_code, answer.json()["name"]) == (201, "mine")
    assert [each["id"] for each in answer.json()["subnets"]] == [path.rpartition("/")[2]]
    event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (event.action, event.target_name) == ("is.subnet.routing-table.attach", "sub")


def test_the_acl_of_a_subnet_is_read_and_replaced(api: Api, vpc: VPC, path: str) -> None:
    assert vpc.default_network_acl
    network_acl = api.call("GET", f"{path}/network_acl", query="version=2026-01-01&generation=2").json()
    assert fits(vpc_v1.NetworkACL, network_acl).id == vpc.default_network_acl.id
    answer = api.call("PUT", f"{path}/network_acl", {"crn": vpc.default_network_acl.crn})
    assert (answer.status_code, answer.json()["id"]) == (201, vpc.default_network_acl.id)


WRONG_REFERENCES = [
    ({"id": "r006-none"}, ("bad_field", "id")),
    ({"href": "https://x.test/r006-none"}, ("bad_field", "id")),
    ({}, ("invalid_value", "")),
    ({"id": "a", "crn": "b"}, ("invalid_value", "")),
    ({"id": None}, ("invalid_value", "id")),
    ({"name": "x"}, ("unknown_field", "name")),
]


def test_what_is_not_there_is_not_attached(api: Api, path: str) -> None:
    def check(case: tuple[tuple[dict[str, Any], tuple[str, str]], str]) -> None:
        (body, problem), kind = case
        answer = api.call("PUT", f"{path}/{kind}", body)
        assert (answer.status_code, errors(answer)) == (400, [problem])

    check_each(list(product(WRONG_REFERENCES, ["network_acl", "routing_table", "public_gateway"])), alone(check))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_subnet_has_a_public_gateway(api: Api, path: str, method: str) -> None:
    answer = api.call(method, f"{path}/public_gateway")
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])


# --- refusals ------------------------------------------------------------------------------------------------------

RANGE = {"ipv4_cidr_block": "10.240.1.0/24"}
BAD: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
    "no-vpc": ({"vpc": {"id": "none"}} | RANGE, 400, [("bad_field", "vpc")]),
    "vpc-form": ({"vpc": {"name": "net"}} | RANGE, 400, [("invalid_value", "vpc")]),
    "neither": ({}, 400, [("missing_field", "ipv4_cidr_block")]),
    "both": (RANGE | {"total_ipv4_address_count": 8}, 400, [("invalid_value", "total_ipv4_address_count")]),
    "count-alone": ({"total_ipv4_address_count": 8}, 400, [("missing_field", "zone")]),
    "count-odd": (
        {"total_ipv4_address_count": 100, "zone": ZONE},
        400,
        [("invalid_value", "total_ipv4_address_count")],
    ),
    "count-small": (
        {"total_ipv4_address_count": 4, "zone": ZONE},
        400,
        [("invalid_value", "total_ipv4_address_count")],
    ),
    "count-text": (
        {"total_ipv4_address_count": "8", "zone": ZONE},
        400,
        [("invalid_value", "total_ipv4_address_count")],
    ),
    "count-too-much": (
        {"total_ipv4_address_count": 32768, "zone": ZONE},
        409,
        [("conflict", "total_ipv4_address_count")],
    ),
    "overlap": ({"ipv4_cidr_block": "10.240.0.0/25"}, 409, [("conflict", "ipv4_cidr_block")]),
    "outside": ({"ipv4_cidr_block": "10.0.0.0/25"}, 400, [("invalid_value", "ipv4_cidr_block")]),
    "zone": (RANGE | {"zone": {"name": "us-south-2"}}, 400, [("invalid_value", "zone")]),
    "zone-unknown": (RANGE | {"zone": {"name": "mars-1"}}, 400, [("bad_field", "zone")]),
    "version": (RANGE | {"ip_version": "both"}, 400, [("invalid_value", "ip_version")]),
    "name": (RANGE | {"name": "sub"}, 400, [("validation_unique_failed", "name")]),
    "gateway": (RANGE | {"public_gateway": {"id": "r006-x"}}, 400, [("bad_field", "public_gateway")]),
    "several": (
        RANGE | {"network_acl": {"id": "a"}, "routing_table": {"id": "b"}},
        400,
        [("bad_field", "network_acl"), ("bad_field", "routing_table")],
    ),
}


def test_a_new_subnet_is_refused(api: Api, vpc: VPC) -> None:
    def check(name: str) -> None:
        body, status, problems = BAD[name]
        answer = api.call("POST", SUBNETS, {"vpc": {"id": vpc.id}, **body})
        assert (answer.status_code, errors(answer)) == (status, problems)
        assert Subnet.objects.count() == 1

    check_each(BAD, alone(check))


# --- tenancy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "/network_acl", "/routing_table", "/public_gateway", "/reserved_ips"])
def test_a_subnet_of_another_account_or_region_looks_like_none(api: Api, path: str, suffix: str) -> None:
    answers = [
        Api(MALLORY).get(path + suffix),
        api.get(path + suffix, Host=EU_DE),
        api.get(f"{SUBNETS}/0717-none{suffix}"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({str(answer.json()["errors"]) for answer in answers}) == 1


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_another_account_changes_no_subnet(path: str, method: str) -> None:
    assert Api(MALLORY).call(method, path, {"name": "mine"}).status_code == 404
    assert Subnet.objects.get().name == "sub"


def test_another_account_makes_no_subnet_in_a_foreign_vpc(vpc: VPC) -> None:
    answer = Api(MALLORY).call("POST", SUBNETS, {"vpc": {"id": vpc.id}, **RANGE})
    assert (answer.status_code, errors(answer)) == (400, [("bad_field", "vpc")])
