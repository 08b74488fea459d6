"""Keys that two people delete, one after the other (contract, section 2.7)."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect import errors
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.policies import DUAL_AUTH_DELETE, KeyPolicySetting
from controlplane.keyprotect.services.dual_authorization import set_for_deletion, unset_for_deletion
from controlplane.keyprotect.services.key_states import delete_key, disable_key, restore_key
from controlplane.keyprotect.states import State
from tests.keyprotect.calls import KeyProtect, answered, grant, reason_of, refused
from tests.keyprotect.made import ALICE, BOB, TurnedClock, actions, make_key, read
from tests.keyprotect.test_every_operation import VICTOR
from tests.world import World

DUAL = [KeyPolicySetting(DUAL_AUTH_DELETE)]


def authorize(key: Key, *, by: Party) -> None:
    set_for_deletion(key, by=by, person=by.id)


@pytest.fixture
def key(instance: ResourceInstance) -> Key:
    return make_key(instance, policies=DUAL)


def test_one_person_alone_does_not_delete_the_key(key: Key) -> None:
    with pytest.raises(errors.AuthorizationsNotMet, match=r"1 prior authorization\(s\) are required for deletion"):
        delete_key(key, by=ALICE)
    authorize(key, by=ALICE)
    with pytest.raises(errors.AuthorizationsNotMet, match="Ask another identity to delete"):
        delete_key(key, by=ALICE)
    assert read(key).state == State.ACTIVE


def test_another_person_deletes_what_one_authorized(key: Key) -> None:
    authorize(key, by=ALICE)
    assert read(key).state == State.ACTIVE
    delete_key(key, by=BOB)
    assert (read(key).state, read(key).set_for_deletion_by) == (State.DESTROYED, "")
    assert actions()[-2:] == ["kms.secrets.setkeyfordeletion", "kms.secrets.delete"]


def test_an_authorization_holds_for_seven_days(key: Key, turned: TurnedClock) -> None:
    authorize(key, by=ALICE)
    turned.turn(days=7)
    with pytest.raises(errors.AuthorizationsNotMet):
        delete_key(key, by=BOB)
    authorize(key, by=ALICE)
    turned.turn(days=6, hours=23)
    delete_key(key, by=BOB)


def test_an_authorization_that_was_taken_back_does_not_count(key: Key) -> None:
    authorize(key, by=ALICE)
    unset_for_deletion(key, by=BOB)
    with pytest.raises(errors.AuthorizationsNotMet):
        delete_key(key, by=BOB)
    unset_for_deletion(key, by=BOB)


def test_a_person_in_the_role_of_a_profile_remains_the_same_person(key: Key) -> None:
    profile = Party("iam-Profile-99999999-9999-4999-8999-999999999999", "operators", "Profile")
    set_for_deletion(key, by=profile, person=ALICE.id)
    with pytest.raises(errors.AuthorizationsNotMet):
        delete_key(key, by=ALICE, person=ALICE.id)
    authorize(key, by=ALICE)
    with pytest.raises(errors.AuthorizationsNotMet):
        delete_key(key, by=profile, person=ALICE.id)
    delete_key(key, by=profile, person=BOB.id)


def test_the_last_authorization_counts(key: Key) -> None:
    authorize(key, by=ALICE)
    authorize(key, by=BOB)
    delete_key(key, by=ALICE)


def test_a_restored_key_needs_two_people_again(key: Key, turned: TurnedClock) -> None:
    authorize(key, by=ALICE)
    delete_key(key, by=BOB)
    turned.turn(seconds=30)
    restore_key(key, by=ALICE)
    with pytest.raises(errors.AuthorizationsNotMet):
        delete_key(key, by=BOB)


@pytest.mark.parametrize("change", [authorize, unset_for_deletion])
def test_a_key_without_the_policy_is_not_authorized(instance: ResourceInstance, change: Any) -> None:
    key = make_key(instance, policies=[KeyPolicySetting(DUAL_AUTH_DELETE, enabled=False)])
    with pytest.raises(errors.NotDualAuthorized):
        change(key, by=ALICE)
    delete_key(key, by=ALICE)


@pytest.mark.parametrize("change", [authorize, unset_for_deletion])
def test_only_an_active_key_is_authorized(key: Key, change: Any) -> None:
    disable_key(key, by=ALICE)
    with pytest.raises(errors.InvalidState, match="To authorize the deletion of it, its state must be 1"):
        change(key, by=ALICE)


def test_a_key_says_whether_and_until_when_its_deletion_is_authorized(
    alice: KeyProtect, key: Key, turned: TurnedClock
) -> None:
    def shown() -> Any:
        return alice.get(f"/keys/{key.identifier}/metadata")["resources"][0]["dualAuthDelete"]

    assert shown() == {"enabled": True, "keySetForDeletion": False}
    answered(alice.act(key.identifier, "setKeyForDeletion", b"null"), 204)
    assert shown() == {"enabled": True, "keySetForDeletion": True, "authExpiration": "2026-12-08T12:00:00Z"}
    turned.turn(days=7)
    assert shown() == {"enabled": True, "keySetForDeletion": False}


def test_two_identities_delete_a_key_over_the_api(iam: World, alice: KeyProtect, key: Key) -> None:
    grant(iam, VICTOR, "Manager")
    victor = KeyProtect(key.instance.guid, VICTOR)
    answered(victor.act(key.identifier, "setKeyForDeletion"), 204)
    refusal = victor("DELETE", f"/keys/{key.identifier}")
    assert refused(refusal) == (409, "AUTHORIZATIONS_NOT_MET")
    answered(alice("DELETE", f"/keys/{key.identifier}"), 204)


def test_the_refusal_says_what_to_do(alice: KeyProtect, key: Key) -> None:
    reason = reason_of(alice("DELETE", f"/keys/{key.identifier}"))
    assert f"/api/v2/keys/{key.identifier}/actions/setKeyForDeletion" in reason["message"]
