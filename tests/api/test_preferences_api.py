"""Preferences of trusted profiles, by IBM's unmodified client."""

from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import IdentityPreferenceResponse, IdentityPreferencesResponse

from controlplane.activity.models import ActivityEvent
from tests.api.calling import call, caller_of, refusal
from tests.api.conftest import BY
from tests.api.official import connected
from tests.policies import make_content
from tests.tables import alone, check_each
from tests.world import ACCOUNT, MALLORY, World
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.policies import create_policy

VICTOR = "iam-Profile-victor"


@pytest.fixture
def preferences(profile: TrustedProfile) -> str:
    """Path to the profile's preferences."""
    return f"/v1/preferences/accounts/{ACCOUNT}/identities/{profile.iam_id}"


def test_a_preference_is_set_read_listed_and_cleared(profile: TrustedProfile) -> None:
    iam = connected(IamIdentityV1)
    where = {"account_id": ACCOUNT, "iam_id": profile.iam_id, "service": "console"}
    page = iam.update_preference_on_scope_account(**where, preference_id="landing_page", value_string="/billing")
    entries = ["is", "projects"]
    iam.update_preference_on_scope_account(
        **where, preference_id="global_left_navigation", value_list_of_strings=entries
    )
    preference = iam.get_preferences_on_scope_account(**where, preference_id="landing_page").get_result()
    preference_response = IdentityPreferenceResponse.from_dict(preference)
    assert preference == page.get_result()
    assert (
        preference_response.service,
        preference_response.id,
        preference_response.account_id,
        preference_response.scope,
        preference_response.value_string,
    ) == (*("console", "landing_page", ACCOUNT, "account", "/billing"),)
    every = iam.get_all_preferences_on_scope_account(ACCOUNT, profile.iam_id).get_result()
    values = [each.value_list_of_strings for each in IdentityPreferencesResponse.from_dict(every).preferences]
    assert values == [entries, None]
    iam.delete_preferences_on_scope_account(**where, preference_id="landing_page")
    with pytest.raises(ApiException) as error:
        iam.get_preferences_on_scope_account(**where, preference_id="landing_page")
    assert error.value.status_code == 404


REFUSED: dict[str, tuple[str, Any, int]] = {
    "no-value": ("console/landing_page", {}, 400),
    "list-for-text": ("console/landing_page", {"value_list_of_strings": ["is"]}, 400),
    "both": ("console/landing_page", {"value_string": "/iam", "value_list_of_strings": ["is"]}, 400),
    "with-host": ("console/landing_page", {"value_string": "https://example.com/iam"}, 400),
    "other-host": ("console/landing_page", {"value_string": "//example.com/iam"}, 400),
    "unknown-entry": ("console/global_left_navigation", {"value_list_of_strings": ["games"]}, 400),
    "unknown-preference": ("console/colour", {"value_string": "red"}, 404),
    "unknown-service": ("shell/landing_page", {"value_string": "/iam"}, 404),
}


def test_what_is_no_preference_is_refused(preferences: str) -> None:
    def check(case: str) -> None:
        name, body, status = REFUSED[case]
        assert call("PUT", f"{preferences}/{name}", body).status_code == status

    check_each(REFUSED, alone(check))


@pytest.mark.parametrize("iam_id", ["IBMid-ALICE00001", "iam-ServiceId-1", "iam-Profile-none"])
def test_only_trusted_profiles_have_preferences(world: World, iam_id: str) -> None:
    assert call("GET", f"/v1/preferences/accounts/{ACCOUNT}/identities/{iam_id}").status_code == 404


def test_a_profile_reads_its_own_and_sets_none(preferences: str, profile: TrustedProfile) -> None:
    path, own = f"{preferences}/console/landing_page", caller_of(profile.iam_id)
    call("PUT", path, {"value_string": "/iam"})
    assert [call("GET", each, caller=own).status_code for each in (preferences, path)] == [200, 200]
    assert call("PUT", path, {"value_string": "/iam"}, caller=own).status_code == 403


def test_the_list_leaves_out_what_the_caller_may_not_read(world: World, preferences: str) -> None:
    path, victor = f"{preferences}/console/landing_page", caller_of(VICTOR)
    call("PUT", path, {"value_string": "/iam"})
    assert call("GET", preferences, caller=victor).status_code == 403
    for role, count, status in (("Editor", 0, 403), ("Administrator", 1, 200)):
        content = make_content(VICTOR, role, service="iam-identity")
        create_policy(world.account, content=content, api_version="v1", by=BY)
        assert len(call("GET", preferences, caller=victor).json()["preferences"]) == count
        assert call("GET", path, caller=victor).status_code == status


def test_another_accounts_preferences_are_not_found(preferences: str) -> None:
    assert refusal(call("GET", preferences, caller=MALLORY)) == (404, "not_found")


def test_changes_leave_events(preferences: str, profile: TrustedProfile) -> None:
    call("PUT", f"{preferences}/console/landing_page", {"value_string": "/iam"})
    call("DELETE", f"{preferences}/console/landing_page")
    events = ActivityEvent.objects.filter(target_id=profile.crn, action__contains="preferences").order_by("id")
    assert [each.action.rpartition(".")[2] for each in events] == ["update", "delete"]
