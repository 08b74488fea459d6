"""``/v1/profiles/{id}/identities``: who may assume a trusted profile."""

from typing import Any

import pytest

from tests.api.calling import call, caller_of, refusal
from tests.build import FACTS
from tests.iam.conftest import make_service_id
from tests.tables import alone, check_each
from tests.world import ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import ProfileIdentity, ServiceId, TrustedProfile

USER = {"identifier": ALICE.iam_id, "type": "user"}
RESOURCE = {"identifier": FACTS.crn, "type": "crn"}


@pytest.fixture
def robot(world: World) -> ServiceId:
    return make_service_id(world.account)


@pytest.fixture
def identities(path: str) -> str:
    return f"{path}/identities"


@pytest.fixture
def users(identities: str) -> str:
    """Alice is one of the profile's identities."""
    assert call("POST", f"{identities}/user", USER).status_code == 200
    return f"{identities}/user"


# --- one by one ------------------------------------------------------------------------------------------------


def test_a_user_is_set(identities: str) -> None:
    answer = call("POST", f"{identities}/user", USER | {"accounts": [OTHER_ACCOUNT], "description": "the owner"})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "iam_id": ALICE.iam_id,
            "identifier": ALICE.iam_id,
            "type": "user",
            "accounts": [OTHER_ACCOUNT],
            "description": "the owner",
        },
    )


def test_a_service_id_is_set_by_its_id(identities: str, robot: ServiceId) -> None:
    body = call("POST", f"{identities}/serviceid", {"identifier": robot.id, "type": "serviceid"}).json()
    assert (body["iam_id"], body["identifier"], "accounts" in body) == (f"iam-{robot.id}", robot.id, False)


def test_a_resource_is_set_by_its_crn(identities: str) -> None:
    body = call("POST", f"{identities}/crn", RESOURCE).json()
    assert (body["iam_id"], body["identifier"]) == (f"crn-{FACTS.crn}", FACTS.crn)


def test_an_identity_that_is_set_again_is_changed(identities: str, users: str) -> None:
    call("POST", users, USER | {"description": "new"})
    [only] = call("GET", identities).json()["identities"]
    assert only["description"] == "new"


def test_an_identity_is_read_and_deleted(users: str) -> None:
    one = f"{users}/{ALICE.iam_id}"
    assert call("GET", one).json()["identifier"] == ALICE.iam_id
    assert call("DELETE", one).status_code == 204
    assert refusal(call("DELETE", one)) == (404, "not_found")


def test_reading_an_identity_that_the_profile_does_not_have_is_a_bad_request(identities: str) -> None:
    """As the acceptance tests of IBM's Terraform provider ask for after they deleted one."""
    for identity in (f"user/{ALICE.iam_id}", f"serviceid/ServiceId-{'0' * 8}", "crn/crn:v1:none"):
        assert refusal(call("GET", f"{identities}/{identity}")) == (400, "not_found")


def test_a_crn_is_found_in_a_path_that_has_it_encoded(identities: str) -> None:
    from urllib.parse import quote

    call("POST", f"{identities}/crn", RESOURCE)
    for safe in ("", ":", ":/"):
        assert call("GET", f"{identities}/crn/{quote(FACTS.crn, safe=safe)}").status_code == 200
    assert call("DELETE", f"{identities}/crn/{quote(FACTS.crn, safe='')}").status_code == 204


# --- all at once -----------------------------------------------------------------------------------------------


def test_all_identities_are_replaced_with_the_profiles_entity_tag(
    identities: str, users: str, robot: ServiceId
) -> None:
    before = call("GET", identities)
    assert before["ETag"] == before.json()["entity_tag"]
    replacements = [{"identifier": robot.id, "type": "serviceid"}, RESOURCE]
    answer = call("PUT", identities, {"identities": replacements}, If_Match=before["ETag"])
    assert answer.status_code == 200
    assert [each["type"] for each in answer.json()["identities"]] == ["serviceid", "crn"]
    assert answer.json()["entity_tag"] == answer["ETag"] != before["ETag"]
    assert call("GET", identities).json() == answer.json()


@pytest.mark.parametrize("body", [{"identities": []}, {}], ids=["empty", "absent"])
def test_all_identities_may_be_replaced_by_none(identities: str, users: str, body: Any) -> None:
    assert call("PUT", identities, body, If_Match="*").json()["identities"] == []


def test_an_identity_that_is_named_twice_is_stored_once(identities: str) -> None:
    body = {"identities": [USER, USER | {"description": "last"}]}
    [only] = call("PUT", identities, body, If_Match="*").json()["identities"]
    assert only["description"] == "last"


def test_a_stale_entity_tag_is_refused_and_nothing_changes(identities: str, profile: TrustedProfile) -> None:
    stale = profile.entity_tag
    call("POST", f"{identities}/user", USER)
    assert refusal(call("PUT", identities, {"identities": []}, If_Match=stale)) == (412, "precondition_failed")
    assert ProfileIdentity.objects.count() == 1


def test_a_replacement_needs_an_entity_tag(identities: str) -> None:
    assert refusal(call("PUT", identities, {"identities": []})) == (400, "missing_value")


def test_one_wrong_identity_refuses_all_and_is_named(identities: str, users: str) -> None:
    body = {"identities": [RESOURCE, {"identifier": "unknown", "type": "user"}]}
    answer = call("PUT", identities, body, If_Match="*")
    assert refusal(answer) == (400, "invalid_value")
    assert [each.identifier for each in ProfileIdentity.objects.all()] == [ALICE.iam_id]


