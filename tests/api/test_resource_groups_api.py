"""``/v2/resource_groups`` of the resource manager."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, make_content
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.models import ResourceGroup
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def team(world: World) -> ResourceGroup:
    return ResourceGroup.objects.create(id=ids.hex_id(), account=world.account, name="team", created_at=clock.now())


def names(query: str = "") -> list[str]:
    return [each["name"] for each in call("GET", f"/v2/resource_groups{query}").json()["resources"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Default", "team"]),
        (f"?account_id={ACCOUNT}", ["Default", "team"]),
        ("?default=true", ["Default"]),
        ("?default=True", ["Default"]),
        ("?default=false", ["team"]),
        ("?name=team", ["team"]),
        ("?name=unknown", []),
        ("?include_deleted=false&date=2026-11", ["Default", "team"]),
    ],
)
def test_groups_are_listed_and_filtered(team: ResourceGroup, query: str, expected: list[str]) -> None:
    assert names(query) == expected


def test_a_group_has_the_members_that_clients_read(world: World) -> None:
    group = default_resource_group(ACCOUNT)
    body = call("GET", f"/v2/resource_groups/{group.id}").json()
    assert body["crn"] == f"crn:v1:bluemix:public:resource-controller::a/{ACCOUNT}::resource-group:{group.id}"
    assert (body["id"], body["account_id"], body["state"], body["default"]) == (group.id, ACCOUNT, "ACTIVE", True)
    assert body["quota_url"] == f"/v2/quota_definitions/{body['quota_id']}"


def test_a_filter_that_is_no_boolean_is_refused(world: World) -> None:
    assert refusal(call("GET", "/v2/resource_groups?default=maybe")) == (400, "invalid_value")


def test_another_account_is_not_found(world: World) -> None:
    assert refusal(call("GET", f"/v2/resource_groups?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


@pytest.mark.parametrize("make_id", [lambda group: group.id, lambda group: "unknown"], ids=["foreign", "unknown"])
def test_a_group_elsewhere_looks_like_none(team: ResourceGroup, make_id: Any) -> None:
    answer = call("GET", f"/v2/resource_groups/{make_id(team)}", caller=MALLORY)
    assert refusal(answer) == (404, "not_found")


CALLS = [
    ("GET", "/v2/resource_groups"),
    ("POST", "/v2/resource_groups"),
    ("GET", "/v2/resource_groups/{id}"),
    ("PATCH", "/v2/resource_groups/{id}"),
    ("DELETE", "/v2/resource_groups/{id}"),
]


@pytest.mark.parametrize(("method", "path"), [each for each in CALLS if each[0] != "GET"])
def test_a_viewer_changes_nothing(world: World, team: ResourceGroup, method: str, path: str) -> None:
    create_policy(world.account, content=make_content(VICTOR, service="resource-controller"), api_version="v1", by=BY)
    answer = call(method, path.replace("{id}", team.id), {"name": "crew"}, caller=caller_of(VICTOR))
    assert refusal(answer) == (403, "not_authorized")
    assert names() == ["Default", "team"]


def test_a_policy_may_name_one_group(world: World, team: ResourceGroup) -> None:
    this = {"key": "resourceGroupId", "operator": "stringEquals", "value": team.id}
    content = make_content(VICTOR, service="resource-controller", more=(this,))
    create_policy(world.account, content=content, api_version="v1", by=BY)
    other = default_resource_group(ACCOUNT)
    assert call("GET", f"/v2/resource_groups/{team.id}", caller=caller_of(VICTOR)).status_code == 200
    assert call("GET", f"/v2/resource_groups/{other.id}", caller=caller_of(VICTOR)).status_code == 403


def test_a_reading_leaves_one_event_that_names_the_group(team: ResourceGroup) -> None:
    call("GET", f"/v2/resource_groups/{team.id}")
    event = ActivityEvent.objects.get()
    assert (event.action, event.target_id, event.target_name) == ("resource-controller.group.read", team.crn, "team")


# --- create, change, delete ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"account_id": ACCOUNT}])
def test_a_group_is_created_and_read(world: World, more: dict[str, str]) -> None:
    answer = call("POST", "/v2/resource_groups", {"name": "team", **more})
    assert (answer.status_code, answer.json().keys()) == (201, {"id", "crn"})
    resource_group = call("GET", f"/v2/resource_groups/{answer.json()['id']}").json()
    assert (resource_group["name"], resource_group["default"], resource_group["crn"]) == (
        "team",
        False,
        answer.json()["crn"],
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, (400, "missing_field")),
        ({"name": ""}, (400, "invalid_value")),
        ({"name": "x" * 65}, (400, "invalid_value")),
        ({"name": "a\0"}, (400, "invalid_value")),
        ({"name": "team", "quota_id": "1"}, (400, "unknown_field")),
        ({"name": "team", "account_id": OTHER_ACCOUNT}, (400, "invalid_value")),
        ({"name": "Default"}, (409, "conflict")),
    ],
)
def test_a_wrong_group_is_not_created(world: World, sent: dict[str, str], expected: tuple[int, str]) -> None:
    assert refusal(call("POST", "/v2/resource_groups", sent)) == expected
    assert names() == ["Default"]


def test_a_group_is_renamed(team: ResourceGroup) -> None:
    body = call("PATCH", f"/v2/resource_groups/{team.id}", {"name": "crew", "state": "ACTIVE"}).json()
    assert (body["id"], body["name"], body["state"]) == (team.id, "crew", "ACTIVE")
    assert body["updated_at"] > body["created_at"]
    assert names() == ["Default", "crew"]


def test_a_change_of_nothing_changes_nothing(team: ResourceGroup) -> None:
    before = call("GET", f"/v2/resource_groups/{team.id}").json()
    assert call("PATCH", f"/v2/resource_groups/{team.id}", {}).json() == before


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"name": "Default"}, (409, "conflict")),
        ({"name": None}, (400, "invalid_value")),
        ({"state": "SUSPENDED"}, (400, "invalid_value")),
        ({"default": True}, (400, "unknown_field")),
    ],
)
def test_a_wrong_change_is_refused(team: ResourceGroup, sent: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(call("PATCH", f"/v2/resource_groups/{team.id}", sent)) == expected
    assert names() == ["Default", "team"]


def test_a_group_is_deleted(team: ResourceGroup) -> None:
    assert call("DELETE", f"/v2/resource_groups/{team.id}").status_code == 204
    assert refusal(call("GET", f"/v2/resource_groups/{team.id}")) == (404, "not_found")


def test_the_default_group_stays(world: World) -> None:
    answer = call("DELETE", f"/v2/resource_groups/{default_resource_group(ACCOUNT).id}")
    assert refusal(answer) == (409, "conflict")
    assert names() == ["Default"]


def test_a_group_in_use_stays(team: ResourceGroup, server: BareMetalServer) -> None:
    BareMetalServer.objects.filter(pk=server.pk).update(resource_group=team)
    assert refusal(call("DELETE", f"/v2/resource_groups/{team.id}")) == (409, "conflict")
    assert names() == ["Default", "team"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_mallory_changes_no_group_of_ours(team: ResourceGroup, method: str) -> None:
    answer = call(method, f"/v2/resource_groups/{team.id}", {"name": "crew"}, caller=MALLORY)
    assert refusal(answer) == (404, "not_found")
    assert names() == ["Default", "team"]


def test_mallory_has_groups_of_the_same_name(team: ResourceGroup) -> None:
    assert call("POST", "/v2/resource_groups", {"name": "team"}, caller=MALLORY).status_code == 201
    assert names() == ["Default", "team"]


def test_a_life_leaves_an_event_for_every_change(world: World) -> None:
    resource_group = call("POST", "/v2/resource_groups", {"name": "team"}).json()
    call("PATCH", f"/v2/resource_groups/{resource_group['id']}", {"name": "crew"})
    call("DELETE", f"/v2/resource_groups/{resource_group['id']}")
    assert list(ActivityEvent.objects.order_by("id").values_list("action", "target_id", "reason_code")) == [
        ("resource-controller.group.create", resource_group["crn"], 201),
        ("resource-controller.group.update", resource_group["crn"], 200),
        ("resource-controller.group.delete", resource_group["crn"], 204),
    ]
