"""Settings of an account and groups of service IDs, by IBM's unmodified clients."""

from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import IamIdentityV1, IamPolicyManagementV1
from ibm_platform_services.iam_identity_v1 import (
    AccountSettingsResponse,
    EffectiveAccountSettingsResponse,
    ServiceIdGroup,
)
from ibm_platform_services.iam_policy_management_v1 import AccountSettingsAccessManagement

from controlplane.activity.models import ActivityEvent
from tests.api.calling import call, refusal
from tests.api.official import connected
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World

SETTINGS = f"/v1/accounts/{ACCOUNT}/settings/identity"
ACCESS = f"/v1/accounts/{ACCOUNT}/settings/access_management"
GROUPS = "/v1/serviceid_groups"


@pytest.fixture
def iam(world: World) -> Any:
    return connected(IamIdentityV1)


@pytest.fixture
def group(iam: Any) -> ServiceIdGroup:
    new_group = iam.create_service_id_group(account_id=ACCOUNT, name="robots", description="d")
    return ServiceIdGroup.from_dict(new_group.get_result())


# --- identity settings


def test_identity_settings_are_read_with_their_defaults(iam: Any) -> None:
    answer = iam.get_account_settings(ACCOUNT, include_history=True)
    settings = AccountSettingsResponse.from_dict(answer.get_result())
    assert answer.get_headers()["ETag"] == settings.entity_tag
    assert (settings.mfa, settings.restrict_create_service_id, settings.history) == ("NONE", "NOT_SET", [])


def test_identity_settings_are_kept_and_make_history(iam: Any) -> None:
    tag = iam.get_account_settings(ACCOUNT).get_headers()["ETag"]
    settings: dict[str, Any] = {
        "restrict_create_service_id": "NOT_RESTRICTED",
        "restrict_create_platform_apikey": "NOT_RESTRICTED",
        "restrict_user_list_visibility": "NOT_RESTRICTED",
        "restrict_user_domains": [
            {"realm_id": "IBMid", "invitation_email_allow_patterns": ["*.*@example.com"], "restrict_invitation": True}
        ],
        "mfa": "TOTP",
        "user_mfa": [{"iam_id": ALICE.iam_id, "mfa": "NONE"}],
        "session_expiration_in_seconds": "86400",
        "session_invalidation_in_seconds": "7200",
        "max_sessions_per_identity": "10",
        "system_access_token_expiration_in_seconds": "3600",
        "system_refresh_token_expiration_in_seconds": "259200",
    }
    iam.update_account_settings(if_match=tag, account_id=ACCOUNT, **settings)
    account_settings = iam.get_account_settings(ACCOUNT, include_history=True).get_result()
    assert {name: account_settings[name] for name in settings} == settings
    assert account_settings["entity_tag"] != tag
    assert [each["action"] for each in account_settings["history"]] == ["iam-identity.accountsettings.update"]


def test_history_that_is_not_asked_for_is_empty(iam: Any) -> None:
    tag = iam.get_account_settings(ACCOUNT).get_headers()["ETag"]
    iam.update_account_settings(if_match=tag, account_id=ACCOUNT, mfa="TOTP")
    assert iam.get_account_settings(ACCOUNT).get_result()["history"] == []
    assert iam.get_effective_account_settings(ACCOUNT).get_result()["account"]["history"] == []


def test_a_stale_entity_tag_changes_no_settings(iam: Any) -> None:
    tag = iam.get_account_settings(ACCOUNT).get_headers()["ETag"]
    iam.update_account_settings(if_match=tag, account_id=ACCOUNT, mfa="TOTP")
    with pytest.raises(ApiException) as error:
        iam.update_account_settings(if_match=tag, account_id=ACCOUNT, mfa="NONE")
    assert (error.value.status_code, iam.get_account_settings(ACCOUNT).get_result()["mfa"]) == (412, "TOTP")


def test_effective_settings_have_no_unset_expiration(iam: Any) -> None:
    answer = iam.get_effective_account_settings(ACCOUNT).get_result()
    settings = EffectiveAccountSettingsResponse.from_dict(answer)
    assert settings.account.session_expiration_in_seconds == "NOT_SET"
    assert settings.effective.session_expiration_in_seconds == "86400"


REFUSED: dict[str, Any] = {
    "too-short": {"session_expiration_in_seconds": "899"},
    "too-long": {"system_access_token_expiration_in_seconds": "3601"},
    "a-number": {"session_expiration_in_seconds": 900},
    "no-number": {"max_sessions_per_identity": "many"},
    "no-session": {"max_sessions_per_identity": "0"},
    "unknown-mfa": {"mfa": "SOME"},
    "unknown-property": {"colour": "red"},
}


