"""``GET /v1/accounts/{id}/limits/identity``: how many there may be, and how many there are."""

from typing import Any

import pytest

from tests.api.calling import call, caller_of, refusal
from tests.build import FACTS
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import ProfileLink, TrustedProfile

LIMITS = f"/v1/accounts/{ACCOUNT}/limits/identity"
RULE = {"type": "Profile-CR", "cr_type": "BMS", "conditions": [{"claim": "zone", "operator": "EQUALS", "value": "z"}]}


def test_limits_are_told_without_counting(world: World) -> None:
    assert call("GET", LIMITS).json() == {
        "serviceid_groups": {"limit": 2000},
        "serviceids_per_group": {"limit": 2000},
        "profiles": {"limit": 2000},
        "apikeys_per_identity": {"limit": 20},
        "profile_templates": {"limit": 0},
        "account_settings_templates": {"limit": 0},
        "template_versions_per_template": {"limit": 0},
        "idps": {"limit": 0},
        "claim_rules_per_group": {"limit": 5},
        "claim_rules_per_profile": {"limit": 20},
        "cr_links": {"limit": 20_000},
        "cr_links_per_profile": {"limit": 1000},
        "cr_rules": {"limit": 40_000},
        "cr_rules_per_profile": {"limit": 20},
    }


@pytest.mark.parametrize("said", ["true", "True"])
def test_limits_that_are_asked_for_are_counted(
    world: World, profile: TrustedProfile, link: ProfileLink, said: str
) -> None:
    call("POST", f"/v1/profiles/{profile.id}/rules", RULE)
    body = call("GET", f"{LIMITS}?profiles={said}&cr_links={said}&cr_rules={said}").json()
    assert [body[name]["count"] for name in ("profiles", "cr_links", "cr_rules")] == [1, 1, 1]


@pytest.mark.parametrize("said", ["false", "False"])
def test_limits_that_are_not_asked_for_are_not_counted(world: World, said: str) -> None:
    assert call("GET", f"{LIMITS}?profiles={said}").json()["profiles"] == {"limit": 2000}


def test_profiles_are_counted_one_by_one(world: World, profile: TrustedProfile, link: ProfileLink) -> None:
    other = make_profile(world.account, name="other")
    for _ in range(2):
        call("POST", f"/v1/profiles/{other.id}/rules", RULE)
    both = f"{profile.id}, {other.id}"
    body = call("GET", f"{LIMITS}?claim_rules_per_profile={both}&cr_links_per_profile={both}").json()
    rules = {each["profile_id"]: each["count"] for each in body["claim_rules_per_profile"]["profiles"]}
    links = {each["profile_id"]: each["count"] for each in body["cr_links_per_profile"]["profiles"]}
    assert (rules, links) == ({profile.id: 0, other.id: 2}, {profile.id: 1, other.id: 0})


def test_rules_for_people_are_no_rules_for_compute_resources(path: str, profile: TrustedProfile) -> None:
    call("POST", f"{path}/rules", RULE)
    call("POST", f"{path}/rules", {"type": "Profile-SAML", "realm_name": "r", "conditions": RULE["conditions"]})
    url = f"{LIMITS}?cr_rules=true&cr_rules_per_profile={profile.id}&claim_rules_per_profile={profile.id}"
    body = call("GET", url).json()
    assert body["cr_rules"]["count"] == 1
    assert body["cr_rules_per_profile"]["profiles"] == [{"profile_id": profile.id, "count": 1}]
    assert body["claim_rules_per_profile"]["profiles"] == [{"profile_id": profile.id, "count": 2}]


def test_profiles_of_other_accounts_are_not_counted_and_not_found(world: World) -> None:
    theirs = make_profile(world.other_account, name="theirs")
    body = call("GET", f"{LIMITS}?profiles=true&cr_links_per_profile={theirs.id}").json()
    assert (body["profiles"]["count"], body["cr_links_per_profile"]["profiles"]) == (0, [])


QUERIES: dict[str, Any] = {
    "profiles=yes": "invalid_value",
    "cr_links=1": "invalid_value",
    f"cr_rules_per_profile={','.join(['p'] * 101)}": "invalid_value",
}


