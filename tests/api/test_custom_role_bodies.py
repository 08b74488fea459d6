"""Custom roles that are refused, with the policy API's codes, and nothing is made."""

from typing import Any

import pytest

from tests.api.calling import call, refusal
from tests.tables import alone, check_each
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles.models import CustomRole

LIST = "is.bare-metal-server.bare-metal-server.list"
ROLE = {"name": "Watcher", "display_name": "Watcher", "account_id": ACCOUNT, "service_name": "is", "actions": [LIST]}


def create(**changes: Any) -> Any:
    return call("POST", "/v2/roles", {**ROLE, **changes})


REFUSED: dict[str, dict[str, Any]] = {
    "a-small-letter-first": {"name": "watcher"},
    "a-figure-first": {"name": "1Watcher"},
    "a-space-in-the-name": {"name": "My Watcher"},
    "a-name-of-31": {"name": "W" * 31},
    "a-newline-in-the-name": {"name": "Wat\ncher"},
    "letters-of-another-alphabet": {"name": "Wächter"},
    "no-name": {"name": ""},
    "a-display-name-of-51": {"display_name": "w" * 51},
    "no-display-name": {"display_name": ""},
    "a-description-of-251": {"description": "d" * 251},
    "another-account": {"account_id": OTHER_ACCOUNT},
    "an-unknown-service": {"service_name": "databases-for-none"},
    "no-actions": {"actions": []},
    "a-text-for-actions": {"actions": LIST},
    "an-unknown-action": {"actions": [LIST, "is.unknown.action"]},
    "an-action-of-another-service": {"actions": ["iam-identity.profile.read"]},
    "a-pattern-of-actions": {"actions": ["is.*"]},
    "a-number-for-an-action": {"actions": [1]},
    "nul-in-an-action": {"actions": [f"{LIST}\0"]},
    "201-actions": {"actions": [LIST] * 201},
    "a-crn": {"crn": "crn:v1:ibmcloud:public:iam-access-management::a/1::customRole:Watcher"},
    "an-id": {"id": "1"},
}


def test_a_role_is_refused_and_not_made(world: World) -> None:
    def check(name: str) -> None:
        changes = REFUSED[name]
        assert refusal(create(**changes)) == (400, "invalid_body")
        assert not CustomRole.objects.exists()

    check_each(REFUSED, alone(check))


@pytest.mark.parametrize("left_out", ROLE)
def test_a_role_needs_each_of_its_members(world: World, left_out: str) -> None:
    body = {name: value for name, value in ROLE.items() if name != left_out}
    assert refusal(call("POST", "/v2/roles", body)) == (400, "invalid_body")


def test_an_unknown_action_is_named_with_the_way_to_the_known_ones(world: World) -> None:
    message = create(actions=["is.unknown.action"]).json()["errors"][0]["message"]
    assert "is.unknown.action" in message
    assert "GET /v2/roles?service_name=is" in message


def test_an_action_given_twice_is_kept_once(world: World) -> None:
    assert create(actions=[LIST, LIST]).json()["actions"] == [LIST]


def test_a_name_is_taken_once_in_an_account(world: World) -> None:
    create()
    assert refusal(create(display_name="Other")) == (409, "role_conflict_error")


def test_an_account_has_forty_of_its_own(world: World) -> None:
    for number in range(40):
        assert create(name=f"Watcher{number}").status_code == 201
    answer = create()
    assert refusal(answer) == (400, "invalid_body")
    assert "at most 40 custom roles" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "tag", "expected"),
    [
        ({"display_name": "W", "actions": [LIST]}, "", (400, "invalid_body")),
        ({"display_name": "W", "actions": [LIST]}, "1-stale", (412, "precondition_failed")),
        ({"display_name": "W", "actions": ["iam-identity.profile.read"]}, "*", (400, "invalid_body")),
        ({"display_name": "W", "actions": [LIST], "name": "Other"}, "*", (400, "invalid_body")),
        ({"display_name": "W", "actions": [LIST], "service_name": "is"}, "*", (400, "invalid_body")),
    ],
    ids=["no-entity-tag", "a-stale-one", "another-services-action", "another-name", "a-service"],
)
def test_a_replacement_is_refused(world: World, body: Any, tag: str, expected: tuple[int, str]) -> None:
    role = create().json()
    headers = {"If_Match": tag} if tag else {}
    assert refusal(call("PUT", f"/v2/roles/{role['id']}", body, **headers)) == expected
    assert CustomRole.objects.get().revision == 1


def test_a_service_and_a_group_of_services_exclude_each_other(world: World) -> None:
    answer = call("GET", "/v2/roles?service_name=is&service_group_id=IAM")
    assert refusal(answer) == (400, "invalid_body")
