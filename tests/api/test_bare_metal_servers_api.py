"""Bare metal servers over the VPC API."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1
from rest_framework.test import APIClient

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from servers.models import VPC, BareMetalServer, Image, ReservedIP, Subnet
from servers.services import transitions
from tests.world import ALICE, MALLORY, World, make_profile, make_server
from trustedprofiles.models import ProfileLink

QUERY = "version=2025-08-26&generation=2"
SERVERS = "/v1/bare_metal_servers"


class Api:
    """The VPC API as one caller sees it."""

    def __init__(self, caller: Caller = ALICE) -> None:
        self.client = APIClient()
        self.client.force_authenticate(user=caller)  # type: ignore[arg-type]

    def call(self, method: str, path: str, body: Any = None, *, query: str = QUERY) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"{path}?{query}", data, content_type="application/json")

    def get(self, path: str, query: str = "") -> Any:
        return self.call("GET", path, query=f"{QUERY}&{query}")


@pytest.fixture
def api(world: World) -> Api:
    return Api()


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


@pytest.fixture
def prototype(server: BareMetalServer) -> dict[str, Any]:
    """The smallest valid create body."""
    return {
        "name": "new-1",
        "profile": {"name": "bx2-metal-96x384"},
        "zone": {"name": "us-south-1"},
        "initialization": {"image": {"id": Image.objects.all()[0].id}, "keys": []},
        "primary_network_interface": {"subnet": {"id": Subnet.objects.all()[0].id}},
    }


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(each["code"], each.get("target", {}).get("name", "")) for each in answer.json()["errors"]]


def settle(server_id: str) -> BareMetalServer:
    server = BareMetalServer.objects.get(id=server_id)
    while server.transition:
        transitions.advance(server_id, now=server.transition_due_at or clock.now())
        server.refresh_from_db()
    return server


# --- answers that the SDK's models accept --------------------------------------------------------------------------


def assert_complete(body: Any) -> None:
    """No property anywhere is null: the SDKs and Terraform dereference them."""
    values = body.values() if isinstance(body, dict) else body if isinstance(body, list) else []
    for value in values:
        assert value is not None
        assert_complete(value)


def test_a_server_satisfies_the_sdk_model(api: Api, server: BareMetalServer) -> None:
    body = api.get(f"{SERVERS}/{server.id}").json()
    assert_complete(body)
    assert vpc_v1.BareMetalServer.from_dict(body).status == "running"


MODELS: dict[str, tuple[str, type[Any]]] = {
    "profile": ("/v1/bare_metal_server/profiles/bx3d-metal-48x256", vpc_v1.BareMetalServerProfile),
    "gpu-profile": ("/v1/bare_metal_server/profiles/gx3d-metal-224x2048x8mi300x-sn", vpc_v1.BareMetalServerProfile),
    "profiles": ("/v1/bare_metal_server/profiles", vpc_v1.BareMetalServerProfileCollection),
    "servers": (SERVERS, vpc_v1.BareMetalServerCollection),
    "images": ("/v1/images", vpc_v1.ImageCollection),
    "operating-systems": ("/v1/operating_systems", vpc_v1.OperatingSystemCollection),
    "vpcs": ("/v1/vpcs", vpc_v1.VPCCollection),
    "subnets": ("/v1/subnets", vpc_v1.SubnetCollection),
    "keys": ("/v1/keys", vpc_v1.KeyCollection),
    "regions": ("/v1/regions", vpc_v1.RegionCollection),
    "zone": ("/v1/regions/us-south/zones/us-south-1", vpc_v1.Zone),
    "initialization": (SERVERS + "/{server}/initialization", vpc_v1.BareMetalServerInitialization),
    "disks": (SERVERS + "/{server}/disks", vpc_v1.BareMetalServerDiskCollection),
    "interfaces": (SERVERS + "/{server}/network_interfaces", vpc_v1.BareMetalServerNetworkInterfaceCollection),
    "reserved-ips": ("/v1/subnets/{subnet}/reserved_ips", vpc_v1.ReservedIPCollection),
}


@pytest.mark.parametrize(("path", "model"), MODELS.values(), ids=MODELS.keys())
def test_an_answer_satisfies_the_sdk_model(api: Api, server: BareMetalServer, path: str, model: type[Any]) -> None:
    body = api.get(path.format(server=server.id, subnet=Subnet.objects.all()[0].id)).json()
    assert_complete(body)
    assert model.from_dict(body)


# --- creating ------------------------------------------------------------------------------------------------------


def test_a_new_server_is_pending_with_the_service_off(api: Api, prototype: dict[str, Any]) -> None:
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["metadata_service"]) == ("pending", {"enabled": False, "protocol": "http"})


def test_a_new_server_ends_up_running(api: Api, prototype: dict[str, Any]) -> None:
    assert settle(api.call("POST", SERVERS, prototype).json()["id"]).status == "running"


def test_a_server_without_a_name_gets_four_words(api: Api, prototype: dict[str, Any]) -> None:
    del prototype["name"]
    assert len(api.call("POST", SERVERS, prototype).json()["name"].split("-")) == 4


@pytest.mark.parametrize(("given", "linked"), [({}, True), ({"auto_link": True}, True), ({"auto_link": False}, False)])
def test_a_default_trusted_profile_is_linked_unless_told_otherwise(
    api: Api, prototype: dict[str, Any], world: World, given: dict[str, bool], linked: bool
) -> None:
    profile = make_profile(world.account)
    prototype["initialization"]["default_trusted_profile"] = {"target": {"id": profile.id}, **given}
    crn = api.call("POST", SERVERS, prototype).json()["crn"]
    assert ProfileLink.objects.filter(profile=profile, cr_type="BMS", crn=crn).exists() == linked


def test_everything_wrong_with_a_request_is_reported_at_once_and_nothing_is_made(
    api: Api, prototype: dict[str, Any]
) -> None:
    prototype["profile"] = {"name": "nope"}
    prototype["zone"] = {"name": "us-south-9"}
    prototype["resource_group"] = {"id": "0" * 32}
    prototype["initialization"] = {
        "image": {"id": "r006-x"},
        "keys": [{"id": "r006-y"}, {"fingerprint": "SHA256:z"}],
        "default_trusted_profile": {"target": {"id": "Profile-x"}},
    }
    prototype["primary_network_interface"] = {"subnet": {"id": "0717-x"}}
    before = (BareMetalServer.objects.count(), ReservedIP.objects.count(), ProfileLink.objects.count())
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 400
    assert {name for _, name in errors(answer)} == {
        "profile",
        "zone",
        "resource_group",
        "initialization.image",
        "initialization.keys[0]",
        "initialization.keys[1]",
        "initialization.default_trusted_profile.target",
        "primary_network_interface.subnet",
    }
    assert (BareMetalServer.objects.count(), ReservedIP.objects.count(), ProfileLink.objects.count()) == before


def change(prototype: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    part = prototype
    for name in parents:
        part = part[name]
    part[last] = value
    return prototype


BODIES: dict[str, tuple[str, Any, tuple[str, str]]] = {
    "name-upper-case": ("name", "Web", ("invalid_value", "name")),
    "name-too-long": ("name", "a" * 64, ("invalid_value", "name")),
    "name-number": ("name", 7, ("invalid_value", "name")),
    "name-null": ("name", None, ("invalid_value", "name")),
    "name-taken": ("name", "web-1", ("validation_unique_failed", "name")),
    "bandwidth-text": ("bandwidth", "100000", ("invalid_value", "bandwidth")),
    "bandwidth-not-of-the-profile": ("bandwidth", 17, ("invalid_value", "bandwidth")),
    "bandwidth-huge": ("bandwidth", 10**40, ("invalid_value", "bandwidth")),
    "secure-boot-number": ("enable_secure_boot", 1, ("invalid_value", "enable_secure_boot")),
    "protocol-ftp": ("metadata_service", {"protocol": "ftp"}, ("invalid_value", "metadata_service.protocol")),
    "enabled-text": ("metadata_service", {"enabled": "true"}, ("invalid_value", "metadata_service.enabled")),
    "reference-empty": ("profile", {}, ("invalid_value", "profile")),
    "reference-twice": ("profile", {"name": "a", "href": "b"}, ("invalid_value", "profile")),
    "reference-text": ("zone", "us-south-1", ("invalid_value", "zone")),
    "reference-with-nul": ("initialization.image", {"id": "\x00"}, ("invalid_value", "initialization.image")),
    "keys-missing": ("initialization", {"image": {"id": "x"}}, ("missing_field", "initialization.keys")),
    "user-data-too-large": ("initialization.user_data", "a" * 65_537, ("invalid_value", "initialization.user_data")),
    "id-smuggled": ("id", "0717-mine", ("unknown_field", "id")),
    "crn-smuggled": ("crn", "crn:v1:x", ("unknown_field", "crn")),
    "status-smuggled": ("status", "running", ("unknown_field", "status")),
    "created-at-smuggled": ("created_at", "2020-01-01T00:00:00Z", ("unknown_field", "created_at")),
    "account-smuggled": ("account_id", "b" * 32, ("unknown_field", "account_id")),
    "attachment-style": ("primary_network_attachment", {}, ("invalid_value", "primary_network_attachment")),
    "vlan-out-of-range": (
        "primary_network_interface.allowed_vlans",
        [4095],
        ("invalid_value", "primary_network_interface.allowed_vlans[0]"),
    ),
}


@pytest.mark.parametrize(("path", "value", "expected"), BODIES.values(), ids=BODIES.keys())
def test_a_create_request_is_refused(
    api: Api, prototype: dict[str, Any], path: str, value: Any, expected: tuple[str, str]
) -> None:
    answer = api.call("POST", SERVERS, change(prototype, path, value))
    assert (answer.status_code, errors(answer)) == (400, [expected])


RAW = {
    "not-json": b"name=web",
    "a-list": b"[]",
    "truncated": b'{"name":',
    "deep": b'{"name":' + b"[" * 1000,
    "twice": b'{"name": "a", "name": "b"}',
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW.keys())
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    answer = api.call("POST", SERVERS, body)
    assert (answer.status_code, errors(answer)[0][0]) == (400, "invalid_request")


def test_the_quota_is_named_when_it_is_reached(api: Api, prototype: dict[str, Any], settings: Any) -> None:
    settings.BAREMINT_MOST_SERVERS = 1
    assert errors(api.call("POST", SERVERS, prototype)) == [("over_quota", "")]


def test_no_address_is_given_twice(api: Api, prototype: dict[str, Any]) -> None:
    del prototype["name"]
    given = [
        api.call("POST", SERVERS, prototype).json()["primary_network_interface"]["primary_ip"]["address"]
        for _ in range(5)
    ]
    assert len(set(given)) == 5


def test_an_asked_address_that_is_taken_is_a_conflict(api: Api, prototype: dict[str, Any]) -> None:
    prototype["primary_network_interface"]["primary_ip"] = {"address": "10.240.0.4"}
    assert api.call("POST", SERVERS, prototype).status_code == 409


# --- query parameters ----------------------------------------------------------------------------------------------

QUERIES = {
    "no-version": ("generation=2", ("missing_value", "version")),
    "no-generation": ("version=2025-08-26", ("missing_value", "generation")),
    "generation-1": ("version=2025-08-26&generation=1", ("invalid_value", "generation")),
    "version-malformed": ("version=now&generation=2", ("invalid_value", "version")),
    "version-too-early": ("version=2018-12-31&generation=2", ("invalid_version_range", "version")),
    "limit-0": (f"{QUERY}&limit=0", ("invalid_value", "limit")),
    "limit-101": (f"{QUERY}&limit=101", ("invalid_value", "limit")),
    "limit-text": (f"{QUERY}&limit=ten", ("invalid_value", "limit")),
    "start-made-up": (f"{QUERY}&start=abc", ("invalid_value", "start")),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_a_query_is_refused(api: Api, query: str, expected: tuple[str, str]) -> None:
    answer = api.call("GET", SERVERS, query=query)
    assert (answer.status_code, errors(answer)) == (400, [expected])


@pytest.mark.parametrize("query", ["name=web-1", "vpc.name=net", "vpc.id={vpc}", "vpc.crn={crn}"])
def test_a_filter_finds_what_matches(api: Api, server: BareMetalServer, query: str) -> None:
    vpc = VPC.objects.all()[0]
    found = api.get(SERVERS, query.format(vpc=vpc.id, crn=vpc.crn)).json()["bare_metal_servers"]
    assert [each["id"] for each in found] == [server.id]


@pytest.mark.parametrize("query", ["name=web", "vpc.name=other", "vpc.id=r006-x", "resource_group.id=0"])
def test_a_filter_leaves_out_what_does_not_match(api: Api, server: BareMetalServer, query: str) -> None:
    assert api.get(SERVERS, query).json()["total_count"] == 0


def next_query(body: dict[str, Any]) -> str:
    return str(body["next"]["href"]).partition("?")[2]


def test_pages_are_stable_when_servers_are_added_between_them(api: Api, world: World) -> None:
    names = ["first", "second", "third"]
    for name in names:
        make_server(world.account, name=name)
    page = api.get(SERVERS, "limit=1").json()
    make_server(world.account, name="late")
    seen = [page["bare_metal_servers"][0]["name"]]
    while "next" in page:
        page = api.get(SERVERS, next_query(page)).json()
        seen.append(page["bare_metal_servers"][0]["name"])
    assert seen == names[::-1]


def test_a_page_token_of_another_account_is_refused(api: Api, world: World) -> None:
    for name in ("first", "second"):
        make_server(world.account, name=name)
    stolen = next_query(api.get(SERVERS, "limit=1").json())
    assert errors(Api(MALLORY).get(SERVERS, stolen)) == [("invalid_value", "start")]


def test_a_list_takes_the_same_queries_for_one_server_and_for_five(
    api: Api, server: BareMetalServer, world: World
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(SERVERS).status_code == 200
        return len(captured)

    one = queries()
    for number in range(4):
        make_server(world.account, name=f"more-{number}")
    assert queries() == one


# --- changing ------------------------------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names_and_nothing_else(api: Api, server: BareMetalServer) -> None:
    path = f"{SERVERS}/{server.id}"
    before = api.get(path).json()
    after = api.call("PATCH", path, {"metadata_service": {"protocol": "https"}}).json()
    assert after == before | {"metadata_service": {"enabled": False, "protocol": "https"}}


PATCHES: dict[str, tuple[Any, int, str]] = {
    "empty": ({}, 400, "missing_field"),
    "unknown": ({"zone": {"name": "us-south-2"}}, 400, "unknown_field"),
    "bandwidth": ({"bandwidth": 1}, 400, "invalid_value"),
    "secure-boot-while-running": ({"enable_secure_boot": True}, 409, "conflict"),
    "tpm-while-running": ({"trusted_platform_module": {"mode": "tpm_2"}}, 409, "conflict"),
    "enabled-null": ({"metadata_service": {"enabled": None}}, 400, "invalid_value"),
}


@pytest.mark.parametrize(("body", "status", "code"), PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_is_refused(api: Api, server: BareMetalServer, body: Any, status: int, code: str) -> None:
    answer = api.call("PATCH", f"{SERVERS}/{server.id}", body)
    assert (answer.status_code, errors(answer)[0][0]) == (status, code)


@pytest.mark.parametrize(
    ("action", "body"), [("start", None), ("delete", None)], ids=["start-while-running", "delete-while-running"]
)
def test_an_action_in_the_wrong_status_is_a_conflict(api: Api, server: BareMetalServer, action: str, body: Any) -> None:
    method, path = ("DELETE", "") if action == "delete" else ("POST", f"/{action}")
    assert api.call(method, f"{SERVERS}/{server.id}{path}", body).status_code == 409


def test_a_server_stops_restarts_and_goes(api: Api, server: BareMetalServer) -> None:
    path = f"{SERVERS}/{server.id}"
    assert api.call("POST", f"{path}/restart").status_code == 204
    assert settle(server.id).status == "running"
    assert api.call("POST", f"{path}/stop", {"type": "hard"}).status_code == 204
    assert settle(server.id).status == "stopped"
    assert api.call("DELETE", path).status_code == 202
    transitions.run_due(BareMetalServer.objects.get(id=server.id).transition_due_at or clock.now())
    assert api.get(path).status_code == 404


def test_stopping_needs_to_be_told_how(api: Api, server: BareMetalServer) -> None:
    assert errors(api.call("POST", f"{SERVERS}/{server.id}/stop", {})) == [("missing_field", "type")]


def test_a_deleted_server_leaves_no_link_and_frees_its_address(api: Api, world: World) -> None:
    profile = make_profile(world.account)
    server = make_server(world.account, name="gone", profile=profile)
    api.call("POST", f"{SERVERS}/{server.id}/stop", {"type": "hard"})
    settle(server.id)
    api.call("DELETE", f"{SERVERS}/{server.id}")
    transitions.run_due(BareMetalServer.objects.get(id=server.id).transition_due_at or clock.now())
    assert not ProfileLink.objects.filter(crn=server.crn).exists()
    assert not ReservedIP.objects.filter(owner="user").exists()


# --- tenancy and records -------------------------------------------------------------------------------------------

FOREIGN = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/start"),
    ("POST", "/stop"),
    ("POST", "/restart"),
    ("GET", "/initialization"),
    ("GET", "/disks"),
    ("GET", "/network_interfaces"),
]


@pytest.mark.parametrize(("method", "suffix"), FOREIGN)
def test_another_accounts_server_looks_exactly_like_none(server: BareMetalServer, method: str, suffix: str) -> None:
    mallory = Api(MALLORY)
    answers = [mallory.call(method, f"{SERVERS}/{each}{suffix}", {}) for each in (server.id, "0717-none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert errors(answers[0]) == errors(answers[1])


@pytest.mark.parametrize("path", ["/v1/vpcs", "/v1/subnets", "/v1/keys", SERVERS])
def test_another_accounts_lists_are_empty(server: BareMetalServer, path: str) -> None:
    assert Api(MALLORY).get(path).json()["total_count"] == 0


def test_a_write_leaves_one_event_with_initiator_target_and_request(api: Api, prototype: dict[str, Any]) -> None:
    answer = api.call("POST", SERVERS, prototype)
    [event] = ActivityEvent.objects.filter(request_id=answer["X-Request-Id"])
    assert (event.action, event.outcome) == ("is.bare-metal-server.bare-metal-server.create", "success")
    assert (event.initiator_id, event.target_id) == (ALICE.iam_id, answer.json()["crn"])


def test_a_list_leaves_one_read_event_with_a_star_for_its_target(api: Api) -> None:
    answer = api.get(SERVERS)
    [event] = ActivityEvent.objects.filter(request_id=answer["X-Request-Id"])
    assert (event.action, event.target_name) == ("is.bare-metal-server.bare-metal-server.read", "*")


def test_a_refused_write_leaves_one_event_with_its_reason(api: Api, prototype: dict[str, Any]) -> None:
    answer = api.call("POST", SERVERS, change(prototype, "name", "web-1"))
    [event] = ActivityEvent.objects.filter(request_id=answer["X-Request-Id"])
    assert (event.outcome, event.reason_code, event.reason_type) == ("failure", 400, "validation_unique_failed")