@pytest.mark.parametrize(("query", "code"), QUERIES.items(), ids=["a-word", "a-number", "too-many-profiles"])
def test_a_question_is_refused(world: World, query: str, code: str) -> None:
    assert refusal(call("GET", f"{LIMITS}?{query}")) == (400, code)


@pytest.mark.parametrize("account", [OTHER_ACCOUNT, "c" * 32, "x"], ids=["foreign", "missing", "malformed"])
def test_another_account_is_not_found(world: World, account: str) -> None:
    assert refusal(call("GET", f"/v1/accounts/{account}/limits/identity")) == (404, "not_found")


def test_the_owner_of_another_account_is_refused(world: World) -> None:
    assert refusal(call("GET", LIMITS, caller=MALLORY)) == (404, "not_found")


def test_a_caller_without_a_policy_may_not_read_limits(profile: TrustedProfile) -> None:
    assert refusal(call("GET", LIMITS, caller=caller_of(profile.iam_id))) == (403, "not_authorized")


def test_links_of_every_type_count(path: str, profile: TrustedProfile) -> None:
    for cr_type in ProfileLink.CrType.values:
        call("POST", f"{path}/links", {"cr_type": cr_type, "link": {"crn": FACTS.crn}})
    assert call("GET", f"{LIMITS}?cr_links=true").json()["cr_links"]["count"] == 6


def test_a_body_asks_as_a_query_does(path: str, profile: TrustedProfile, link: ProfileLink) -> None:
    call("POST", f"{path}/rules", RULE)
    limits = {"profiles": True, "cr_links": False, "claim_rules_per_profile": [profile.id]}
    by_query = call("GET", f"{LIMITS}?profiles=true&claim_rules_per_profile={profile.id}").json()
    assert call("POST", LIMITS, limits).json() == by_query
    assert by_query["claim_rules_per_profile"]["profiles"] == [{"profile_id": profile.id, "count": 1}]


def test_service_ids_are_counted_by_group_and_api_keys_by_identity(world: World) -> None:
    group = call("POST", "/v1/serviceid_groups", {"account_id": ACCOUNT, "name": "g"}).json()["id"]
    service_id = {"account_id": ACCOUNT, "name": "s", "group_id": group}
    full = call("POST", "/v1/serviceids", {**service_id, "apikey": {"name": "k"}}).json()["iam_id"]
    bare = call("POST", "/v1/serviceids", {**service_id, "name": "t"}).json()["iam_id"]
    limits = {
        "serviceid_groups": True,
        "serviceids_per_group": [group, "ServiceIdGroup-none"],
        "apikeys_per_identity": [full, bare, "iam-ServiceId-none"],
    }
    body = call("POST", LIMITS, limits).json()
    assert body["serviceid_groups"]["count"] == 1
    assert body["serviceids_per_group"]["serviceid_groups"] == [{"group_id": group, "count": 2}]
    keys = {each["iam_id"]: each["count"] for each in body["apikeys_per_identity"]["identities"]}
    assert keys == {full: 1, bare: 0}


def test_the_count_of_what_is_not_simulated_is_zero(world: World) -> None:
    query_text = "templates=true&idps=true&template_versions_per_template=t"
    body = call("GET", f"{LIMITS}?{query_text}").json()
    counts = [body[name]["count"] for name in ("profile_templates", "account_settings_templates", "idps")]
    assert counts == [0, 0, 0]
    assert body["template_versions_per_template"] == {"limit": 0, "templates": []}


def test_rules_are_counted_by_access_group(world: World) -> None:
    group, other = (
        call("POST", f"/v2/groups?account_id={ACCOUNT}", {"name": name}).json()["id"] for name in ("day", "night")
    )
    condition = {"claim": "team", "operator": "EQUALS", "value": '"night"'}
    rule = {"name": "r", "realm_name": "https://idp.example.com", "expiration": 12, "conditions": [condition]}
    assert call("POST", f"/v2/groups/{group}/rules", rule).status_code == 201
    group_ids = ",".join((group, other, "AccessGroupId-none"))
    claim_rules_per_group = call("GET", f"{LIMITS}?claim_rules_per_group={group_ids}").json()["claim_rules_per_group"]
    assert {each["group_id"]: each["count"] for each in claim_rules_per_group["access_groups"]} == {group: 1, other: 0}
