"""The calls of IBM's Terraform provider for reservations, public gateways, routing tables and routes, in its order.

Each resource is made, read, changed, read and deleted (provider 2.5.0). What the provider reads must be there, and what
it waits for must come.
"""

from typing import Any

import pytest

from servers.models import Subnet
from tests.api.vpc import Api
from tests.world import World, make_subnet

RESERVATION: dict[str, Any] = {
    "capacity": {"total": 10},
    "committed_use": {"term": "one_year"},
    "profile": {"name": "cx2-2x4", "resource_type": "instance_profile"},
    "zone": {"name": "us-south-1"},
    "name": "tfres-name-10",
}
READ = {
    "reservations": {
        *("affinity_policy", "capacity", "committed_use", "created_at", "crn", "href", "lifecycle_state", "name"),
        *("profile", "resource_group", "resource_type", "status", "status_reasons", "zone"),
    },
    "public_gateways": {"name", "floating_ip", "status", "zone", "vpc", "crn", "resource_group"},
    "routing_tables": {
        *("id", "crn", "name", "href", "lifecycle_state", "created_at", "resource_type", "is_default", "subnets"),
        *("route_direct_link_ingress", "route_internet_ingress", "route_transit_gateway_ingress"),
        *("route_vpc_zone_ingress", "accept_routes_from", "advertise_routes_to", "resource_group"),
    },
    "routes": {
        *("id", "advertise", "name", "destination", "next_hop", "origin", "zone", "href", "lifecycle_state"),
        *("created_at", "priority"),
    },
}


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


class Provider:
    """How the provider keeps a resource at ``collection``."""

    def __init__(self, api: Api, collection: str) -> None:
        self.api, self.collection = api, collection
        self.wanted = READ[collection.rpartition("/")[2]]

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.api.call("POST", self.collection, body)
        assert answer.status_code == 201, answer.content
        self.path = f"{self.collection}/{answer.json()['id']}"
        return self.read()

    def read(self) -> dict[str, Any]:
        answer = self.api.get(self.path)
        body: dict[str, Any] = answer.json()
        assert self.wanted <= set(body)
        self.etag = answer.headers.get("ETag", "")
        return body

    def update(self, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = self.api.call("PATCH", self.path, body, **headers)
        assert answer.status_code == 200, answer.content
        return self.read()

    def delete(self) -> None:
        """It is gone when it is not found."""
        answer = self.api.call("DELETE", self.path)
        assert answer.status_code in (202, 204), answer.content
        assert self.api.get(self.path).status_code == 404


def test_a_reservation(api: Api) -> None:
    provider = Provider(api, "/v1/reservations")
    assert provider.create(RESERVATION)["status"] == "inactive"
    updated_body = provider.update({"name": "new", "capacity": {"total": 11}, "committed_use": {}, "profile": {}})
    assert (updated_body["name"], updated_body["capacity"]["total"]) == ("new", 11)
    provider.delete()


def test_a_reservation_that_is_activated(api: Api) -> None:
    provider = Provider(api, "/v1/reservations")
    provider.create(RESERVATION)
    assert api.call("POST", f"{provider.path}/activate").status_code == 202
    assert provider.read()["committed_use"]["expiration_at"]


def test_a_public_gateway_that_is_deleted_before_its_subnets_let_go(api: Api, subnet: Subnet) -> None:
    ip = api.call("POST", "/v1/floating_ips", {"name": "fip", "zone": {"name": subnet.zone}}).json()
    provider = Provider(api, "/v1/public_gateways")
    body = {"name": "gate", "vpc": {"id": subnet.vpc.id}, "zone": {"name": subnet.zone}}
    gateway = provider.create(body | {"floating_ip": {"id": ip["id"]}})
    assert (gateway["status"], gateway["floating_ip"]["address"]) == ("available", ip["address"])
    assert provider.update({"name": "new"})["name"] == "new"
    attachment = f"/v1/subnets/{subnet.id}/public_gateway"
    assert api.call("PUT", attachment, {"id": gateway["id"]}).json()["status"] == "available"
    assert api.get(attachment).json()["id"] == gateway["id"]
    answer = api.call("DELETE", provider.path)
    assert answer.status_code == 409
    assert "the public gateway is in use by subnet" in answer.json()["errors"][0]["message"].lower()
    users = [each["id"] for each in api.get("/v1/subnets").json()["subnets"] if "public_gateway" in each]
    assert users == [subnet.id]
    assert api.call("DELETE", attachment).status_code == 204
    assert api.get(attachment).status_code == 404
    provider.delete()


def test_a_routing_table_and_its_routes(api: Api, subnet: Subnet) -> None:
    table = Provider(api, f"/v1/vpcs/{subnet.vpc.id}/routing_tables")
    filters = {"accept_routes_from": [{"resource_type": "vpn_server"}], "advertise_routes_to": ["transit_gateway"]}
    table_body = table.create({"name": "table", "route_transit_gateway_ingress": True} | filters)
    assert not table_body["is_default"]
    assert table.update({"name": "new", "route_vpc_zone_ingress": True}, If_Match=table.etag)["name"] == "new"
    assert table.update(dict.fromkeys(filters, ()), If_Match=table.etag)["advertise_routes_to"] == []
    assert table.update({"route_internet_ingress": True})["route_internet_ingress"]  # it sends no If-Match with this
    table.update({})
    route = Provider(api, f"{table.path}/routes")
    body = {"destination": "192.168.4.0/24", "zone": {"name": subnet.zone}, "name": "route", "action": "deliver"}
    assert route.create(body | {"next_hop": {"address": "10.0.0.4"}, "priority": 0})["priority"] == 0
    updated_route = route.update({"advertise": True, "name": "new", "priority": 3, "next_hop": {"address": "10.0.0.5"}})
    assert (updated_route["advertise"], updated_route["priority"], updated_route["next_hop"]) == (
        True,
        3,
        {"address": "10.0.0.5"},
    )
    drop = Provider(api, route.collection)
    assert drop.create(body | {"action": "drop", "name": "drop", "zone": {"name": "us-south-2"}})["origin"] == "user"
    drop.delete()
    route.delete()
    table.delete()
