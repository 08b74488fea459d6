"""``/v2/resource_groups`` of the resource manager, to read."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
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
        ("?name=nobody", []),
    ],
)
def test_groups_are_listed_and_filtered(team: ResourceGroup, query: str, expected: list[str]) -> None:
    assert names(query) == expected


def test_a_group_has_the_members_that_clients_read(world: World) -> None:
    group = default_resource_group(ACCOUNT)
    body = call("GET", f"/v2/resource_groups/{group.id}").json()
    assert body["crn"] == f"crn:v1:bluemix:public:resource-controller::a/{ACCOUNT}::resource-group:{group.id}"
    assert (body["id"], body["account_id"], body["state"], body["default"]) == (group.id, ACCOUNT, "ACTIVE", True)


def test_a_filter_that_is_no_boolean_is_refused(world: World) -> None:
    assert refusal(call("GET", "/v2/resource_groups?default=maybe")) == (400, "invalid_value")


def test_another_account_is_not_found(world: World) -> None:
    assert refusal(call("GET", f"/v2/resource_groups?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


@pytest.mark.parametrize("make_id", [lambda group: group.id, lambda group: "unknown"], ids=["foreign", "unknown"])
def test_a_group_elsewhere_looks_like_none(team: ResourceGroup, make_id: Any) -> None:
    answer = call("GET", f"/v2/resource_groups/{make_id(team)}", caller=MALLORY)
    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v2/resource_groups", "/v2/resource_groups/{id}"])
def test_nobody_gets_in_without_a_token(team: ResourceGroup, path: str) -> None:
    assert refusal(call("GET", path.replace("{id}", team.id), caller=None)) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/v2/resource_groups", "/v2/resource_groups/{id}"])
def test_without_a_policy_nobody_may(team: ResourceGroup, path: str) -> None:
    assert refusal(call("GET", path.replace("{id}", team.id), caller=caller_of(VICTOR))) == (403, "not_authorized")


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
