"""Disable, enable, delete, restore and purge keys, by the deployment's clock."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import ApiError
from controlplane.keyprotect import errors
from controlplane.keyprotect.models import Key, KeyVersion
from controlplane.keyprotect.services.aliases import create_alias
from controlplane.keyprotect.services.due_changes import due_at, run_due
from controlplane.keyprotect.services.key_rings import create_ring
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import (
    delete_key,
    disable_key,
    enable_key,
    move_key,
    purge_key,
    restore_key,
)
from controlplane.keyprotect.states import State
from tests.keyprotect.made import ALICE, BOB, TurnedClock, actions, make_key, read

STEPS: dict[str, Callable[..., Any]] = {
    "disable": disable_key,
    "enable": enable_key,
    "delete": delete_key,
    "restore": restore_key,
    "purge": purge_key,
    "rotate": lambda key, by: rotate_key(key, material=None, by=by),
    "move": lambda key, by: move_key(key, ring="default", by=by),
    "alias": lambda key, by: create_alias(key, f"a-{uuid.uuid4().hex[:8]}", by=by),
}
SUSPENDED = errors.InvalidState


def attempt(step: str, key: Key) -> str:
    """The code of the refusal; empty for a step that was taken."""
    try:
        STEPS[step](key, by=BOB)
    except ApiError as refusal:
        return refusal.code
    return ""


def deactivated(instance: ResourceInstance, turned: TurnedClock) -> Key:
    key = make_key(instance, expires_at=turned.now + timedelta(hours=1))
    turned.turn(hours=1)
    return key


INVALID = "KEY_ACTION_INVALID_STATE_ERR"
TABLE = {
    "disable": ("", INVALID, INVALID, INVALID),
    "enable": (INVALID, "", INVALID, INVALID),
    "delete": ("", "", "", "KEY_DELETED_ERR"),
    "restore": (INVALID, INVALID, INVALID, ""),
    "purge": (INVALID, INVALID, INVALID, ""),
    "rotate": ("", INVALID, "", INVALID),
    "move": ("", "", "", INVALID),
    "alias": ("", "", "", INVALID),
}
"""Contract section 2.7: active, suspended, deactivated, destroyed."""


@pytest.mark.parametrize("step", TABLE)
@pytest.mark.parametrize("state", State)
def test_each_step_is_possible_in_the_states_of_the_table(
    instance: ResourceInstance, turned: TurnedClock, step: str, state: State
) -> None:
    key = deactivated(instance, turned) if state == State.DEACTIVATED else make_key(instance)
    if state == State.SUSPENDED:
        disable_key(key, by=ALICE)
    if state == State.DESTROYED:
        delete_key(key, by=ALICE)
    turned.turn(hours=5)
    assert attempt(step, key) == TABLE[step][list(State).index(state)]


@pytest.mark.parametrize(("before", "step", "seconds"), [("disable", "enable", 30), ("delete", "restore", 30),
                                                         ("delete", "purge", 4 * 3600)])  # fmt: skip
def test_a_step_is_possible_when_its_waiting_time_has_passed(
    instance: ResourceInstance, turned: TurnedClock, before: str, step: str, seconds: int
) -> None:
    key = make_key(instance)
    STEPS[before](key, by=ALICE)
    turned.turn(seconds=seconds - 1)
    assert attempt(step, key) == "REQ_TOO_EARLY_ERR"
    turned.turn(seconds=1)
    assert attempt(step, key) == ""


@pytest.mark.parametrize(("before", "step"), [("disable", "enable"), ("delete", "restore"), ("delete", "purge"),
                                              ("rotate", "rotate")])  # fmt: skip
def test_a_clock_that_goes_back_frees_nothing(
    instance: ResourceInstance, turned: TurnedClock, before: str, step: str
) -> None:
    key = make_key(instance)
    STEPS[before](key, by=ALICE)
    turned.turn(days=-40)
    assert attempt(step, key) in ("REQ_TOO_EARLY_ERR", "KEY_ROTATION_NOT_PERMITTED")


def test_a_key_is_rotated_at_once_after_its_creation_and_then_once_an_hour(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    assert attempt("rotate", key) == ""
    turned.turn(minutes=59, seconds=59)
    assert attempt("rotate", key) == "KEY_ROTATION_NOT_PERMITTED"
    turned.turn(seconds=1)
    assert attempt("rotate", key) == ""


@pytest.mark.parametrize("step", ["disable", "enable", "rotate"])
def test_a_standard_key_is_neither_disabled_nor_enabled_nor_rotated(
    instance: ResourceInstance, turned: TurnedClock, step: str
) -> None:
    assert attempt(step, make_key(instance, extractable=True)) == "KEY_ROOT_REQ_ERR"


def test_a_restored_key_has_its_aliases_its_ring_and_its_versions(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    create_ring(instance, "team-a", by=ALICE)
    key = make_key(instance, ring="team-a", aliases=["db"])
    rotate_key(key, material=None, by=ALICE)
    delete_key(key, by=ALICE)
    turned.turn(seconds=30)
    restored = restore_key(key, by=ALICE)
    assert (restored.state, restored.ring_name, restored.deleted_at, restored.deleted_by) == (1, "team-a", None, "")
    assert [each.name for each in restored.aliases.all()] == ["db"]
    assert restored.versions.count() == 2


def test_a_suspended_key_that_was_deleted_is_restored_as_active(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    disable_key(key, by=ALICE)
    delete_key(key, by=ALICE)
    turned.turn(seconds=30)
    assert restore_key(key, by=ALICE).state == State.ACTIVE


def test_a_key_is_restored_within_thirty_days(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    delete_key(key, by=ALICE)
    turned.turn(days=30)
    assert attempt("restore", key) == "KEY_RESTORE_EXPIRED"
    turned.turn(seconds=-1)
    assert attempt("restore", key) == ""


def test_a_key_that_has_expired_is_not_restored(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = deactivated(instance, turned)
    delete_key(key, by=ALICE)
    turned.turn(seconds=30)
    with pytest.raises(errors.KeyExpired, match="expired on 2026-12-01T13:00:00Z"):
        restore_key(key, by=ALICE)


def test_rotation_does_not_renew_the_expiration_date(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = deactivated(instance, turned)
    rotate_key(key, material=None, by=ALICE)
    assert read(key).state_at(turned.now) == State.DEACTIVATED


def test_a_purged_key_is_gone_with_its_material(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance, aliases=["db"])
    delete_key(key, by=ALICE)
    turned.turn(hours=4)
    purge_key(key, by=ALICE)
    assert not Key.objects.exists()
    assert not KeyVersion.objects.exists()
    assert attempt("restore", key) == "KEY_NOT_FOUND_ERR"
    make_key(instance, aliases=["db"])


def test_a_change_of_a_key_in_an_instance_that_was_deleted_is_refused(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = make_key(instance)
    ResourceInstance.objects.update(state=ResourceInstance.State.PENDING_RECLAMATION)
    assert attempt("disable", key) == "UNAUTHORIZED_ERR"
    with pytest.raises(errors.Unauthorized):
        make_key(instance)


def test_a_change_of_a_key_that_was_moved_since_it_was_read_is_refused(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    create_ring(instance, "team-a", by=ALICE)
    key = make_key(instance)
    earlier = read(key)
    move_key(key, ring="team-a", by=ALICE)
    assert attempt("disable", earlier) == "CONFLICT_ERR"


def test_every_change_leaves_one_event_and_no_secret(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    for step in ("rotate", "disable", "enable", "delete", "restore", "delete", "purge"):
        turned.turn(hours=5)
        assert attempt(step, key) == ""
    names = ("create", "rotate", "disable", "enable", "delete", "restore", "delete", "purge")
    assert actions() == [f"kms.secrets.{each}" for each in names]


def test_time_deactivates_and_purges_keys_once(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance, expires_at=turned.now + timedelta(hours=1))
    assert due_at(turned.now) == key.expires_at
    assert run_due(turned.now) == 0
    turned.turn(hours=1)
    assert (run_due(turned.now), run_due(turned.now)) == (1, 0)
    assert read(key).state == State.DEACTIVATED
    delete_key(key, by=ALICE)
    assert due_at(turned.now) == turned.now + timedelta(days=90)
    turned.turn(days=90)
    assert (run_due(turned.now), run_due(turned.now)) == (1, 0)
    assert not Key.objects.exists()
    assert actions()[1:] == ["kms.secrets.expire", "kms.secrets.delete", "kms.secrets.purge"]
    assert due_at(turned.now) is None


def test_a_clock_that_goes_back_does_not_activate_an_expired_key(
    instance: ResourceInstance, turned: TurnedClock
) -> None:
    key = deactivated(instance, turned)
    run_due(turned.now)
    turned.turn(hours=-1)
    assert read(key).state_at(turned.now) == State.DEACTIVATED
