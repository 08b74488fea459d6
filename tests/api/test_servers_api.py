"""Bare metal servers over REST: create, list, read, change, act."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc.vpc_v1 import (
    BareMetalServer as SdkServer,
)
from ibm_vpc.vpc_v1 import (
    BareMetalServerDisk,
    BareMetalServerInitialization,
    BareMetalServerNetworkInterface,
)

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer, Disk, ReservedIP
from tests.api.calling import call, refusal
from tests.api.vpc import QUERY, SERVERS, at_rest, creation, faults, make_key, network_of, spoilt, vpc_call
from tests.world import MALLORY, World, make_profile, make_server
from trustedprofiles.models import ProfileLink

EVENT = "is.bare-metal-server.bare-metal-server"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


@pytest.fixture
def path(server: BareMetalServer) -> str:
    return f"{SERVERS}/{server.id}"


def create(world: World, **changes: Any) -> Any:
    return vpc_call("POST", SERVERS, creation(world.account, **changes))


def state() -> list[Any]:
    """Everything that a refused request must leave alone."""
    return [
        list(BareMetalServer.objects.order_by("pk").values()),
        list(ReservedIP.objects.order_by("pk").values()),
        Disk.objects.count(),
        ProfileLink.objects.count(),
    ]


# --- create -----------------------------------------------------------------------------------------------------


def test_a_server_is_created_pending_and_answered_whole(world: World, server: BareMetalServer) -> None:
    answer = create(world, name="db-1", metadata_service={"enabled": True, "protocol": "https"})
    assert answer.status_code == 201
    body = answer.json()
    row = BareMetalServer.objects.get(name="db-1")
    vpc, subnet = network_of(world.account)
    base = "http://testserver/v1"
    assert body["id"] == row.id
    assert body["crn"] == f"crn:v1:bluemix:public:is:us-south-1:a/{world.account.id}::bare-metal-server:{row.id}"
    assert body["href"] == f"{base}/bare_metal_servers/{row.id}"
    assert (body["status"], body["lifecycle_state"]) == ("pending", "pending")
    assert body["metadata_service"] == {"enabled": True, "protocol": "https"}
    assert body["vpc"]["crn"] == vpc.crn
    assert body["zone"] == {"href": f"{base}/regions/us-south/zones/us-south-1", "name": "us-south-1"}
    assert body["profile"]["name"] == "bx2-metal-96x384"
    assert body["cpu"] == {"architecture": "amd64", "core_count": 48, "socket_count": 2, "threads_per_core": 2}
    primary = body["primary_network_interface"]
    assert primary["subnet"]["id"] == subnet.id
    assert primary in body["network_interfaces"]
    assert body["boot_target"]["id"] in [disk["id"] for disk in body["disks"]]


def test_the_answer_has_every_member_that_the_sdk_requires(world: World, server: BareMetalServer) -> None:
    body = create(world).json()
    assert SdkServer.from_dict(body).to_dict().keys() == body.keys()


def test_no_member_of_a_server_is_null(path: str) -> None:
    assert None not in vpc_call("GET", path).json().values()


def test_a_server_read_is_the_server_created(world: World, server: BareMetalServer) -> None:
    created = create(world).json()
    assert vpc_call("GET", f"{SERVERS}/{created['id']}").json() == created


def test_a_new_server_has_the_documented_defaults(world: World, server: BareMetalServer) -> None:
    body = create(world).json()
    assert body["metadata_service"] == {"enabled": False, "protocol": "http"}
    assert body["reservation_affinity"] == {"policy": "automatic", "pool": []}
    assert body["bandwidth"] == 100_000
    assert body["enable_secure_boot"] is False
    assert body["name"]


def test_a_default_trusted_profile_is_linked_to_the_new_server(world: World, server: BareMetalServer) -> None:
    profile = make_profile(world.account)
    body = create(world, initialization__default_trusted_profile={"target": {"id": profile.id}}).json()
    assert ProfileLink.objects.get(profile=profile).crn == body["crn"]


def test_a_default_trusted_profile_is_not_linked_when_that_is_not_wanted(world: World, server: BareMetalServer) -> None:
    target = {"auto_link": False, "target": {"crn": make_profile(world.account).crn}}
    assert create(world, initialization__default_trusted_profile=target).status_code == 201
    assert not ProfileLink.objects.exists()


def test_an_asked_address_is_given(world: World, server: BareMetalServer) -> None:
    asked = {"address": "10.240.0.77", "name": "front", "auto_delete": False}
    primary = create(world, primary_network_interface__primary_ip=asked).json()["primary_network_interface"]
    assert (primary["primary_ip"]["address"], primary["primary_ip"]["name"]) == ("10.240.0.77", "front")


@pytest.mark.parametrize("form", ["id", "crn", "href"])
def test_a_reference_may_have_any_of_its_forms(world: World, server: BareMetalServer, form: str) -> None:
    vpc, subnet = network_of(world.account)
    body = vpc_call("GET", f"/v1/subnets/{subnet.id}").json()
    reference = {form: body[form]}
    made = create(world, primary_network_interface__subnet=reference, vpc={form: body["vpc"][form]})
    assert made.status_code == 201


def test_creation_leaves_one_event_with_everyone_concerned(world: World, server: BareMetalServer) -> None:
    ActivityEvent.objects.all().delete()
    answer = create(world, name="db-1")
    event = ActivityEvent.objects.get()
    assert (event.action, event.outcome, event.reason_code) == (f"{EVENT}.create", "success", 201)
    assert (event.initiator_id, event.initiator_name) == ("IBMid-ALICE00001", "Alice")
    assert (event.target_id, event.target_name) == (answer.json()["crn"], "db-1")
    assert event.request_id == answer["X-Request-Id"]


WRONG_BODIES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no-profile": ({"profile": None}, [("missing_field", "profile")]),
    "no-zone": ({"zone": None}, [("missing_field", "zone")]),
    "no-initialization": ({"initialization": None}, [("missing_field", "initialization")]),
    "no-image": ({"initialization__image": None}, [("missing_field", "initialization.image")]),
    "no-keys": ({"initialization__keys": None}, [("missing_field", "initialization.keys")]),
    "no-interface": ({"primary_network_interface": None}, [("missing_field", "primary_network_interface")]),
    "no-subnet": ({"primary_network_interface__subnet": None}, [("missing_field", "primary_network_interface.subnet")]),
    "name-number": ({"name": 5}, [("invalid_value", "name")]),
    "name-capital": ({"name": "Web"}, [("invalid_value", "name")]),
    "name-too-long": ({"name": "a" * 64}, [("invalid_value", "name")]),
    "name-ends-in-hyphen": ({"name": "web-"}, [("invalid_value", "name")]),
    "name-with-newline": ({"name": "web\n"}, [("invalid_value", "name")]),
    "name-with-blank": ({"name": " web"}, [("invalid_value", "name")]),
    "name-empty": ({"name": ""}, [("invalid_value", "name")]),
    "name-markup": ({"name": "<script>"}, [("invalid_value", "name")]),
    "bandwidth-text": ({"bandwidth": "100000"}, [("invalid_value", "bandwidth")]),
    "bandwidth-true": ({"bandwidth": True}, [("invalid_value", "bandwidth")]),
    "bandwidth-float": ({"bandwidth": 1e5}, [("invalid_value", "bandwidth")]),
    "bandwidth-huge": ({"bandwidth": 10**30}, [("invalid_value", "bandwidth")]),
    "bandwidth-not-offered": ({"bandwidth": 12345}, [("invalid_value", "bandwidth")]),
    "secure-boot-1": ({"enable_secure_boot": 1}, [("invalid_value", "enable_secure_boot")]),
    "metadata-on": ({"metadata_service": {"enabled": "true"}}, [("invalid_value", "metadata_service.enabled")]),
    "metadata-text": ({"metadata_service": "on"}, [("invalid_value", "metadata_service")]),
    "protocol-ftp": ({"metadata_service": {"protocol": "ftp"}}, [("invalid_value", "metadata_service.protocol")]),
    "protocol-list": ({"metadata_service": {"protocol": ["http"]}}, [("invalid_value", "metadata_service.protocol")]),
    "metadata-unknown": ({"metadata_service": {"hops": 1}}, [("unknown_field", "metadata_service.hops")]),
    "tpm-mode": ({"trusted_platform_module": {"mode": "tpm_1"}}, [("invalid_value", "trusted_platform_module.mode")]),
    "profile-text": ({"profile": "bx2"}, [("invalid_value", "profile")]),
    "profile-two-forms": ({"profile": {"name": "a", "href": "b"}}, [("invalid_value", "profile")]),
    "zone-by-id": ({"zone": {"id": "us-south-1"}}, [("invalid_value", "zone")]),
    "image-number": ({"initialization__image": {"id": 5}}, [("invalid_value", "initialization.image")]),
    "image-nul": ({"initialization__image": {"id": "a\0"}}, [("invalid_value", "initialization.image")]),
    "keys-object": ({"initialization__keys": {"id": "x"}}, [("invalid_value", "initialization.keys")]),
    "key-text": ({"initialization__keys": ["x"]}, [("invalid_value", "initialization.keys[0]")]),
    "user-data-nul": ({"initialization__user_data": "a\0"}, [("invalid_value", "initialization.user_data")]),
    "user-data-too-long": (
        {"initialization__user_data": "a" * 65_537},
        [("invalid_value", "initialization.user_data")],
    ),
    "vlan-0": (
        {"primary_network_interface__allowed_vlans": [0]},
        [("invalid_value", "primary_network_interface.allowed_vlans[0]")],
    ),
    "address-malformed": (
        {"primary_network_interface__primary_ip": {"address": "10.240.0.256"}},
        [("invalid_value", "primary_network_interface.primary_ip.address")],
    ),
    "address-outside-the-subnet": (
        {"primary_network_interface__primary_ip": {"address": "192.168.1.5"}},
        [("invalid_value", "primary_network_interface.primary_ip.address")],
    ),
    "address-name-of-the-provider": (
        {"primary_network_interface__primary_ip": {"name": "ibm-default-gateway"}},
        [("validation_unique_failed", "primary_network_interface.primary_ip.name")],
    ),
    "zone-of-another-subnet": ({"zone": {"name": "us-south-2"}}, [("invalid_value", "zone")]),
    "zone-of-another-region": ({"zone": {"name": "eu-de-1"}}, [("not_found", "zone")]),
    "profile-of-another-region": ({"profile": {"name": "gx3d-metal-208x2048"}}, [("not_found", "profile")]),
    "attachments": ({"primary_network_attachment": {}}, [("invalid_value", "primary_network_attachment")]),
    "unknown": ({"colour": "red"}, [("unknown_field", "colour")]),
    "taken-name": ({"name": "web-1"}, [("validation_unique_failed", "name")]),
    "nat-and-spoofing": (
        {
            "primary_network_interface__allow_ip_spoofing": True,
            "primary_network_interface__enable_infrastructure_nat": False,
        },
        [("invalid_value", "primary_network_interface.allow_ip_spoofing")],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_a_creation_is_refused_and_nothing_is_made(
    world: World, server: BareMetalServer, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = state()
    answer = create(world, **changes)
    assert (answer.status_code, faults(answer)) == (400, expected)
    assert state() == before


ASSIGNED = ["id", "crn", "href", "status", "created_at", "account", "account_id", "number", "metadata_epoch", "disks"]


@pytest.mark.parametrize("name", ASSIGNED)
def test_what_the_service_decides_cannot_be_assigned(world: World, path: str, name: str) -> None:
    before = state()
    assert faults(create(world, **{name: "x"})) == [("unknown_field", name)]
    assert faults(vpc_call("PATCH", path, {"name": "other", name: "x"})) == [("unknown_field", name)]
    assert state() == before


def test_all_wrong_references_are_reported_together(world: World, server: BareMetalServer) -> None:
    nothing = {"id": "r006-none"}
    before = state()
    answer = create(
        world,
        profile={"name": "none"},
        zone={"name": "none"},
        vpc=nothing,
        resource_group=nothing,
        initialization={
            "image": nothing,
            "keys": [nothing, {"fingerprint": "SHA256:none"}],
            "default_trusted_profile": {"target": {"id": "Profile-none"}},
        },
        primary_network_interface={
            "subnet": nothing,
            "primary_ip": nothing,
            "security_groups": [nothing],
        },
    )
    assert answer.status_code == 400
    assert sorted(faults(answer)) == [
        ("not_found", "initialization.default_trusted_profile.target"),
        ("not_found", "initialization.image"),
        ("not_found", "initialization.keys[0]"),
        ("not_found", "initialization.keys[1]"),
        ("not_found", "primary_network_interface.primary_ip"),
        ("not_found", "primary_network_interface.security_groups[0]"),
        ("not_found", "primary_network_interface.subnet"),
        ("not_found", "profile"),
        ("not_found", "resource_group"),
        ("not_found", "vpc"),
        ("not_found", "zone"),
    ]
    assert state() == before


def test_what_another_account_has_cannot_be_referred_to(world: World, server: BareMetalServer) -> None:
    make_server(world.other_account, name="theirs")
    vpc, subnet = network_of(world.other_account)
    assert vpc.default_security_group
    answer = create(
        world,
        vpc={"id": vpc.id},
        resource_group={"id": vpc.resource_group_id},
        initialization__keys=[{"id": make_key(world.other_account).id}],
        initialization__default_trusted_profile={"target": {"id": make_profile(world.other_account).id}},
        primary_network_interface={
            "subnet": {"id": subnet.id},
            "security_groups": [{"id": vpc.default_security_group.id}],
        },
    )
    assert {code for code, _ in faults(answer)} == {"not_found"}
    assert len(faults(answer)) == 6


def test_an_address_in_use_conflicts(world: World, server: BareMetalServer) -> None:
    before = state()
    answer = create(world, primary_network_interface__primary_ip={"address": "10.240.0.4"})
    assert refusal(answer) == (409, "conflict")
    assert state() == before


def test_the_quota_is_kept(world: World, server: BareMetalServer, settings: Any) -> None:
    settings.BAREMINT_MOST_SERVERS = 1
    assert refusal(create(world)) == (400, "over_quota")


BAD_BYTES = {
    "not-json": b"{",
    "list": b"[]",
    "text": b'"x"',
    "nan": b'{"bandwidth": NaN}',
    "twice": b'{"name": "a", "name": "b"}',
    "latin-1": b'{"name": "\xe9"}',
    "surrogate": b'{"name": "\\ud800"}',
    "deep": b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "too-large": b'{"name": "' + b"a" * 262_144 + b'"}',
}


@pytest.mark.parametrize("body", BAD_BYTES.values(), ids=BAD_BYTES.keys())
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_is_no_json_object_is_refused(path: str, body: bytes, method: str) -> None:
    answer = vpc_call(method, SERVERS if method == "POST" else path, body)
    assert refusal(answer) == (400, "invalid_request")
    assert answer["Content-Type"] == "application/json"


# --- list -------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> list[BareMetalServer]:
    return [make_server(world.account, name=f"web-{number}") for number in range(3)]


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [each["name"] for each in answer.json()["bare_metal_servers"]]


def test_servers_are_listed_newest_first_and_whole(three: list[BareMetalServer]) -> None:
    answer = vpc_call("GET", SERVERS)
    assert names(answer) == ["web-2", "web-1", "web-0"]
    body = answer.json()
    assert (body["limit"], body["total_count"], "next" in body) == (50, 3, False)
    assert body["bare_metal_servers"][0] == vpc_call("GET", f"{SERVERS}/{three[2].id}").json()


def test_a_page_stays_stable_when_servers_come_and_go(three: list[BareMetalServer], world: World) -> None:
    answer = vpc_call("GET", SERVERS, query="limit=1")
    seen = names(answer)
    make_server(world.account, name="newest")
    three[2].delete()
    while following := answer.json().get("next"):
        answer = call("GET", f"{following['href'].removeprefix('http://testserver')}&{QUERY}")
        seen += names(answer)
    assert seen == ["web-2", "web-1", "web-0"]


def test_a_page_token_is_good_for_its_account_and_query_only(three: list[BareMetalServer], world: World) -> None:
    start = vpc_call("GET", SERVERS, query="limit=1").json()["next"]["href"].partition("start=")[2]
    make_server(world.other_account, name="theirs")
    for query, caller in ((f"start={start}", MALLORY), (f"start={start}&name=web-1", None), ("start=x", None)):
        answer = vpc_call("GET", SERVERS, query=query, **({"caller": caller} if caller else {}))
        assert (answer.status_code, faults(answer)) == (400, [("invalid_value", "start")])


def test_the_next_page_keeps_the_filter(three: list[BareMetalServer]) -> None:
    vpc = three[0].vpc
    body = vpc_call("GET", SERVERS, query=f"vpc.id={vpc.id}&limit=2").json()
    assert f"vpc.id={vpc.id}" in body["next"]["href"]
    following = body["next"]["href"].removeprefix("http://testserver")
    assert names(call("GET", f"{following}&{QUERY}")) == ["web-0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=web-1", ["web-1"]),
        ("name=WEB-1", []),
        ("name=", []),
        ("vpc.name=net", ["web-2", "web-1", "web-0"]),
        ("vpc.name=other", []),
        ("vpc.id=r006-none", []),
        ("vpc.crn=crn:v1:none", []),
        ("resource_group.id=none", []),
        ("name=web-1&vpc.name=net", ["web-1"]),
        ("name=web-1&vpc.name=other", []),
    ],
)
def test_a_list_is_filtered(three: list[BareMetalServer], query: str, expected: list[str]) -> None:
    assert names(vpc_call("GET", SERVERS, query=query)) == expected


def test_a_list_is_filtered_by_the_crn_of_the_vpc(three: list[BareMetalServer], world: World) -> None:
    vpc, _ = network_of(world.account)
    assert len(names(vpc_call("GET", SERVERS, query=f"vpc.crn={vpc.crn}"))) == 3
    assert names(vpc_call("GET", SERVERS, query=f"vpc.crn={vpc.crn.replace('us-south', 'eu-de')}")) == []


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "%D9%A3", "1" * 5000])
def test_a_limit_is_refused(world: World, limit: str) -> None:
    answer = vpc_call("GET", SERVERS, query=f"limit={limit}")
    assert (answer.status_code, faults(answer)) == (400, [("invalid_value", "limit")])


def test_the_list_takes_the_same_queries_for_one_server_and_for_five(server: BareMetalServer, world: World) -> None:
    with CaptureQueriesContext(connection) as one:
        vpc_call("GET", SERVERS)
    for number in range(4):
        make_server(world.account, name=f"more-{number}")
    with CaptureQueriesContext(connection) as five:
        vpc_call("GET", SERVERS)
    assert len(five) == len(one)


# --- version and generation -------------------------------------------------------------------------------------

QUERIES = {
    "nothing": ("", "missing_value", "version"),
    "no-version": ("generation=2", "missing_value", "version"),
    "no-generation": ("version=2025-08-26", "missing_value", "generation"),
    "no-date": ("version=today&generation=2", "invalid_value", "version"),
    "no-such-day": ("version=2025-02-30&generation=2", "invalid_value", "version"),
    "too-early": ("version=2018-12-31&generation=2", "invalid_version_range", "version"),
    "generation-1": ("version=2025-08-26&generation=1", "invalid_value", "generation"),
    "generation-2.0": ("version=2025-08-26&generation=2.0", "invalid_value", "generation"),
}


@pytest.mark.parametrize(("query", "code", "target"), QUERIES.values(), ids=QUERIES.keys())
@pytest.mark.parametrize("target_path", [SERVERS, "/v1/regions", "/v1/keys"])
def test_version_and_generation_are_required(
    world: World, target_path: str, query: str, code: str, target: str
) -> None:
    answer = call("GET", f"{target_path}?{query}")
    assert (answer.status_code, faults(answer)) == (400, [(code, target)])
    assert answer.json()["errors"][0]["target"]["type"] == "parameter"


def test_nothing_is_created_without_a_version(world: World, server: BareMetalServer) -> None:
    before = state()
    assert call("POST", SERVERS, creation(world.account)).status_code == 400
    assert state() == before


# --- change -----------------------------------------------------------------------------------------------------


PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": ({"name": "db"}, {"name": "db"}),
    "metadata-on": (
        {"metadata_service": {"enabled": True}},
        {"metadata_service": {"enabled": True, "protocol": "http"}},
    ),
    "protocol-alone": (
        {"metadata_service": {"protocol": "https"}},
        {"metadata_service": {"enabled": False, "protocol": "https"}},
    ),
    "affinity": (
        {"reservation_affinity": {"policy": "disabled"}},
        {"reservation_affinity": {"policy": "disabled", "pool": []}},
    ),
    "same-name": ({"name": "web-1"}, {}),
}


@pytest.mark.parametrize(("patch", "changed"), PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_changes_what_it_names_and_nothing_else(path: str, patch: Any, changed: Any) -> None:
    before = vpc_call("GET", path).json()
    answer = vpc_call("PATCH", path, patch)
    assert answer.status_code == 200
    assert answer.json() == before | changed
    assert vpc_call("GET", path).json() == before | changed


def test_secure_boot_and_tpm_change_while_stopped(path: str, server: BareMetalServer) -> None:
    at_rest(server, "stopped")
    body = vpc_call("PATCH", path, {"enable_secure_boot": True, "trusted_platform_module": {"mode": "tpm_2"}}).json()
    assert body["enable_secure_boot"]
    assert body["trusted_platform_module"]["mode"] == "tpm_2"


PATCH_REFUSALS: dict[str, tuple[Any, int, str, str]] = {
    "empty": ({}, 400, "missing_field", ""),
    "no-body": (None, 400, "missing_field", ""),
    "name-null": ({"name": None}, 400, "invalid_value", "name"),
    "name-number": ({"name": 1}, 400, "invalid_value", "name"),
    "metadata-null": ({"metadata_service": None}, 400, "invalid_value", "metadata_service"),
    "enabled-text": ({"metadata_service": {"enabled": "on"}}, 400, "invalid_value", "metadata_service.enabled"),
    "enabled-null": ({"metadata_service": {"enabled": None}}, 400, "invalid_value", "metadata_service.enabled"),
    "bandwidth": ({"bandwidth": 7}, 400, "invalid_value", "bandwidth"),
    "zone": ({"zone": {"name": "us-south-2"}}, 400, "unknown_field", "zone"),
    "taken-name": ({"name": "web-2"}, 400, "validation_unique_failed", "name"),
    "secure-boot-running": ({"enable_secure_boot": True}, 409, "conflict", ""),
    "tpm-running": ({"name": "x", "trusted_platform_module": {"mode": "tpm_2"}}, 409, "conflict", ""),
}


@pytest.mark.parametrize(("patch", "status", "code", "target"), PATCH_REFUSALS.values(), ids=PATCH_REFUSALS.keys())
def test_a_patch_is_refused_and_nothing_changes(
    world: World, path: str, patch: Any, status: int, code: str, target: str
) -> None:
    make_server(world.account, name="web-2")
    before = state()
    answer = vpc_call("PATCH", path, patch)
    assert (answer.status_code, faults(answer)) == (status, [(code, target)])
    assert state() == before


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_an_empty_form_is_an_empty_patch(path: str, server: BareMetalServer, content_type: str) -> None:
    from tests.api.calling import client_of
    from tests.world import ALICE

    BareMetalServer.objects.filter(pk=server.pk).update(status="stopped", enable_secure_boot=True)
    answer = client_of(ALICE).generic("PATCH", f"{path}?{QUERY}", b"", content_type=content_type)
    assert refusal(answer) == (400, "missing_field")
    server.refresh_from_db()
    assert server.enable_secure_boot


# --- actions ----------------------------------------------------------------------------------------------------

ACTIONS: dict[str, tuple[str, Any, str, int, str]] = {
    "start": ("start", None, "stopped", 204, "starting"),
    "stop-soft": ("stop", {"type": "soft"}, "running", 204, "running"),
    "stop-hard": ("stop", {"type": "hard"}, "running", 204, "running"),
    "restart": ("restart", None, "running", 204, "restarting"),
    "delete": ("", None, "stopped", 202, "deleting"),
    "delete-failed": ("", None, "failed", 202, "deleting"),
}


def act(path: str, action: str, body: Any) -> Any:
    return vpc_call("POST", f"{path}/{action}", body) if action else vpc_call("DELETE", path)


@pytest.mark.parametrize(("action", "body", "status", "expected", "after"), ACTIONS.values(), ids=ACTIONS.keys())
def test_an_action_is_taken_and_leaves_one_event(
    path: str, server: BareMetalServer, action: str, body: Any, status: str, expected: int, after: str
) -> None:
    at_rest(server, status)
    ActivityEvent.objects.all().delete()
    answer = act(path, action, body)
    assert (answer.status_code, answer.content) == (expected, b"")
    server.refresh_from_db()
    assert server.status == after
    event = ActivityEvent.objects.get()
    assert (event.action, event.outcome, event.reason_code) == (f"{EVENT}.{action or 'delete'}", "success", expected)
    assert (event.target_id, event.request_id) == (server.crn, answer["X-Request-Id"])


WRONG_STATES = {
    "start": ("start", None, "running"),
    "start-failed": ("start", None, "failed"),
    "stop": ("stop", {"type": "soft"}, "stopped"),
    "restart": ("restart", None, "stopped"),
    "delete-running": ("", None, "running"),
    "delete-deleting": ("", None, "deleting"),
}


@pytest.mark.parametrize(("action", "body", "status"), WRONG_STATES.values(), ids=WRONG_STATES.keys())
def test_an_action_in_the_wrong_state_conflicts_and_changes_nothing(
    path: str, server: BareMetalServer, action: str, body: Any, status: str
) -> None:
    at_rest(server, status)
    before = state()
    ActivityEvent.objects.all().delete()
    assert refusal(act(path, action, body)) == (409, "conflict")
    assert state() == before
    event = ActivityEvent.objects.get()
    assert (event.outcome, event.reason_code, event.reason_type) == ("failure", 409, "conflict")


def test_a_server_that_is_being_stopped_takes_no_other_action(path: str) -> None:
    assert act(path, "stop", {"type": "hard"}).status_code == 204
    for action in ("restart", "stop", "start"):
        assert refusal(act(path, action, {"type": "hard"} if action == "stop" else None)) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, ("missing_field", "type")),
        ({}, ("missing_field", "type")),
        ({"type": "gentle"}, ("invalid_value", "type")),
        ({"type": 1}, ("invalid_value", "type")),
        ({"type": "soft", "force": True}, ("unknown_field", "force")),
    ],
)
def test_stopping_says_how(path: str, server: BareMetalServer, body: Any, expected: tuple[str, str]) -> None:
    answer = act(path, "stop", body)
    assert (answer.status_code, faults(answer)) == (400, [expected])
    server.refresh_from_db()
    assert server.transition == ""


# --- what is on a server ----------------------------------------------------------------------------------------


def test_disks_are_listed_and_read_alike(path: str) -> None:
    disks = vpc_call("GET", f"{path}/disks").json()["disks"]
    assert disks[0] == vpc_call("GET", f"{path}/disks/{disks[0]['id']}").json()
    for disk in disks:
        assert BareMetalServerDisk.from_dict(disk).to_dict().keys() == disk.keys()
    assert ["allowed_use" in disk for disk in disks] == [True, *([False] * (len(disks) - 1))]


def test_interfaces_are_listed_and_read_alike(path: str) -> None:
    [interface] = vpc_call("GET", f"{path}/network_interfaces").json()["network_interfaces"]
    assert interface == vpc_call("GET", f"{path}/network_interfaces/{interface['id']}").json()
    assert BareMetalServerNetworkInterface.from_dict(interface).to_dict().keys() == interface.keys()
    assert interface["type"] == "primary"


def test_the_initialization_says_what_was_given(world: World, server: BareMetalServer) -> None:
    key, profile = make_key(world.account), make_profile(world.account)
    made = create(
        world,
        initialization__keys=[{"fingerprint": key.fingerprint}],
        initialization__user_data="#cloud-config",
        initialization__default_trusted_profile={"target": {"id": profile.id}},
    ).json()
    body = vpc_call("GET", f"{SERVERS}/{made['id']}/initialization").json()
    BareMetalServerInitialization.from_dict(body)
    assert [each["id"] for each in body["keys"]] == [key.id]
    assert body["default_trusted_profile"]["target"]["id"] == profile.id
    assert "#cloud-config" not in json.dumps(body)


def test_without_a_default_trusted_profile_the_initialization_names_none(path: str) -> None:
    body = vpc_call("GET", f"{path}/initialization").json()
    assert "default_trusted_profile" not in BareMetalServerInitialization.from_dict(body).to_dict()


# --- other accounts ---------------------------------------------------------------------------------------------

FOREIGN = {
    "get": ("GET", "", None),
    "patch": ("PATCH", "", {"name": "mine"}),
    "delete": ("DELETE", "", None),
    "start": ("POST", "/start", None),
    "stop": ("POST", "/stop", {"type": "hard"}),
    "restart": ("POST", "/restart", None),
    "initialization": ("GET", "/initialization", None),
    "disks": ("GET", "/disks", None),
    "interfaces": ("GET", "/network_interfaces", None),
}


@pytest.mark.parametrize(("method", "suffix", "body"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_server_of_another_account_looks_exactly_like_none(
    path: str, server: BareMetalServer, method: str, suffix: str, body: Any
) -> None:
    before = state()
    missing = f"{SERVERS}/{server.id[:-1]}{'0' if server.id[-1] != '0' else '1'}"
    answers = [vpc_call(method, f"{each}{suffix}", body, caller=MALLORY) for each in (path, missing)]
    bodies = [answer.json() for answer in answers]
    assert [body.pop("trace") for body in bodies] == [answer["X-Request-Id"] for answer in answers]
    assert bodies[0] == bodies[1]
    assert refusal(answers[0]) == (404, "not_found")
    assert state() == before


def test_another_account_lists_none_of_them(server: BareMetalServer) -> None:
    assert names(vpc_call("GET", SERVERS, caller=MALLORY)) == []


def test_a_disk_is_not_found_under_another_server(path: str, world: World) -> None:
    other = make_server(world.account, name="web-2")
    assert vpc_call("GET", f"{path}/disks/{other.disks.all()[0].id}").status_code == 404
    interface = other.network_interfaces.all()[0]
    assert vpc_call("GET", f"{path}/network_interfaces/{interface.id}").status_code == 404


def test_spoiling_a_body_leaves_the_original_alone() -> None:
    body = {"a": {"b": 1}}
    assert spoilt(body, a__b=None) == {"a": {}}
    assert body == {"a": {"b": 1}}