def test_what_is_no_setting_is_refused(world: World) -> None:
    def check(name: str) -> None:
        body = REFUSED[name]
        assert call("PUT", SETTINGS, body, If_Match="*").status_code == 400

    check_each(REFUSED, alone(check))


@pytest.mark.parametrize("path", [SETTINGS, SETTINGS.replace("settings", "effective_settings"), ACCESS])
def test_settings_of_another_account_cannot_be_read(world: World, path: str) -> None:
    assert refusal(call("GET", path, caller=MALLORY))[0] == 404
    assert call("GET", path.replace(ACCOUNT, OTHER_ACCOUNT)).status_code == 404


# --- access management settings


def test_access_settings_are_changed_one_type_at_a_time(world: World) -> None:
    policies = connected(IamPolicyManagementV1)
    tag = policies.get_settings(ACCOUNT).get_headers()["ETag"]
    limited = {"state": "limited", "external_allowed_accounts": [OTHER_ACCOUNT]}
    settings = policies.update_settings(
        ACCOUNT, tag, external_account_identity_interaction={"identity_types": {"user": limited}}
    )
    types = AccountSettingsAccessManagement.from_dict(
        settings.get_result()
    ).external_account_identity_interaction.identity_types
    assert (types.user.to_dict(), types.service.state) == (limited, "enabled")
    assert policies.get_settings(ACCOUNT).get_headers()["ETag"] == settings.get_headers()["ETag"] != tag


def test_enabled_for_every_account_names_none(world: World) -> None:
    interaction = {"identity_types": {"user": {"state": "enabled", "external_allowed_accounts": [OTHER_ACCOUNT]}}}
    answer = call("PATCH", ACCESS, {"external_account_identity_interaction": interaction}, If_Match="*")
    assert answer.status_code == 400


# --- groups of service IDs


def test_a_service_id_group_is_made_read_changed_listed_and_deleted(iam: Any, group: ServiceIdGroup) -> None:
    assert iam.get_service_id_group(group.id).get_result() == group.to_dict()
    service_id_group = iam.update_service_id_group(group.id, group.entity_tag, name="new").get_result()
    assert iam.list_service_id_group(account_id=ACCOUNT).get_result() == {"serviceid_groups": [service_id_group]}
    assert iam.delete_service_id_group(group.id).get_status_code() == 204
    assert iam.list_service_id_group(account_id=ACCOUNT).get_result() == {"serviceid_groups": []}


def test_a_group_name_is_taken_once(iam: Any, group: ServiceIdGroup) -> None:
    with pytest.raises(ApiException) as error:
        iam.create_service_id_group(account_id=ACCOUNT, name="robots")
    assert error.value.status_code == 409


def test_a_service_id_is_listed_by_its_group_which_stays_while_it_is_in_it(iam: Any, group: ServiceIdGroup) -> None:
    member = iam.create_service_id(account_id=ACCOUNT, name="r2", group_id=group.id).get_result()
    call("POST", "/v1/serviceids", {"account_id": ACCOUNT, "name": "alone"})
    query = f"account_id={ACCOUNT}&group_id={group.id}&show_group_id"
    service_ids = call("GET", f"/v1/serviceids?{query}=true").json()["serviceids"]
    assert [(each["id"], each["group_id"]) for each in service_ids] == [(member["id"], group.id)]
    assert "group_id" not in member
    assert "group_id" not in call("GET", f"/v1/serviceids?{query}=false").json()["serviceids"][0]
    with pytest.raises(ApiException) as error:
        iam.delete_service_id_group(group.id)
    assert error.value.status_code == 409


def test_another_accounts_group_is_not_found(iam: Any, group: ServiceIdGroup) -> None:
    assert refusal(call("GET", f"{GROUPS}/{group.id}", caller=MALLORY)) == (404, "not_found")
    body = {"account_id": OTHER_ACCOUNT, "name": "spy", "group_id": group.id}
    assert call("POST", "/v1/serviceids", body, caller=MALLORY).status_code in (400, 404)


def test_changes_of_a_group_leave_events(iam: Any, group: ServiceIdGroup) -> None:
    iam.delete_service_id_group(group.id)
    actions = ActivityEvent.objects.filter(target_id=group.crn).order_by("id").values_list("action", flat=True)
    assert [action.rpartition(".")[2] for action in actions] == ["create", "delete"]
