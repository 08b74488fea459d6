"""Changing, operating and deleting bare metal servers; whose they are; what is left on record."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from servers.models import BareMetalServer, ReservedIP
from servers.services import transitions
from tests.api.vpc import SERVERS, Api, errors, settle
from tests.world import ALICE, MALLORY, World, make_profile, make_server
from trustedprofiles.models import ProfileLink

# --- changing ------------------------------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names_and_nothing_else(api: Api, server: BareMetalServer) -> None:
    path = f"{SERVERS}/{server.id}"
    before = api.get(path).json()
    after = api.call("PATCH", path, {"metadata_service": {"protocol": "https"}}).json()
    assert after == before | {"metadata_service": {"enabled": False, "protocol": "https"}}


def test_an_empty_patch_changes_nothing(api: Api, server: BareMetalServer) -> None:
    path = f"{SERVERS}/{server.id}"
    before = api.get(path).json()
    assert api.call("PATCH", path, {}).json() == before


PATCHES: dict[str, tuple[Any, int, str]] = {
    "unknown": ({"zone": {"name": "us-south-2"}}, 400, "unknown_field"),
    "bandwidth": ({"bandwidth": 1}, 400, "invalid_value"),
    "secure-boot-while-running": ({"enable_secure_boot": True}, 409, "server_status_conflict"),
    "tpm-while-running": ({"trusted_platform_module": {"mode": "tpm_2"}}, 409, "server_status_conflict"),
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
    answer = api.call("POST", SERVERS, prototype | {"name": "web-1"})
    [event] = ActivityEvent.objects.filter(request_id=answer["X-Request-Id"])
    assert (event.outcome, event.reason_code, event.reason_type) == ("failure", 400, "validation_unique_failed")
