"""``POST /keys/{id}?action=``, which IBM replaced with a path for each action (contract, section 2.1)."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.policies import DUAL_AUTH_DELETE, KeyPolicySetting
from controlplane.keyprotect.services.key_states import delete_key, disable_key
from tests.keyprotect.calls import KeyProtect, answered, grant, reason_of, refused
from tests.keyprotect.made import ALICE, TurnedClock, make_key, read
from tests.keyprotect.test_every_operation import VICTOR
from tests.world import World


@pytest.fixture
def key(instance: ResourceInstance) -> Key:
    return make_key(instance, aliases=["db"], policies=[KeyPolicySetting(DUAL_AUTH_DELETE)])


def act(client: KeyProtect, action: str, body: Any = None, **headers: str | None) -> Any:
    return client("POST", f"/keys/db?action={action}", body, **headers)


def test_a_data_key_is_wrapped_rewrapped_and_unwrapped(alice: KeyProtect, key: Key) -> None:
    wrapped = answered(act(alice, "wrap"), 200)
    again = answered(act(alice, "rewrap", {"ciphertext": wrapped["ciphertext"]}), 200)
    plaintext = answered(act(alice, "unwrap", {"ciphertext": again["ciphertext"]}), 200)["plaintext"]
    assert plaintext == wrapped["plaintext"]


@pytest.mark.parametrize("action", ["disable", "rotate", "setKeyForDeletion", "unsetKeyForDeletion"])
def test_a_change_is_answered_as_at_its_path(alice: KeyProtect, key: Key, action: str) -> None:
    answered(act(alice, action), 204)
    assert ActivityEvent.objects.filter(action=f"kms.secrets.{action.lower()}").count() == 1


def test_a_suspended_key_is_enabled(alice: KeyProtect, key: Key, turned: TurnedClock) -> None:
    disable_key(key, by=ALICE)
    assert refused(act(alice, "enable")) == (409, "REQ_TOO_EARLY_ERR")
    turned.turn(seconds=30)
    answered(act(alice, "enable"), 204)


def test_a_deleted_key_is_restored(alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance, aliases=["db"])
    delete_key(key, by=ALICE)
    turned.turn(seconds=30)
    [body] = answered(act(alice, "restore"), 201)["resources"]
    assert (body["id"], read(key).deleted_at) == (key.identifier, None)


@pytest.mark.parametrize(
    "query", ["", "?action=", "?action=wrap&action=disable", "?action=sync", "?action=purge", "?action=Wrap"]
)
def test_an_action_that_the_old_form_does_not_have_is_refused(alice: KeyProtect, key: Key, query: str) -> None:
    answer = alice("POST", f"/keys/db{query}")
    assert refused(answer) == (400, "INVALID_QUERY_PARAM_ERR")
    assert reason_of(answer)["target"] == {"type": "query_param", "name": "action"}


def test_an_action_needs_the_same_role_as_at_its_path(iam: World, instance: ResourceInstance, key: Key) -> None:
    victor = KeyProtect(instance.guid, VICTOR)
    grant(iam, VICTOR, "Reader")
    answered(act(victor, "wrap"), 200)
    assert refused(act(victor, "rotate")) == (401, "UNAUTHORIZED_ERR")


def test_a_caller_without_a_token_is_refused(alice: KeyProtect, key: Key) -> None:
    assert act(alice, "wrap", Authorization=None).status_code == 401
