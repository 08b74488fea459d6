"""Who may do what to policies, and the activity each attempt leaves."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, make_content, v1_policy, v2_policy
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
BODIES = {"v1": v1_policy, "v2": v2_policy}
BOTH = pytest.mark.parametrize("version", ["v1", "v2"])


REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", f"policies?account_id={ACCOUNT}", None),
    "create": ("POST", "policies", "Editor"),
    "get": ("GET", "policies/{id}", None),
    "replace": ("PUT", "policies/{id}", "Operator"),
    "delete": ("DELETE", "policies/{id}", None),
}
EVENTS = {
    "list": "iam-am.policy.read",
    "create": "iam-am.policy.create",
    "get": "iam-am.policy.read",
    "replace": "iam-am.policy.update",
    "delete": "iam-am.policy.delete",
}
READS, WRITES = ["list", "get"], ["create", "replace", "delete"]


def attempt(name: str, version: str, policy: Policy, caller: Caller | None) -> Any:
    method, path, role = REQUESTS[name]
    body = BODIES[version](VICTOR, role) if role else None
    return call(method, f"/{version}/{path.replace('{id}', str(policy.id))}", body, caller=caller, If_Match="*")


def granted(world: World, role: str) -> Caller:
    content = make_content("iam-Profile-eve", role, service="iam-access-management")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    return caller_of("iam-Profile-eve")


@BOTH
def test_mallory_sees_no_policy_of_alice(policy: Policy, version: str) -> None:
    def check(name: str) -> None:
        assert refusal(attempt(name, version, policy, MALLORY)) == (404, "policy_not_found")
        assert Policy.objects.get().revision == 1

    check_each(["get", "replace", "delete"], alone(check))


def test_mallory_cannot_grant_in_alices_account(world: World) -> None:
    assert refusal(call("POST", "/v1/policies", v1_policy(), caller=MALLORY)) == (400, "invalid_body")


@BOTH
def test_a_subject_cannot_read_or_widen_its_own_policy(policy: Policy, version: str) -> None:
    def check(name: str) -> None:
        assert refusal(attempt(name, version, policy, caller_of(VICTOR))) == (403, "insufficent_permissions")

    check_each(REQUESTS, alone(check))


def test_a_viewer_may_read(world: World, policy: Policy) -> None:
    viewer = granted(world, "Viewer")
    assert_rows({name: attempt(name, "v1", policy, viewer).status_code for name in READS}, dict.fromkeys(READS, 200))


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Editor", "Manager"])
def test_only_an_administrator_may_assign_access(world: World, policy: Policy, role: str) -> None:
    caller = granted(world, role)

    def check(name: str) -> None:
        assert refusal(attempt(name, "v1", policy, caller)) == (403, "insufficent_permissions")
        policy.refresh_from_db()
        assert (policy.revision, policy.state) == (1, "active")

    check_each(WRITES, alone(check))


def test_an_administrator_may(world: World, policy: Policy) -> None:
    caller = granted(world, "Administrator")

    def check(name: str) -> None:
        assert attempt(name, "v1", policy, caller).status_code in (200, 201, 204)

    check_each(WRITES, alone(check))


@BOTH
def test_an_operation_leaves_one_event(policy: Policy, version: str) -> None:
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        answer = attempt(name, version, policy, ALICE)
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "success", answer.status_code)

    check_each(REQUESTS, alone(check))


def test_a_refused_operation_leaves_one_event(policy: Policy) -> None:
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        attempt(name, "v1", policy, caller_of(VICTOR))
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "failure", 403)

    check_each(REQUESTS, alone(check))


def test_a_refusal_comes_in_the_policy_apis_envelope(world: World) -> None:
    body = call("POST", "/v2/policies", {}, X_Request_Id="r-1").json()
    assert (body["status_code"], body["trace"]) == (400, "r-1")
    assert {frozenset(each) for each in body["errors"]} == {frozenset({"code", "message"})}
