"""Routes of a routing table."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from servers.models import RoutingTable
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_subnet

ZONE = {"name": "us-south-1"}
DROP: dict[str, Any] = {"destination": "10.9.0.0/24", "zone": ZONE, "action": "drop", "name": "mine"}
HOP: dict[str, Any] = {"destination": "10.9.0.0/24", "zone": ZONE, "next_hop": {"address": "10.240.0.9"}}
EVENT = "is.vpc.routing-table_route"


@pytest.fixture
def vpc(world: World) -> str:
    return f"/v1/vpcs/{make_subnet(world.account).vpc.id}"


@pytest.fixture
def routes(api: Api, vpc: str) -> str:
    return f"{vpc}/routing_tables/{make(api, f'{vpc}/routing_tables', {})['id']}/routes"


def make(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.call("POST", path, body)
    assert answer.status_code == 201, answer.content
    route: dict[str, Any] = answer.json()
    return route


def test_a_route_is_made_read_changed_and_deleted(api: Api, routes: str) -> None:
    route = make(api, routes, DROP | {"priority": 1})
    actual_route = fits(vpc_v1.Route, route)
    path = f"{routes}/{actual_route.id}"
    assert (actual_route.name, actual_route.action, actual_route.priority, actual_route.origin) == (
        "mine",
        "drop",
        1,
        "user",
    )
    assert (actual_route.next_hop, actual_route.advertise, actual_route.lifecycle_state) == (
        {"address": "0.0.0.0"},
        False,
        "stable",
    )
    assert api.get(path).json() == route
    body = api.call("PATCH", path, {"name": "new", "priority": 4, "advertise": True, "next_hop": None}).json()
    assert (body["name"], body["priority"], body["advertise"]) == ("new", 4, True)
    listed_route = fits(vpc_v1.RouteCollection, api.get(routes).json())
    assert ([each.name for each in listed_route.routes], listed_route.total_count) == (["new"], 1)
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    recorded = set(ActivityEvent.objects.filter(action__startswith=EVENT).values_list("action", flat=True))
    assert recorded >= {f"{EVENT}.{verb}" for verb in ("create", "update", "delete")}


def test_a_table_shows_its_routes_and_its_tag_changes_with_them(api: Api, routes: str) -> None:
    table = routes.removesuffix("/routes")
    before = api.get(table)["ETag"]
    id = make(api, routes, HOP)["id"]
    answer = api.get(table)
    assert ([each["id"] for each in answer.json()["routes"]], answer["ETag"] != before) == ([id], True)


def test_a_table_is_made_with_routes(api: Api, vpc: str) -> None:
    route = make(api, f"{vpc}/routing_tables", {"routes": [DROP]})
    assert [each["name"] for each in fits(vpc_v1.RoutingTable, route).to_dict()["routes"]] == ["mine"]


def test_the_routes_of_the_default_table_have_a_path_of_their_own(api: Api, vpc: str) -> None:
    route = make(api, f"{vpc}/routes", DROP)
    make(api, f"{vpc}/routes", DROP | {"zone": {"name": "us-south-2"}, "name": "other"})
    context = fits(vpc_v1.RouteCollectionVPCContext, api.get(f"{vpc}/routes", "zone.name=us-south-1").json())
    assert [each.id for each in context.routes] == [route["id"]]
    assert api.get(f"{vpc}/routes/{route['id']}").json() == route
    assert api.call("DELETE", f"{vpc}/routes/{route['id']}").status_code == 204


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "host-bits": (DROP | {"destination": "10.9.0.1/24"}, [("invalid_value", "destination")]),
    "zone": (DROP | {"zone": {"name": "eu-de-1"}}, [("bad_field", "zone")]),
    "action": (DROP | {"action": "reject"}, [("invalid_value", "action")]),
    "priority": (DROP | {"priority": 5}, [("invalid_value", "priority")]),
    "provider-name": (DROP | {"name": "ibm-mine"}, [("invalid_value", "name")]),
    "drop-with-hop": (DROP | {"next_hop": {"address": "10.0.0.1"}}, [("invalid_value", "next_hop")]),
    "deliver-nowhere": (DROP | {"action": "deliver"}, [("invalid_value", "next_hop")]),
    "multicast": (HOP | {"next_hop": {"address": "224.0.0.1"}}, [("invalid_value", "next_hop")]),
    "vpn": (HOP | {"next_hop": {"id": "r006-vpn"}}, [("invalid_value", "next_hop")]),
    "no-destination": ({"zone": ZONE}, [("missing_field", "destination")]),
}


def test_a_route_is_refused(api: Api, routes: str) -> None:
    # D-40
    def check(name: str) -> None:
        body, problems = REFUSED[name]
        answer = api.call("POST", routes, body)
        assert (answer.status_code, errors(answer)) == (400, problems)

    check_each(REFUSED, alone(check))


def test_a_destination_has_two_next_hops_of_one_priority_at_most(api: Api, routes: str) -> None:
    for address in ("10.240.0.8", "10.240.0.9"):
        make(api, routes, HOP | {"next_hop": {"address": address}})
    for body in (HOP, DROP):
        answer = api.call("POST", routes, body)
        assert (answer.status_code, errors(answer)) == (409, [("conflict", "destination")])
    make(api, routes, HOP | {"priority": 3})


def test_routes_of_one_destination_are_advertised_alike(api: Api, routes: str) -> None:
    first = make(api, routes, HOP)
    answer = api.call("POST", routes, HOP | {"advertise": True})
    assert (answer.status_code, errors(answer)) == (409, [("conflict", "advertise")])
    make(api, routes, HOP)
    answer = api.call("PATCH", f"{routes}/{first['id']}", {"advertise": True})
    assert (answer.status_code, errors(answer)) == (409, [("conflict", "advertise")])


def test_a_foreign_route_reads_like_none(api: Api, routes: str) -> None:
    path = f"{routes}/{make(api, routes, DROP)['id']}"
    answers = [Api(MALLORY).call(method, path, {}) for method in ("GET", "PATCH", "DELETE")]
    assert {answer.status_code for answer in answers} == {404}
    assert RoutingTable.objects.filter(routes__isnull=False).exists()
