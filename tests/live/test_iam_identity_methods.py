"""``IamIdentityV1``, unmodified, against running processes: every method for trusted profiles and their limits."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException, get_query_param
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import (
    EnityHistoryRecord,
    IdentityLimitsUsageResponse,
    ProfileClaimRule,
    ProfileClaimRuleConditions,
    ProfileClaimRuleList,
    ProfileIdentitiesResponse,
    ProfileIdentityRequest,
    ProfileIdentityResponse,
    ProfileLink,
    ProfileLinkList,
    TrustedProfile,
    TrustedProfilesList,
)

from tests.live.operator import Operator

pytestmark = pytest.mark.live

ZONE = ProfileClaimRuleConditions(claim="zone", operator="EQUALS", value='"us-south-1"')


@pytest.fixture(scope="module")
def iam(operator: Operator) -> IamIdentityV1:
    return operator.iam


@pytest.fixture
def account(operator: Operator) -> str:
    return str(operator.info["account_id"])


@pytest.fixture
def profile(operator: Operator, iam: IamIdentityV1) -> Iterator[dict[str, Any]]:
    new_profile = operator.create_profile()
    yield new_profile
    iam.delete_profile(new_profile["id"])


def crn_of(account: str, number: int = 0) -> str:
    server = f"0717-11111111-1111-4111-8111-{number:012}"
    return f"crn:v1:bluemix:public:is:us-south-1:a/{account}::bare-metal-server:{server}"


# --- profiles --------------------------------------------------------------------------------------------------


def test_a_profile_lives_its_life(iam: IamIdentityV1, account: str) -> None:
    name = f"life-{uuid.uuid4().hex[:8]}"
    new_profile = iam.create_profile(name=name, account_id=account, description="d", email="a@example.com")
    profile = TrustedProfile.from_dict(new_profile.get_result())
    assert (new_profile.get_status_code(), new_profile.get_headers()["ETag"]) == (201, profile.entity_tag)
    assert TrustedProfile.from_dict(iam.get_profile(profile.id, include_activity=False).get_result()) == profile
    updated_profile = iam.update_profile(profile.id, if_match=profile.entity_tag, description="", email="")
    assert TrustedProfile.from_dict(updated_profile.get_result()).description is None
    with pytest.raises(ApiException) as stale:
        iam.update_profile(profile.id, if_match=profile.entity_tag, description="late")
    assert stale.value.status_code == 412
    assert iam.delete_profile(profile.id).get_status_code() == 204


@pytest.fixture
def five(iam: IamIdentityV1, account: str) -> Iterator[str]:
    """Five profiles whose names begin alike."""
    prefix = f"five-{uuid.uuid4().hex[:8]}"
    profile_ids = [
        iam.create_profile(name=f"{prefix}-{name}", account_id=account).get_result()["id"]
        for name in ("delta", "alpha", "echo", "bravo", "charlie")
    ]
    yield prefix
    for id in profile_ids:
        iam.delete_profile(id)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_profiles_are_filtered_sorted_and_paged_by_token(
    iam: IamIdentityV1, account: str, five: str, order: str
) -> None:
    query = {"filter": f'name sw "{five}"', "sort": "name", "order": order, "pagesize": 2}
    names, token = [], None
    while True:
        profiles = TrustedProfilesList.from_dict(iam.list_profiles(account, pagetoken=token, **query).get_result())
        names += [each.name.rpartition("-")[2] for each in profiles.profiles]
        if not (token := get_query_param(profiles.next, "pagetoken") if profiles.next else None):
            break
    assert names == sorted(["alpha", "bravo", "charlie", "delta", "echo"], reverse=order == "desc")


def test_the_previous_page_is_told(iam: IamIdentityV1, account: str, five: str) -> None:
    query = {"filter": f'name sw "{five}"', "sort": "name", "pagesize": 2}
    first = iam.list_profiles(account, **query).get_result()
    second = iam.list_profiles(account, pagetoken=get_query_param(first["next"], "pagetoken"), **query).get_result()
    back = iam.list_profiles(account, pagetoken=get_query_param(second["previous"], "pagetoken"), **query)
    assert back.get_result()["profiles"] == first["profiles"]


def test_a_profile_is_found_by_name_with_its_history(iam: IamIdentityV1, account: str, profile: dict[str, Any]) -> None:
    iam.update_profile(profile["id"], if_match="*", description="new")
    page = iam.list_profiles(account, name=profile["name"], include_history=True).get_result()
    [actual_profile] = TrustedProfilesList.from_dict(page).profiles
    assert all(isinstance(each, EnityHistoryRecord) for each in actual_profile.history)
    assert [each.params for each in actual_profile.history] == [[], ["description"]]


# --- links -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cr_type", ["VSI", "PVS", "BMS", "IKS_SA", "ROKS_SA", "CE"])
def test_a_link_of_every_type_lives_its_life(
    iam: IamIdentityV1, account: str, profile: dict[str, Any], cr_type: str
) -> None:
    target = {"crn": crn_of(account), "namespace": "n", "name": "sa"}
    new_link = iam.create_link(profile["id"], cr_type=cr_type, link=target, name="web")
    link = ProfileLink.from_dict(new_link.get_result())
    assert (new_link.get_status_code(), link.cr_type, link.is_cross_account) == (201, cr_type, False)
    assert ProfileLink.from_dict(iam.get_link(profile["id"], link.id).get_result()) == link
    assert ProfileLinkList.from_dict(iam.list_links(profile["id"]).get_result()).links == [link]
    assert iam.delete_link(profile["id"], link.id).get_status_code() == 204


def test_a_link_is_deleted_by_parameters(iam: IamIdentityV1, account: str, profile: dict[str, Any]) -> None:
    for number in range(2):
        iam.create_link(profile["id"], cr_type="BMS", link={"crn": crn_of(account, number)})
    iam.delete_link_by_parameters(profile["id"], type="BMS", crn=crn_of(account, 0))
    [link] = iam.list_links(profile["id"]).get_result()["links"]
    assert link["link"]["crn"] == crn_of(account, 1)


# --- claim rules -----------------------------------------------------------------------------------------------


def test_a_claim_rule_lives_its_life(iam: IamIdentityV1, profile: dict[str, Any]) -> None:
    claim_rule = iam.create_claim_rule(profile["id"], type="Profile-CR", conditions=[ZONE], cr_type="BMS", name="zone")
    rule = ProfileClaimRule.from_dict(claim_rule.get_result())
    assert (claim_rule.get_status_code(), rule.expiration, claim_rule.get_headers()["ETag"]) == (
        201,
        0,
        rule.entity_tag,
    )
    assert ProfileClaimRule.from_dict(iam.get_claim_rule(profile["id"], rule.id).get_result()) == rule
    assert ProfileClaimRuleList.from_dict(iam.list_claim_rules(profile["id"]).get_result()).rules == [rule]
    updated_claim_rule = iam.update_claim_rule(
        profile["id"], rule.id, rule.entity_tag, type="Profile-CR", conditions=[ZONE, ZONE], cr_type="BMS"
    )
    assert len(ProfileClaimRule.from_dict(updated_claim_rule.get_result()).conditions) == 2
    with pytest.raises(ApiException) as stale:
        iam.update_claim_rule(
            profile["id"], rule.id, rule.entity_tag, type="Profile-CR", conditions=[ZONE], cr_type="BMS"
        )
    assert stale.value.status_code == 412
    assert iam.delete_claim_rule(profile["id"], rule.id).get_status_code() == 204


def test_a_rule_for_people_is_kept(iam: IamIdentityV1, profile: dict[str, Any]) -> None:
    claim_rule = iam.create_claim_rule(
        profile["id"],
        type="Profile-SAML",
        conditions=[{"claim": "blueGroups", "operator": "CONTAINS", "value": '"cloud-docs-dev"'}],
        realm_name="https://idp.example.com",
        expiration=43_200,
    )
    assert ProfileClaimRule.from_dict(claim_rule.get_result()).expiration == 43_200


# --- identities ------------------------------------------------------------------------------------------------


def test_identities_live_their_life(iam: IamIdentityV1, account: str, profile: dict[str, Any]) -> None:
    user, resource = "IBMid-LIVE000001", crn_of(account)
    profile_identity = iam.set_profile_identity(profile["id"], "user", identifier=user, type="user", accounts=[account])
    assert ProfileIdentityResponse.from_dict(profile_identity.get_result()).accounts == [account]
    assert profile_identity.get_status_code() == 200
    iam.set_profile_identity(profile["id"], "crn", identifier=resource, type="crn", description="d")
    for kind, identifier in (("user", user), ("crn", resource)):
        identity = iam.get_profile_identity(profile["id"], kind, identifier).get_result()
        assert ProfileIdentityResponse.from_dict(identity).identifier == identifier
    profile_identities = ProfileIdentitiesResponse.from_dict(iam.get_profile_identities(profile["id"]).get_result())
    assert [each.iam_id for each in profile_identities.identities] == [user, f"crn-{resource}"]
    only = [ProfileIdentityRequest(identifier=resource, type="crn")]
    replaced = iam.set_profile_identities(profile["id"], profile_identities.entity_tag, identities=only).get_result()
    assert [each.type for each in ProfileIdentitiesResponse.from_dict(replaced).identities] == ["crn"]
    assert iam.delete_profile_identity(profile["id"], "crn", resource).get_status_code() == 204
    assert iam.get_profile_identities(profile["id"]).get_result()["identities"] == []


# --- limits ----------------------------------------------------------------------------------------------------


def test_limits_are_told_and_counted(iam: IamIdentityV1, account: str, profile: dict[str, Any]) -> None:
    iam.create_claim_rule(profile["id"], type="Profile-CR", conditions=[ZONE], cr_type="BMS")
    answer = iam.get_account_limits(
        account,
        profiles=True,
        cr_links=True,
        cr_rules=True,
        claim_rules_per_profile=profile["id"],
        cr_links_per_profile=profile["id"],
    ).get_result()
    identity_limits_usage = IdentityLimitsUsageResponse.from_dict(answer)
    assert (
        identity_limits_usage.profiles.limit,
        identity_limits_usage.profiles.count >= 1,
        identity_limits_usage.cr_rules.count >= 1,
    ) == (2000, True, True)
    assert [(each.profile_id, each.count) for each in identity_limits_usage.claim_rules_per_profile.profiles] == [
        (profile["id"], 1)
    ]


# --- what is not there -----------------------------------------------------------------------------------------

UNKNOWN = "Profile-11111111-1111-4111-8111-111111111111"
CALLS: dict[str, Callable[[IamIdentityV1], Any]] = {
    "get_profile": lambda iam: iam.get_profile(UNKNOWN),
    "update_profile": lambda iam: iam.update_profile(UNKNOWN, if_match="junk", description="x"),
    "delete_profile": lambda iam: iam.delete_profile(UNKNOWN),
    "create_link": lambda iam: iam.create_link(UNKNOWN, cr_type="BMS", link={"crn": "crn:v1"}),
    "list_links": lambda iam: iam.list_links(UNKNOWN),
    "get_link": lambda iam: iam.get_link(UNKNOWN, "link-1"),
    "delete_link": lambda iam: iam.delete_link(UNKNOWN, "link-1"),
    "create_claim_rule": lambda iam: iam.create_claim_rule(
        UNKNOWN, type="Profile-CR", cr_type="BMS", conditions=[ZONE]
    ),
    "list_claim_rules": lambda iam: iam.list_claim_rules(UNKNOWN),
    "get_claim_rule": lambda iam: iam.get_claim_rule(UNKNOWN, "ClaimRule-1"),
    "update_claim_rule": lambda iam: iam.update_claim_rule(
        UNKNOWN, "ClaimRule-1", "junk", "Profile-CR", [ZONE], cr_type="BMS"
    ),
    "delete_claim_rule": lambda iam: iam.delete_claim_rule(UNKNOWN, "ClaimRule-1"),
    "get_profile_identities": lambda iam: iam.get_profile_identities(UNKNOWN),
    "set_profile_identities": lambda iam: iam.set_profile_identities(UNKNOWN, "junk", identities=[]),
    "set_profile_identity": lambda iam: iam.set_profile_identity(UNKNOWN, "user", "IBMid-1", "user"),
    "get_profile_identity": lambda iam: iam.get_profile_identity(UNKNOWN, "user", "IBMid-1"),
    "delete_profile_identity": lambda iam: iam.delete_profile_identity(UNKNOWN, "user", "IBMid-1"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_everything_under_an_unknown_profile_is_not_found(
    iam: IamIdentityV1, call: Callable[[IamIdentityV1], Any]
) -> None:
    with pytest.raises(ApiException, match="There is no trusted profile of this id") as error:
        call(iam)
    assert error.value.status_code == 404
