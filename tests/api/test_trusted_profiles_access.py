"""Who may do what to trusted profiles and links, and the activity each attempt leaves."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.calling import call, caller_of, refusal
from tests.build import FACTS
from tests.policies import make_content
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, World, make_profile
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
CREATION = {"name": "web", "account_id": ACCOUNT}


def granted(profile: TrustedProfile, *roles: str, service: str = "iam-identity", **changes: Any) -> Caller:
    """The profile itself as a caller, with these roles."""
    content = make_content(profile.iam_id, *roles, service=service, **changes)
    create_policy(profile.account, content=content, api_version="v1", by=BY)
    return caller_of(profile.iam_id)


def last_event() -> ActivityEvent:
    return ActivityEvent.objects.order_by("-pk")[0]


# --- who may ------------------------------------------------------------------------------------------------------

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", f"/v1/profiles?account_id={ACCOUNT}", None),
    "create": ("POST", "/v1/profiles", CREATION),
    "get": ("GET", "/v1/profiles/{id}", None),
    "update": ("PUT", "/v1/profiles/{id}", {"description": "x"}),
    "delete": ("DELETE", "/v1/profiles/{id}", None),
    "list-links": ("GET", "/v1/profiles/{id}/links", None),
    "create-link": ("POST", "/v1/profiles/{id}/links", {"cr_type": "BMS", "link": {"crn": f"{FACTS.crn}0"}}),
    "get-link": ("GET", "/v1/profiles/{id}/links/{link}", None),
    "delete-link": ("DELETE", "/v1/profiles/{id}/links/{link}", None),
    "delete-links": ("DELETE", "/v1/profiles/{id}/links?type=BMS", None),
}
READS = ["list", "get", "list-links", "get-link"]
WRITES = [name for name in REQUESTS if name not in READS]


def attempt(name: str, link: ProfileLink, caller: Caller | None) -> Any:
    method, path, body = REQUESTS[name]
    path = path.replace("{id}", link.profile_id).replace("{link}", link.id)
    return call(method, path, body, caller=caller, If_Match="*")


def test_mallory_sees_no_profile_of_alice(link: ProfileLink) -> None:
    def check(name: str) -> None:
        assert refusal(attempt(name, link, MALLORY)) == (404, "not_found")
        assert ProfileLink.objects.count() == 1

    check_each([name for name in REQUESTS if "{id}" in REQUESTS[name][1]], alone(check))


def test_a_profile_without_a_policy_may_not(profile: TrustedProfile, link: ProfileLink) -> None:
    def check(name: str) -> None:
        assert refusal(attempt(name, link, caller_of(profile.iam_id))) == (403, "not_authorized")

    check_each(REQUESTS, alone(check))


def test_a_viewer_may_read(profile: TrustedProfile, link: ProfileLink) -> None:
    viewer = granted(profile)
    assert_rows({name: attempt(name, link, viewer).status_code for name in READS}, dict.fromkeys(READS, 200))


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Reader", "Writer", "Manager"])
def test_a_smaller_role_may_not_write(profile: TrustedProfile, link: ProfileLink, role: str) -> None:
    caller = granted(profile, role)

    def check(name: str) -> None:
        assert refusal(attempt(name, link, caller)) == (403, "not_authorized")
        assert (TrustedProfile.objects.get().revision, ProfileLink.objects.count()) == (1, 1)

    check_each(WRITES, alone(check))


@pytest.mark.parametrize("role", ["Editor", "Administrator"])
def test_an_editor_may_write(profile: TrustedProfile, link: ProfileLink, role: str) -> None:
    caller = granted(profile, role)

    def check(name: str) -> None:
        assert attempt(name, link, caller).status_code in (200, 201, 204)

    check_each(WRITES, alone(check))


def test_a_role_on_another_service_does_not_help(profile: TrustedProfile, link: ProfileLink) -> None:
    assert attempt("get", link, granted(profile, "Administrator", service="is")).status_code == 403


def test_a_policy_may_name_one_profile(world: World, profile: TrustedProfile) -> None:
    this = {"key": "resource", "operator": "stringEquals", "value": profile.id}
    caller, other = granted(profile, more=(this,)), make_profile(world.account, name="other")
    assert call("GET", f"/v1/profiles/{profile.id}", caller=caller).status_code == 200
    assert call("GET", f"/v1/profiles/{other.id}", caller=caller).status_code == 403


def test_a_refusal_says_who_may_not_what_and_what_would_help(profile: TrustedProfile, path: str) -> None:
    message = call("DELETE", path, caller=granted(profile)).json()["errors"][0]["message"]
    assert f"{profile.iam_id} is not authorized to perform iam-identity.profile.delete" in message
    assert "on iam-identity with the role Editor would allow it" in message


# --- activity -----------------------------------------------------------------------------------------------------

EVENTS = {
    "list": "iam-identity.account-profile.read",
    "create": "iam-identity.account-profile.create",
    "get": "iam-identity.account-profile.read",
    "update": "iam-identity.account-profile.update",
    "delete": "iam-identity.account-profile.delete",
    "list-links": "iam-identity.account-profile-link.read",
    "create-link": "iam-identity.account-profile-link.create",
    "get-link": "iam-identity.account-profile-link.read",
    "delete-link": "iam-identity.account-profile-link.delete",
    "delete-links": "iam-identity.account-profile-link.delete",
}


def test_an_operation_leaves_one_event(link: ProfileLink) -> None:
    # D-21
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        answer = attempt(name, link, ALICE)
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "success", answer.status_code)
        assert (event.initiator_id, event.account_id, event.request_id) == (
            ALICE.iam_id,
            ACCOUNT,
            answer.headers["X-Request-Id"],
        )

    check_each(REQUESTS, alone(check))


def test_a_refused_operation_leaves_one_event(profile: TrustedProfile, link: ProfileLink) -> None:
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        attempt(name, link, caller_of(profile.iam_id))
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "failure", 403)
        assert (event.initiator_id, event.reason_type) == (profile.iam_id, "not_authorized")

    check_each(REQUESTS, alone(check))


def test_the_event_of_a_reading_names_the_profile_by_crn(profile: TrustedProfile, path: str) -> None:
    call("GET", path)
    assert (last_event().target_id, last_event().target_name) == (profile.crn, "victor")


def test_the_event_of_what_is_not_there_keeps_the_id_asked_for(world: World) -> None:
    call("GET", "/v1/profiles/Profile-unknown")
    assert (last_event().target_id, last_event().reason_code) == ("Profile-unknown", 404)
