"""Policies of keys over the API, and what a rotation policy does by the deployment's clock (contract, section 2.5)."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import KeyPolicy
from controlplane.keyprotect.services.due_changes import due_at, run_due
from controlplane.keyprotect.services.key_states import delete_key, disable_key, restore_key
from tests.keyprotect.calls import KeyProtect, answered, grant, new_key, policies, refused
from tests.keyprotect.made import ALICE, TurnedClock, actions, make_key, read
from tests.keyprotect.test_every_operation import VICTOR
from tests.world import World

ROTATION = {"rotation": {"interval_month": 3}}
DUAL_AUTH = {"dualAuthDelete": {"enabled": True}}


@pytest.fixture
def key(instance: ResourceInstance) -> str:
    return make_key(instance, aliases=["db"]).identifier


def put(client: KeyProtect, key: str, *settings: dict[str, Any], query: str = "") -> Any:
    return client("PUT", f"/keys/{key}/policies{query}", policies(*settings))


def set_policies(client: KeyProtect, key: str, *settings: dict[str, Any], query: str = "") -> Any:
    return answered(put(client, key, *settings, query=query), 200)["resources"]


def test_a_new_key_has_no_policy(alice: KeyProtect, key: str) -> None:
    body = alice.get(f"/keys/{key}/policies")
    assert body == {
        "metadata": {"collectionType": "application/vnd.ibm.kms.policy+json", "collectionTotal": 0},
    }
    assert "rotation" not in alice.get(f"/keys/{key}")["resources"][0]


def test_policies_are_answered_with_all_that_terraform_reads(alice: KeyProtect, key: str) -> None:
    both = set_policies(alice, key, ROTATION, DUAL_AUTH)
    assert [each.get("rotation") for each in both] == [{"enabled": True, "interval_month": 3}, None]
    assert both[1]["dualAuthDelete"] == {"enabled": True}
    for each in both:
        assert (each["id"], each["crn"].rpartition(":")[2]) == (key, key)
        assert {"type", "createdBy", "creationDate", "updatedBy", "lastUpdateDate"} <= set(each)


def test_only_the_policies_of_the_request_are_answered_and_all_of_them_read(alice: KeyProtect, key: str) -> None:
    set_policies(alice, key, DUAL_AUTH)
    [rotation] = set_policies(alice, key, ROTATION, query="?policy=rotation")
    assert "rotation" in rotation
    assert len(alice.get(f"/keys/{key}/policies")["resources"]) == 2
    [dual_auth] = alice.get("/keys/db/policies?policy=dualAuthDelete")["resources"]
    assert "dualAuthDelete" in dual_auth


def test_a_rotation_policy_keeps_its_interval_when_it_is_disabled_and_enabled(alice: KeyProtect, key: str) -> None:
    set_policies(alice, key, ROTATION)
    [disabled] = set_policies(alice, key, {"rotation": {"enabled": False}})
    assert disabled["rotation"] == {"enabled": False, "interval_month": 3}
    [enabled] = set_policies(alice, key, {"rotation": {}})
    assert enabled["rotation"] == {"enabled": True, "interval_month": 3}
    [metadata] = alice.get(f"/keys/{key}/metadata")["resources"]
    assert metadata["rotation"] == {"enabled": True, "interval_month": 3}


def test_the_first_rotation_policy_needs_an_interval(alice: KeyProtect, key: str) -> None:
    assert refused(put(alice, key, {"rotation": {"enabled": True}})) == (400, "INVALID_FIELD_ERR")


def test_dual_authorization_is_never_taken_back(alice: KeyProtect, key: str) -> None:
    set_policies(alice, key, {"dualAuthDelete": {"enabled": False}})
    set_policies(alice, key, DUAL_AUTH)
    assert refused(put(alice, key, {"dualAuthDelete": {"enabled": False}})) == (409, "POLICY_CHANGE_ERR")
    assert KeyPolicy.objects.get().enabled


def test_of_two_policies_none_is_set_when_one_cannot_be(alice: KeyProtect, key: str) -> None:
    answer = put(alice, key, DUAL_AUTH, {"rotation": {"enabled": True}})
    assert answer.status_code == 400
    assert not KeyPolicy.objects.exists()


MATERIAL = "A" * 42 + "A="
KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "a standard key": ({"extractable": True}, "KEY_ROOT_REQ_ERR"),
    "an imported key": ({"payload": MATERIAL}, "KEY_GEN_REQ_ERR"),
}


@pytest.mark.parametrize("case", KEYS)
def test_only_a_generated_root_key_has_a_rotation_policy(alice: KeyProtect, case: str) -> None:
    members, code = KEYS[case]
    assert refused(put(alice, alice.create(**members)["id"], ROTATION)) == (400, code)


def test_a_destroyed_key_keeps_its_policies_and_gets_no_other(
    alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    set_policies(alice, key.identifier, ROTATION)
    delete_key(key, by=ALICE)
    assert refused(put(alice, key.identifier, DUAL_AUTH)) == (409, "KEY_ACTION_INVALID_STATE_ERR")
    assert len(alice.get(f"/keys/{key.identifier}/policies")["resources"]) == 1
    turned.turn(seconds=30)
    restore_key(key, by=ALICE)
    assert len(alice.get(f"/keys/{key.identifier}/policies")["resources"]) == 1


def test_the_event_tells_what_was_set(alice: KeyProtect, key: str) -> None:
    set_policies(alice, key, ROTATION)
    event = ActivityEvent.objects.get(action="kms.policies.write")
    assert event.data["policies"] == {"rotation": {"enabled": True, "intervalMonth": 3}}
    assert event.target_id.endswith(f":key:{key}")


TWICE = "?policy=rotation&policy=dualAuthDelete"


@pytest.mark.parametrize("setting", [{}, {"enabled": None}])
def test_dual_authorization_is_enabled_by_those_who_say_so_alone(
    alice: KeyProtect, key: str, setting: dict[str, None]
) -> None:
    """It can never be disabled."""
    assert refused(put(alice, key, {"dualAuthDelete": setting})) == (400, "INVALID_FIELD_ERR")
    assert refused(create_with(alice, dualAuthDelete=setting)) == (400, "INVALID_FIELD_ERR")


@pytest.mark.parametrize(
    ("query", "code"),
    [("?policy=x", "INVALID_QUERY_PARAM_ERR"), (TWICE, "INVALID_QUERY_PARAM_ERR"), ("?policy=", "")],
)
def test_a_query_names_a_kind_of_policy_or_is_empty(alice: KeyProtect, key: str, query: str, code: str) -> None:
    answer = alice("GET", f"/keys/{key}/policies{query}")
    assert refused(answer) == (400, code) if code else answer.status_code == 200


# --- policies instead of those of the instance ------------------------------------------------------------------


def create_with(client: KeyProtect, **members: Any) -> Any:
    return client("POST", "/keys_with_policy_overrides", new_key(**members))


def test_a_key_is_created_with_the_policies_of_the_request(alice: KeyProtect) -> None:
    [key] = answered(create_with(alice, **ROTATION, **DUAL_AUTH), 201)["resources"]
    assert key["rotation"] == {"enabled": True, "interval_month": 3}
    assert key["dualAuthDelete"] == {"enabled": True, "keySetForDeletion": False}


def test_without_policies_in_the_request_it_has_none_whatever_its_instance_says(alice: KeyProtect) -> None:
    policy = {"policy_type": "rotation", "policy_data": {"enabled": True, "attributes": {"interval_month": 1}}}
    answered(alice("PUT", "/instance/policies", policies(policy)), 204)
    [key] = answered(create_with(alice), 201)["resources"]
    assert "rotation" not in key
    assert alice.create()["rotation"] == {"enabled": True, "interval_month": 1}


@pytest.mark.parametrize("case", KEYS)
def test_a_key_that_cannot_have_its_policy_is_not_created(alice: KeyProtect, case: str) -> None:
    members, code = KEYS[case]
    assert refused(create_with(alice, **members, **ROTATION)) == (400, code)
    assert "resources" not in alice.get("/keys")


def test_policies_in_an_ordinary_creation_are_unknown_members(alice: KeyProtect) -> None:
    assert refused(alice("POST", "/keys", new_key(**ROTATION))) == (400, "BAD_BODY_ERR")


def test_only_a_manager_sets_policies_at_creation(iam: World, instance: ResourceInstance) -> None:
    victor = KeyProtect(instance.guid, VICTOR)
    grant(iam, VICTOR, "Writer")
    assert victor("POST", "/keys_with_policy_overrides", policies()).status_code == 401
    victor.create()


# --- rotation by policy -----------------------------------------------------------------------------------------


def test_a_policy_rotates_its_key_when_its_months_are_over(
    alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    set_policies(alice, key.identifier, ROTATION)
    assert due_at(turned.now) == key.created_at + timedelta(days=90)
    turned.turn(days=89)
    assert run_due(turned.now) == 0
    turned.turn(days=1)
    assert run_due(turned.now) == 1
    assert read(key).rotated_at == turned.now
    assert key.versions.count() == 2
    assert actions()[-1] == "kms.secrets.rotate"
    assert run_due(turned.now) == 0


def test_the_time_begins_again_with_a_rotation_by_hand(
    alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    set_policies(alice, key.identifier, ROTATION)
    turned.turn(days=80)
    answered(alice.act(key.identifier, "rotate"), 204)
    turned.turn(days=89)
    assert run_due(turned.now) == 0
    turned.turn(days=1)
    assert run_due(turned.now) == 1


def test_a_long_absence_is_one_rotation(alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    set_policies(alice, key.identifier, {"rotation": {"interval_month": 1}})
    turned.turn(days=365)
    run_due(turned.now)
    run_due(turned.now)
    assert key.versions.count() == 2


def test_a_disabled_policy_and_a_key_that_is_not_active_wait(
    alice: KeyProtect, instance: ResourceInstance, turned: TurnedClock
) -> None:
    suspended, other = make_key(instance), make_key(instance)
    for key in (suspended, other):
        set_policies(alice, key.identifier, ROTATION)
    set_policies(alice, other.identifier, {"rotation": {"enabled": False}})
    disable_key(suspended, by=ALICE)
    turned.turn(days=100)
    assert due_at(turned.now) is None
    assert run_due(turned.now) == 0
    answered(alice.act(suspended.identifier, "enable"), 204)
    assert run_due(turned.now) == 1
