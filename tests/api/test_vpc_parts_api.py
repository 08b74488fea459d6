"""Address prefixes and routing tables of a VPC."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1

from servers.models import VPC
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_subnet

ZONE = {"name": "us-south-1"}
CREATORS = [{"resource_type": "vpn_gateway"}, {"resource_type": "vpn_server"}]


@pytest.fixture
def vpc(world: World) -> str:
    """The path of a VPC with one subnet, 10.240.0.0/24."""
    return f"/v1/vpcs/{make_subnet(world.account).vpc.id}"


@pytest.fixture
def prefixes(vpc: str) -> str:
    return f"{vpc}/address_prefixes"


@pytest.fixture
def tables(vpc: str) -> str:
    return f"{vpc}/routing_tables"


def make(api: Api, path: str, body: dict[str, Any]) -> str:
    """The path of what was made."""
    answer = api.call("POST", path, body)
    assert answer.status_code == 201, answer.content
    return f"{path}/{answer.json()['id']}"


# --- address prefixes ----------------------------------------------------------------------------------------------


def test_prefixes_are_listed_with_what_uses_them(api: Api, prefixes: str) -> None:
    actual_prefix = fits(vpc_v1.AddressPrefixCollection, api.get(prefixes).json())
    use_by_cidr = {prefix.cidr: prefix.has_subnets for prefix in actual_prefix.address_prefixes}
    assert use_by_cidr == {"10.240.0.0/18": True, "10.240.64.0/18": False, "10.240.128.0/18": False}


def test_a_prefix_is_made_read_and_changed(api: Api, prefixes: str) -> None:
    path = make(api, prefixes, {"cidr": "10.0.0.0/16", "zone": ZONE, "name": "mine"})
    prefix = fits(vpc_v1.AddressPrefix, api.get(path).json())
    assert (prefix.cidr, prefix.name, prefix.is_default, prefix.has_subnets) == ("10.0.0.0/16", "mine", False, False)
    assert api.call("PATCH", path, {"name": "yours"}).json()["name"] == "yours"
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_zone_is_named_by_its_address(api: Api, prefixes: str) -> None:
    href = api.get(prefixes).json()["address_prefixes"][0]["zone"]["href"]
    assert api.get(make(api, prefixes, {"cidr": "10.0.0.0/16", "zone": {"href": href}})).status_code == 200


def test_a_prefix_in_use_stays(api: Api, prefixes: str) -> None:
    address_prefix = next(each for each in api.get(prefixes).json()["address_prefixes"] if each["has_subnets"])
    answer = api.call("DELETE", f"{prefixes}/{address_prefix['id']}")
    assert (answer.status_code, errors(answer)) == (409, [("address_prefix_in_use_subnet_exists", "")])


def test_a_second_default_of_a_zone_is_refused(api: Api, prefixes: str) -> None:
    path = make(api, prefixes, {"cidr": "10.0.0.0/16", "zone": ZONE})
    answer = api.call("PATCH", path, {"is_default": True})
    assert (answer.status_code, errors(answer)) == (409, [("default_address_prefix_exists", "is_default")])


BAD_PREFIXES: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
    "nothing": ({}, 400, [("missing_field", "cidr"), ("missing_field", "zone")]),
    "size": ({"cidr": "10.0.0.0/30", "zone": ZONE}, 400, [("invalid_value", "cidr")]),
    "reserved": ({"cidr": "127.0.0.0/24", "zone": ZONE}, 400, [("invalid_value", "cidr")]),
    "overlap": ({"cidr": "10.240.0.0/24", "zone": ZONE}, 409, [("conflict", "cidr")]),
    "number": ({"cidr": 10, "zone": ZONE}, 400, [("invalid_value", "cidr")]),
    "nul": ({"cidr": "10.0.0.0/24\0", "zone": ZONE}, 400, [("invalid_value", "cidr")]),
    "zone": ({"cidr": "10.0.0.0/24", "zone": {"name": "eu-de-1"}}, 400, [("bad_field", "zone")]),
    "zone-form": ({"cidr": "10.0.0.0/24", "zone": "us-south-1"}, 400, [("invalid_value", "zone")]),
}


def test_a_prefix_is_refused(api: Api, prefixes: str) -> None:
    def check(name: str) -> None:
        body, status, problems = BAD_PREFIXES[name]
        answer = api.call("POST", prefixes, body)
        assert (answer.status_code, errors(answer)) == (status, problems)

    check_each(BAD_PREFIXES, alone(check))


def test_the_range_of_a_prefix_does_not_change(api: Api, prefixes: str) -> None:
    path = make(api, prefixes, {"cidr": "10.0.0.0/16", "zone": ZONE})
    answer = api.call("PATCH", path, {"cidr": "10.1.0.0/16"})
    assert (answer.status_code, errors(answer)) == (400, [("unknown_field", "cidr")])


def test_a_prefix_is_found_in_its_own_vpc_only(api: Api, vpc: str, prefixes: str) -> None:
    other = api.call("POST", "/v1/vpcs", {}).json()["id"]
    id = api.get(prefixes).json()["address_prefixes"][0]["id"]
    assert api.get(f"/v1/vpcs/{other}/address_prefixes/{id}").status_code == 404


# --- routing tables ------------------------------------------------------------------------------------------------


def test_the_default_table_serves_the_subnets(api: Api, tables: str) -> None:
    actual_table = fits(vpc_v1.RoutingTableCollection, api.get(tables).json())
    [table] = actual_table.routing_tables
    assert (table.is_default, [subnet.name for subnet in table.subnets]) == (True, ["sub"])
    assert [each.resource_type for each in table.accept_routes_from] == ["vpn_gateway", "vpn_server"]


def test_a_table_is_made_and_read(api: Api, tables: str) -> None:
    body = {"name": "mine", "route_direct_link_ingress": True, "advertise_routes_to": ["direct_link"], "routes": []}
    path = make(api, tables, body)
    table = fits(vpc_v1.RoutingTable, api.get(path).json())
    assert (table.name, table.route_direct_link_ingress, table.advertise_routes_to) == ("mine", True, ["direct_link"])
    assert (table.is_default, table.lifecycle_state, table.routes, table.subnets) == (False, "stable", [], [])
    assert table.crn.endswith(f"::vpc-routing-table:{tables.split('/')[3]}/{table.id}")


def test_tables_are_filtered(api: Api, tables: str) -> None:
    path = make(api, tables, {})
    default, own = (api.get(tables, f"is_default={each}").json()["routing_tables"] for each in ("true", "false"))
    assert [each["is_default"] for each in default] == [True]
    assert [each["id"] for each in own] == [path.rpartition("/")[2]]


def test_a_table_changes_and_so_does_its_tag(api: Api, tables: str) -> None:
    path = make(api, tables, {"accept_routes_from": CREATORS})
    before = api.get(path)["ETag"]
    answer = api.call("PATCH", path, {"name": "new", "accept_routes_from": CREATORS[:1]}, If_Match=before)
    assert (answer.json()["name"], answer.json()["accept_routes_from"]) == ("new", CREATORS[:1])
    assert answer["ETag"] == api.get(path)["ETag"] != before
    response = api.call("DELETE", path, If_Match=before)
    assert (response.status_code, response["ETag"]) == (412, answer["ETag"])
    assert api.call("DELETE", path, If_Match=f"{before}, {answer['ETag']}").status_code == 204


def test_an_array_is_replaced_only_by_who_says_which(api: Api, tables: str) -> None:
    answer = api.call("PATCH", make(api, tables, {}), {"accept_routes_from": []})
    assert (answer.status_code, errors(answer)) == (400, [("missing_value", "If-Match")])


def test_the_default_table_stays(api: Api, tables: str) -> None:
    id = api.get(tables).json()["routing_tables"][0]["id"]
    answer = api.call("DELETE", f"{tables}/{id}")
    assert (answer.status_code, errors(answer)) == (409, [("routing_table_is_default", "")])


BAD_TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "creator": ({"accept_routes_from": [{"resource_type": "x"}]}, "accept_routes_from[0].resource_type"),
    "creator-shape": ({"accept_routes_from": ["vpn_gateway"]}, "accept_routes_from[0]"),
    "source": ({"advertise_routes_to": ["internet"]}, "advertise_routes_to[0]"),
    "source-off": ({"advertise_routes_to": ["direct_link"]}, "advertise_routes_to"),
    "ingress": ({"route_internet_ingress": "yes"}, "route_internet_ingress"),
    "route": ({"routes": [{"destination": "10.0.0.1/8", "zone": ZONE, "action": "drop"}]}, "routes[0].destination"),
    "name": ({"name": ""}, "name"),
}


def test_a_table_is_refused(api: Api, tables: str) -> None:
    def check(name: str) -> None:
        body, path = BAD_TABLES[name]
        answer = api.call("POST", tables, body)
        assert (answer.status_code, errors(answer)) == (400, [("invalid_value", path)])

    check_each(BAD_TABLES, alone(check))


@pytest.mark.parametrize("kind", ["address_prefixes", "routing_tables"])
def test_the_parts_of_a_foreign_vpc_are_not_found(api: Api, vpc: str, kind: str) -> None:
    path = f"{vpc}/{kind}/{api.get(f'{vpc}/{kind}').json()[kind][0]['id']}"
    assert api.get(path).status_code == 200
    answers = [Api(MALLORY).call(method, path, {}) for method in ("GET", "PATCH", "DELETE")]
    answers.append(api.get(path, Host="eu-de.iaas.cloud.ibm.com"))
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    ("kind", "body"),
    [("address_prefixes", {"cidr": "10.{}.0.0/16", "zone": ZONE}), ("routing_tables", {"name": "table-{}"})],
)
def test_a_list_takes_the_same_queries_for_few_and_for_many(
    api: Api, vpc: str, kind: str, body: dict[str, Any]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"{vpc}/{kind}").status_code == 200
        return len(captured)

    few = queries()
    for number in range(3):
        filled = {name: value.format(number) if isinstance(value, str) else value for name, value in body.items()}
        make(api, f"{vpc}/{kind}", filled)
    make_subnet(VPC.objects.get().account, name="second", cidr="10.240.1.0/24")
    assert queries() == few
