"""Account settings that restrict who creates service IDs and API keys of their own."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from ibm_platform_services import IamIdentityV1

from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.calling import call, refusal
from tests.api.official import connected
from tests.policies import make_content
from tests.world import ACCOUNT, ALICE, World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role

BY = Party(ALICE.iam_id, "Alice", "User")
BOB = Caller("IBMid-BOB0000001", ACCOUNT, "Bob", "User")
CREATOR = "crn:v1:bluemix:public:iam-identity::::serviceRole:{}"
CASES = {
    "service-id": ("restrict_create_service_id", "ServiceIdCreator", "iam-identity.serviceid.create"),
    "own-api-key": ("restrict_create_platform_apikey", "UserApiKeyCreator", "iam-identity.user-apikey.create"),
}
case = pytest.mark.parametrize(("setting", "role", "action"), CASES.values(), ids=CASES)


def restrict(setting: str, value: str = "RESTRICTED") -> None:
    connected(IamIdentityV1).update_account_settings(account_id=ACCOUNT, if_match="*", **{setting: value})


def create(setting: str, caller: Caller) -> Any:
    if setting == "restrict_create_service_id":
        return call("POST", "/v1/serviceids", {"account_id": ACCOUNT, "name": "robot"}, caller=caller)
    return call("POST", "/v1/apikeys", {"iam_id": caller.iam_id, "name": "laptop"}, caller=caller)


def allow(world: World, iam_id: str, crn: str) -> Policy:
    content = make_content(iam_id, service="iam-identity")
    content.roles[:] = [crn]
    return create_policy(world.account, content=content, api_version="v1", by=BY)


@case
def test_where_it_is_restricted_only_the_role_creates(world: World, setting: str, role: str, action: str) -> None:
    allow(world, BOB.iam_id, "crn:v1:bluemix:public:iam::::role:Administrator")
    assert create(setting, BOB).status_code == 201
    restrict(setting)
    assert [create(setting, each).status_code for each in (BOB, ALICE)] == [403, 403]
    for each in (BOB, ALICE):
        allow(world, each.iam_id, CREATOR.format(role))
        assert create(setting, each).status_code == 201


def test_spaces_around_the_iam_id_lift_no_restriction(world: World) -> None:
    restrict("restrict_create_platform_apikey")
    answer = call("POST", "/v1/apikeys", {"iam_id": f" {ALICE.iam_id}", "name": "laptop"})
    assert refusal(answer) == (400, "invalid_value")


@case
@pytest.mark.parametrize("value", ["NOT_RESTRICTED", "NOT_SET"])
def test_the_restriction_is_lifted(world: World, setting: str, role: str, action: str, value: str) -> None:
    restrict(setting)
    restrict(setting, value)
    assert create(setting, ALICE).status_code == 201


@case
def test_the_refusal_leads_to_the_policy_that_is_missing(world: World, setting: str, role: str, action: str) -> None:
    restrict(setting)
    [error] = create(setting, BOB).json()["errors"]
    url = urlsplit(error.get("more_info") or error["details"])
    explained = call("GET", f"{url.path}?{url.query}", caller=BOB).json()
    assert (explained["decision"], explained["because"]) == ("deny", error["message"])
    request = explained["nearest"]["request"]
    assert request["body"]["roles"] == [{"role_id": CREATOR.format(role)}]
    assert call(request["method"], request["path"], request["body"]).status_code == 201
    assert create(setting, BOB).status_code == 201


@case
def test_a_custom_role_that_names_the_action_creates(world: World, setting: str, role: str, action: str) -> None:
    new_role = create_role(
        world.account, name="Own", display_name="Own", service_name="iam-identity", actions=[action], by=BY
    )
    restrict(setting)
    allow(world, BOB.iam_id, new_role.crn)
    assert create(setting, BOB).status_code == 201


def test_api_keys_of_service_ids_are_not_restricted(world: World) -> None:
    robot = call("POST", "/v1/serviceids", {"account_id": ACCOUNT, "name": "robot"}).json()
    restrict("restrict_create_platform_apikey")
    assert call("POST", "/v1/apikeys", {"iam_id": robot["iam_id"], "name": "k"}).status_code == 201


def test_explaining_tells_of_the_restriction(world: World) -> None:
    question = {"action": "iam-identity.apikey.create"}
    before = call("POST", "/_baremint/explain", question, caller=BOB).json()["decision"]
    restrict("restrict_create_platform_apikey")
    assert (before, call("POST", "/_baremint/explain", question, caller=BOB).json()["decision"]) == ("allow", "deny")
