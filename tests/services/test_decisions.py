"""Decisions over stored rows: who may do what, which profile is meant, whom it trusts."""

from dataclasses import replace
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.build import FACTS
from tests.policies import attribute, make_content
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import authorize, find_profile, trusts
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy, delete_policy
from trustedprofiles.services.profiles import delete_profile

BY = Party("IBMid-ALICE00001", "Alice", "User")
LIST = "is.bare-metal-server.bare-metal-server.list"
CREATE = "is.bare-metal-server.bare-metal-server.create"
VPC = {"accountId": ACCOUNT, "serviceName": "is"}


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="victor")


def victor(profile: TrustedProfile) -> Caller:
    return Caller(profile.iam_id, ACCOUNT, "web-1", "ComputeResource", identifier=profile.id)


def grant(profile: TrustedProfile, *roles: str, **changes: Any) -> Any:
    content = make_content(profile.iam_id, *roles, **changes)
    return create_policy(profile.account, content=content, api_version="v1", by=BY)


# --- who may do what --------------------------------------------------------------------------------------------


def test_the_owner_of_an_account_may_do_all_in_it(world: World) -> None:
    assert authorize(ALICE, action=CREATE, resource=VPC).because == "the caller owns the account"


def test_the_owner_of_another_account_may_do_nothing_here(world: World) -> None:
    assert not authorize(MALLORY, action=LIST, resource=VPC)


def test_owning_one_account_is_no_title_in_another(world: World) -> None:
    assert not authorize(replace(ALICE, account_id=OTHER_ACCOUNT), action=LIST, resource=VPC)


def test_a_profile_without_a_policy_may_do_nothing(profile: TrustedProfile) -> None:
    assert not authorize(victor(profile), action=LIST, resource=VPC)


def test_a_viewer_may_look(profile: TrustedProfile) -> None:
    policy = grant(profile)
    assert authorize(victor(profile), action=LIST, resource=VPC).because == f"policy {policy.id} grants Viewer"


def test_a_viewer_may_not_create(profile: TrustedProfile) -> None:
    grant(profile)
    assert not authorize(victor(profile), action=CREATE, resource=VPC)


def test_a_deleted_policy_grants_nothing_from_then_on(profile: TrustedProfile) -> None:
    delete_policy(grant(profile), by=BY)
    assert not authorize(victor(profile), action=LIST, resource=VPC)


def test_a_deleted_profile_may_do_nothing_from_then_on(profile: TrustedProfile) -> None:
    grant(profile)
    caller = victor(profile)
    delete_profile(profile, by=BY)
    assert not authorize(caller, action=LIST, resource=VPC)


def test_a_policy_on_tagged_resources_grants_nothing_on_others(profile: TrustedProfile) -> None:
    grant(profile, resource_tags=[attribute("env", "prod")])
    assert not authorize(victor(profile), action=LIST, resource=VPC)


def test_a_policy_of_another_account_grants_nothing_here(world: World, profile: TrustedProfile) -> None:
    create_policy(world.other_account, content=make_content(profile.iam_id), api_version="v1", by=BY)
    assert not authorize(victor(profile), action=LIST, resource=VPC)


def test_a_decision_takes_two_queries(profile: TrustedProfile, django_assert_num_queries: Any) -> None:
    for service in ("is", "iam-identity", "resource-controller"):
        grant(profile, service=service)
    with django_assert_num_queries(2):
        authorize(victor(profile), action=LIST, resource=VPC)


# --- which profile is meant -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["id", "crn", "name"])
def test_a_profile_is_found_by_each_of_its_keys(profile: TrustedProfile, key: str) -> None:
    assert find_profile(account_id=ACCOUNT, **{key: getattr(profile, key)}) == profile


@pytest.mark.parametrize("key", ["id", "crn", "name"])
def test_another_accounts_profile_is_not_found_by_any_key(profile: TrustedProfile, key: str) -> None:
    assert find_profile(account_id=OTHER_ACCOUNT, **{key: getattr(profile, key)}) is None


def test_a_crn_that_lies_about_its_account_finds_nothing(profile: TrustedProfile) -> None:
    lie = profile.crn.replace(ACCOUNT, OTHER_ACCOUNT)
    assert find_profile(account_id=ACCOUNT, crn=lie) is None
    assert find_profile(account_id=OTHER_ACCOUNT, crn=lie) is None


def test_a_crn_with_a_region_is_understood(profile: TrustedProfile) -> None:
    assert find_profile(account_id=ACCOUNT, crn=profile.crn.replace("::a/", ":us-south:a/")) == profile


def test_id_and_name_together_must_mean_the_same_profile(world: World, profile: TrustedProfile) -> None:
    other = make_profile(world.account, name="other")
    assert find_profile(account_id=ACCOUNT, id=profile.id, name=profile.name) == profile
    assert find_profile(account_id=ACCOUNT, id=profile.id, name=other.name) is None
    assert find_profile(account_id=ACCOUNT, id=profile.id, crn=other.crn) is None


@pytest.mark.parametrize(
    "keys",
    [{}, {"id": ""}, {"name": "VICTOR"}, {"crn": "victor"}, {"crn": FACTS.crn}, {"id": "Profile-\0"}, {"name": "\0"}],
    ids=["nothing", "empty-id", "another-case", "no-crn", "a-servers-crn", "nul-in-the-id", "nul-in-the-name"],
)
def test_no_profile_is_found_by(profile: TrustedProfile, keys: dict[str, str]) -> None:
    assert find_profile(account_id=ACCOUNT, **keys) is None


def test_an_exchange_costs_three_queries_however_many_links_there_are(
    profile: TrustedProfile, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        create_link(profile, cr_type="BMS", crn=f"{FACTS.crn}{number}", by=BY)
    create_link(profile, cr_type="BMS", crn=FACTS.crn, by=BY)
    with django_assert_num_queries(3):
        profile_row = find_profile(account_id=ACCOUNT, crn=profile.crn)
        assert profile_row is not None
        assert trusts(profile_row, FACTS)