def test_every_change_moves_the_profiles_entity_tag(identities: str, path: str) -> None:
    # D-65
    tags = [call("GET", path)["ETag"]]
    call("POST", f"{identities}/user", USER)
    tags.append(call("GET", path)["ETag"])
    call("DELETE", f"{identities}/user/{ALICE.iam_id}")
    tags.append(call("GET", path)["ETag"])
    assert [tag.partition("-")[0] for tag in tags] == ["1", "2", "3"]


# --- what is refused -------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, Any, str]] = {
    "no-identifier": ("user", {"type": "user"}, "missing_field"),
    "no-type": ("user", {"identifier": ALICE.iam_id}, "missing_field"),
    "another-type-than-the-path": ("crn", USER, "invalid_value"),
    "an-unknown-type": ("user", USER | {"type": "group"}, "invalid_value"),
    "a-user-by-email": ("user", USER | {"identifier": "alice@example.com"}, "invalid_value"),
    "a-profile-as-a-user": ("user", USER | {"identifier": "iam-Profile-1"}, "invalid_value"),
    "what-is-no-crn": ("crn", RESOURCE | {"identifier": "web-1"}, "invalid_value"),
    "a-service-id-that-is-not-there": ("serviceid", {"identifier": "ServiceId-1", "type": "serviceid"}, "not_found"),
    "accounts-of-a-crn": ("crn", RESOURCE | {"accounts": [OTHER_ACCOUNT]}, "invalid_value"),
    "twenty-one-accounts": ("user", USER | {"accounts": ["a"] * 21}, "invalid_value"),
    "an-account-that-is-too-long": ("user", USER | {"accounts": ["a" * 65]}, "invalid_value"),
    "accounts-are-a-text": ("user", USER | {"accounts": OTHER_ACCOUNT}, "invalid_value"),
    "an-identifier-that-is-too-long": ("user", USER | {"identifier": f"IBMid-{'x' * 250}"}, "invalid_value"),
    "an-identifier-with-nul": ("user", USER | {"identifier": "IBMid-\0"}, "invalid_value"),
    "a-description-that-is-too-long": ("user", USER | {"description": "d" * 1001}, "invalid_value"),
    "an-iam-id": ("user", USER | {"iam_id": "IBMid-X"}, "unknown_field"),
}


def test_an_identity_is_refused(identities: str) -> None:
    def check(name: str) -> None:
        kind, body, code = REFUSED[name]
        assert refusal(call("POST", f"{identities}/{kind}", body)) == (400, code)
        assert not ProfileIdentity.objects.exists()

    check_each(REFUSED, alone(check))


def test_a_service_id_of_another_account_looks_like_none(world: World, identities: str) -> None:
    foreign = make_service_id(world.other_account)
    answers = [
        call("POST", f"{identities}/serviceid", {"identifier": id, "type": "serviceid"}, X_Request_Id="r").json()
        for id in (foreign.id, "ServiceId-none")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["errors"][0]["code"] == "not_found"


@pytest.mark.parametrize("kind", ["group", "USER", "users"])
def test_an_unknown_type_of_identity_is_not_found(identities: str, kind: str) -> None:
    assert refusal(call("POST", f"{identities}/{kind}", USER)) == (404, "not_found")


def test_a_profile_has_at_most_a_hundred_identities(identities: str) -> None:
    many = [{"identifier": f"IBMid-{number}", "type": "user"} for number in range(101)]
    assert refusal(call("PUT", identities, {"identities": many}, If_Match="*")) == (400, "invalid_value")
    assert call("PUT", identities, {"identities": many[:100]}, If_Match="*").status_code == 200
    assert refusal(call("POST", f"{identities}/user", USER)) == (400, "over_quota")
    assert call("POST", f"{identities}/user", many[0] | {"description": "again"}).status_code == 200


CALLS = [
    ("GET", ""),
    ("PUT", ""),
    ("POST", "/user"),
    ("GET", f"/user/{ALICE.iam_id}"),
    ("DELETE", f"/user/{ALICE.iam_id}"),
]
BODIES = {"PUT": {"identities": []}, "POST": USER}


@pytest.mark.parametrize(("method", "below"), CALLS)
def test_mallory_sees_no_identity_of_alices_profile(identities: str, users: str, method: str, below: str) -> None:
    answer = call(method, identities + below, BODIES.get(method), caller=MALLORY, If_Match="*")
    assert refusal(answer) == (404, "not_found")
    assert ProfileIdentity.objects.count() == 1


@pytest.mark.parametrize(("method", "below"), CALLS)
def test_a_caller_without_a_policy_may_not_manage_identities(
    profile: TrustedProfile, identities: str, users: str, method: str, below: str
) -> None:
    answer = call(method, identities + below, BODIES.get(method), caller=caller_of(profile.iam_id), If_Match="*")
    assert refusal(answer) == (403, "not_authorized")


@pytest.mark.parametrize(("method", "below"), CALLS)
def test_identities_of_an_unknown_profile_are_not_found(world: World, method: str, below: str) -> None:
    answer = call(method, f"/v1/profiles/Profile-unknown/identities{below}", BODIES.get(method), If_Match="junk")
    assert refusal(answer) == (404, "not_found")


def test_an_identity_is_not_found_under_another_profile(world: World, users: str) -> None:
    other = make_profile(world.account, name="other")
    elsewhere = f"/v1/profiles/{other.id}/identities/user/{ALICE.iam_id}"
    assert (call("GET", elsewhere).status_code, call("DELETE", elsewhere).status_code) == (400, 404)
