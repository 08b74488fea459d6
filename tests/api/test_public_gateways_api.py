"""``/v1/public_gateways``: made for a zone of a VPC, attached to subnets, with a floating IP of their own."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import FloatingIP, Subnet
from tests.api.calling import caller_of
from tests.api.vpc import Api, errors, fits
from tests.policies import VICTOR, attribute, make_content
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_subnet
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
PATH = "/v1/public_gateways"
ZONE = {"name": "us-south-1"}
GATEWAY = "is.public-gateway.public-gateway"


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


@pytest.fixture
def wanted(subnet: Subnet) -> dict[str, Any]:
    return {"vpc": {"id": subnet.vpc.id}, "zone": ZONE, "name": "gate"}


def make(api: Api, body: dict[str, Any], path: str = PATH) -> dict[str, Any]:
    answer = api.call("POST", path, body)
    assert answer.status_code == 201, answer.content
    gateway: dict[str, Any] = answer.json()
    return gateway


def test_a_gateway_is_made_read_renamed_and_deleted(api: Api, wanted: dict[str, Any]) -> None:
    gateway = make(api, wanted)
    actual_gateway = fits(vpc_v1.PublicGateway, gateway)
    path = f"{PATH}/{actual_gateway.id}"
    assert (actual_gateway.name, actual_gateway.status, actual_gateway.zone.name) == ("gate", "available", "us-south-1")
    assert api.get(path).json() == gateway
    assert api.call("PATCH", path, {"name": "new"}).json()["name"] == "new"
    assert [each["name"] for each in api.get(PATH).json()["public_gateways"]] == ["new"]
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    actions = (
        ActivityEvent.objects.filter(action__startswith=f"{GATEWAY}.").order_by("pk").values_list("action", flat=True)
    )
    assert [f"{GATEWAY}.{verb}" for verb in ("create", "update", "delete")] == [
        each for each in actions if not each.endswith(".read")
    ]


def test_a_floating_ip_that_is_made_along_is_deleted_along(api: Api, wanted: dict[str, Any]) -> None:
    gateway = make(api, wanted | {"floating_ip": {"name": "address"}})
    [ip] = api.get("/v1/floating_ips", f"target.id={gateway['id']}").json()["floating_ips"]
    assert (ip["name"], ip["target"]["resource_type"]) == ("address", "public_gateway")
    assert fits(vpc_v1.FloatingIPTargetPublicGatewayReference, ip["target"]).crn == gateway["crn"]
    api.call("DELETE", f"{PATH}/{gateway['id']}")
    assert not FloatingIP.objects.exists()


@pytest.mark.parametrize("form", ["id", "crn", "href", "address"])
def test_a_floating_ip_that_was_there_is_bound_and_stays(api: Api, wanted: dict[str, Any], form: str) -> None:
    ip = make(api, {"zone": ZONE}, "/v1/floating_ips")
    gateway = make(api, wanted | {"floating_ip": {form: ip[form]}})
    assert gateway["floating_ip"]["id"] == ip["id"]
    api.call("DELETE", f"{PATH}/{gateway['id']}")
    assert "target" not in api.get(f"/v1/floating_ips/{ip['id']}").json()


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"target": None}), ("DELETE", None)])
def test_a_gateway_keeps_its_floating_ip(api: Api, wanted: dict[str, Any], method: str, body: Any) -> None:
    path = f"/v1/floating_ips/{make(api, wanted)['floating_ip']['id']}"
    answer = api.call(method, path, body)
    assert (answer.status_code, errors(answer)) == (409, [("floating_ip_in_use", "")])
    assert api.call("PATCH", path, {"name": "new"}).status_code == 200


def test_a_subnet_is_attached_and_detached(api: Api, subnet: Subnet, wanted: dict[str, Any]) -> None:
    gateway, path = make(api, wanted), f"/v1/subnets/{subnet.id}"
    answer = api.call("PUT", f"{path}/public_gateway", {"crn": gateway["crn"]})
    assert (answer.status_code, answer.json()) == (201, gateway)
    assert api.get(f"{path}/public_gateway").json() == gateway
    body = api.get(path).json()
    assert fits(vpc_v1.Subnet, body).public_gateway.id == gateway["id"]
    response = api.call("DELETE", f"{PATH}/{gateway['id']}")
    assert (response.status_code, errors(response)) == (409, [("public_gateway_in_use_subnet_exists", "")])
    assert (
        "the public gateway is in use by subnet" in response.json()["errors"][0]["message"].lower()
    )  # Terraform reads it
    assert api.call("DELETE", f"{path}/public_gateway").status_code == 204
    assert "public_gateway" not in api.get(path).json()
    assert api.get(f"{path}/public_gateway").status_code == 404


def test_a_subnet_is_made_and_changed_with_a_gateway(api: Api, subnet: Subnet, wanted: dict[str, Any]) -> None:
    gateway = {"id": make(api, wanted)["id"]}
    body = {"vpc": wanted["vpc"], "zone": ZONE, "total_ipv4_address_count": 8, "public_gateway": gateway}
    new_gateway = make(api, body, "/v1/subnets")
    assert new_gateway["public_gateway"]["name"] == "gate"
    path = f"/v1/subnets/{new_gateway['id']}"
    assert "public_gateway" in api.call("PATCH", path, {"name": "other"}).json()
    assert "public_gateway" not in api.call("PATCH", path, {"public_gateway": None}).json()
    assert "public_gateway" in api.call("PATCH", path, {"public_gateway": gateway}).json()
    assert api.call("DELETE", path).status_code == 204


@pytest.mark.parametrize("role", ["Viewer", "Operator"])
def test_who_attaches_a_gateway_must_be_allowed_to_operate_it(
    api: Api, world: World, subnet: Subnet, wanted: dict[str, Any], role: str
) -> None:
    gateway = {"id": make(api, wanted)["id"]}
    may_attach = role == "Operator"
    for each, name, id in (("Editor", "subnetId", subnet.id), (role, "publicGatewayId", gateway["id"])):
        content = make_content(VICTOR, each, more=(attribute(name, id),))
        create_policy(world.account, content=content, api_version="v1", by=BY)
    victor, path = Api(caller_of(VICTOR)), f"/v1/subnets/{subnet.id}"
    answers = [
        victor.call("PATCH", path, {"public_gateway": gateway}),
        victor.call("PUT", f"{path}/public_gateway", gateway),
    ]
    assert [answer.status_code for answer in answers] == ([200, 201] if may_attach else [403, 403])
    assert victor.call("DELETE", f"{path}/public_gateway").status_code == (204 if may_attach else 404)


def test_a_subnet_of_another_zone_is_not_attached(api: Api, subnet: Subnet, wanted: dict[str, Any]) -> None:
    other = make(api, wanted | {"zone": {"name": "us-south-2"}})
    answer = api.call("PUT", f"/v1/subnets/{subnet.id}/public_gateway", {"id": other["id"]})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "id")])


def test_a_zone_of_a_vpc_has_one_gateway(api: Api, wanted: dict[str, Any]) -> None:
    make(api, wanted)
    answer = api.call("POST", PATH, wanted | {"name": "second"})
    assert (answer.status_code, errors(answer)) == (409, [("conflict", "")])
    assert FloatingIP.objects.count() == 1


def test_a_vpc_is_not_deleted_under_a_gateway(api: Api, wanted: dict[str, Any]) -> None:
    vpc = make(api, {"name": "second"}, "/v1/vpcs")["id"]
    make(api, wanted | {"vpc": {"id": vpc}})
    answer = api.call("DELETE", f"/v1/vpcs/{vpc}")
    assert (answer.status_code, errors(answer)) == (409, [("vpc_in_use_public_gateway_exists", "")])


REFUSED: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
    "vpc": ({"vpc": {"id": "none"}}, 400, [("bad_field", "vpc")]),
    "zone": ({"zone": {"name": "eu-de-1"}}, 400, [("bad_field", "zone")]),
    "group": ({"resource_group": {"id": "0" * 32}}, 400, [("bad_field", "resource_group")]),
    "group of the new ip": (
        {"floating_ip": {"resource_group": {"id": "0" * 32}}},
        400,
        [("bad_field", "floating_ip.resource_group")],
    ),
    "ip": ({"floating_ip": {"id": "r006-none"}}, 400, [("bad_field", "floating_ip")]),
    "two-forms": ({"floating_ip": {"id": "a", "address": "b"}}, 400, [("invalid_value", "floating_ip")]),
    "name": ({"name": "Gate"}, 400, [("invalid_value", "name")]),
}


def test_a_gateway_is_refused(api: Api, wanted: dict[str, Any]) -> None:
    def check(name: str) -> None:
        change, status, problems = REFUSED[name]
        answer = api.call("POST", PATH, wanted | change)
        assert (answer.status_code, errors(answer)) == (status, problems)
        assert not FloatingIP.objects.exists()

    check_each(REFUSED, alone(check))


def test_a_foreign_gateway_reads_like_none(api: Api, wanted: dict[str, Any]) -> None:
    path = f"{PATH}/{make(api, wanted)['id']}"
    answers = [Api(MALLORY).call(method, path, {}) for method in ("GET", "PATCH", "DELETE")]
    assert {answer.status_code for answer in answers} == {404}
    assert Api(MALLORY).get(PATH).json()["public_gateways"] == []
