"""Find keys and their versions, by the deployment's clock. On both databases."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import KeyVersion
from controlplane.keyprotect.selectors import find_key, keys_of, versions_of
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.states import PURGED_AFTER, State
from tests.instances import store_instance
from tests.keyprotect.made import ALICE, TurnedClock, make_key, read
from tests.keyprotect.stored import DAY, NOW, identifier, store_key
from tests.on_both import db, shared_database

__all__ = ["db", "shared_database"]

MOMENT = timedelta(microseconds=1)


def names(instance: ResourceInstance, **more: Any) -> list[str]:
    return [key.name for key in keys_of(instance, **{"now": NOW, **more}).order_by("name")]


def test_an_instance_has_its_own_keys_only(instance: ResourceInstance) -> None:
    store_key(instance, name="own")
    store_key(store_instance(guid=identifier(2), service="kms"), name="of another")
    assert names(instance) == ["own"]


@pytest.mark.parametrize(("age", "is_there"), [(PURGED_AFTER - MOMENT, True), (PURGED_AFTER, False)])
def test_a_key_is_purged_90_days_after_it_was_destroyed(
    instance: ResourceInstance, age: timedelta, is_there: bool
) -> None:
    store_key(instance, name="destroyed", state=State.DESTROYED, deleted_at=NOW - age)
    assert names(instance) == (["destroyed"] if is_there else [])


def test_a_key_destroyed_after_now_is_there_because_the_clock_was_moved_back(instance: ResourceInstance) -> None:
    store_key(instance, name="destroyed", state=State.DESTROYED, deleted_at=NOW + 2 * PURGED_AFTER)
    assert names(instance) == ["destroyed"]


def test_a_restored_key_is_not_purged(instance: ResourceInstance) -> None:
    store_key(instance, name="restored", state=State.ACTIVE, deleted_at=NOW - 2 * PURGED_AFTER)
    assert names(instance) == ["restored"]


DATES = {"none": None, "past": NOW - MOMENT, "now": NOW, "later": NOW + MOMENT}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("expiration", DATES)
def test_the_state_now_is_that_of_the_rule(instance: ResourceInstance, state: State, expiration: str) -> None:
    store_key(instance, state=state, expires_at=DATES[expiration], deleted_at=NOW if state == 5 else None)
    key: Any = keys_of(instance, now=NOW).get()
    assert key.state_now is key.state_at(NOW)


def test_the_state_now_follows_a_clock_that_is_moved_back(instance: ResourceInstance) -> None:
    store_key(instance, expires_at=NOW)
    states = [keys_of(instance, now=now).values_list("state_now", flat=True).get() for now in (NOW, NOW - DAY)]
    assert states == [State.DEACTIVATED, State.ACTIVE]


def test_the_instance_and_the_ring_of_a_key_cost_no_query(instance: ResourceInstance) -> None:
    store_key(instance, ring="team-a")
    key = keys_of(instance, now=NOW).get()
    with CaptureQueriesContext(connection) as queries:
        assert (key.instance.guid, key.ring_name) == (instance.guid, "team-a")
    assert len(queries) == 0


@pytest.mark.parametrize("word", [identifier(0xAB), identifier(0xAB).upper(), "db"])
def test_a_key_is_looked_up_by_its_id_in_any_case_or_by_an_alias(instance: ResourceInstance, word: str) -> None:
    key = store_key(instance, identifier=identifier(0xAB), aliases=("db", "other"))
    store_key(instance, aliases=("second",))
    assert find_key(instance, word, now=NOW) == key


@pytest.mark.parametrize("word", ["DB", "d", "db,", "d%", "d_", "", " db", "a key", identifier(9), "ü", "x" * 10_000])
def test_another_word_is_no_key(instance: ResourceInstance, word: str) -> None:
    store_key(instance, aliases=("db",))
    assert find_key(instance, word, now=NOW) is None


@pytest.mark.parametrize("word", [identifier(1), "db"])
def test_a_key_of_another_instance_is_no_key(instance: ResourceInstance, word: str) -> None:
    store_key(store_instance(guid=identifier(2), service="kms"), identifier=identifier(1), aliases=("db",))
    assert find_key(instance, word, now=NOW) is None


def test_two_instances_have_a_key_each_with_the_same_alias(instance: ResourceInstance) -> None:
    own = store_key(instance, aliases=("db",))
    store_key(store_instance(guid=identifier(2), service="kms"), aliases=("db",))
    assert find_key(instance, "db", now=NOW) == own


@pytest.mark.parametrize("word", [identifier(1), "db"])
def test_a_purged_key_is_no_key(instance: ResourceInstance, word: str) -> None:
    purged_columns = {"state": State.DESTROYED, "deleted_at": NOW - PURGED_AFTER}
    store_key(instance, identifier=identifier(1), aliases=("db",), **purged_columns)
    assert find_key(instance, word, now=NOW) is None


def test_a_destroyed_key_is_still_a_key(instance: ResourceInstance) -> None:
    key = store_key(instance, aliases=("db",), state=State.DESTROYED, deleted_at=NOW)
    assert find_key(instance, "db", now=NOW) == key


@pytest.mark.parametrize("word", [identifier(1), "db", "nothing"])
def test_to_look_up_a_key_costs_one_query(instance: ResourceInstance, word: str) -> None:
    store_key(instance, identifier=identifier(1), aliases=("db", "other"), ring="team-a")
    with CaptureQueriesContext(connection) as queries:
        find_key(instance, word, now=NOW)
    assert len(queries) == 1


def test_the_latest_version_comes_first(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    for _ in range(2):
        turned.turn(hours=2)
        rotate_key(key, material=None, by=ALICE)
    versions = list(versions_of(key))
    assert [version.number for version in versions] == [3, 2, 1]
    assert (versions[0].identifier, versions[-1].identifier) == (read(key).version, key.identifier)


def test_a_key_has_no_versions_of_another(instance: ResourceInstance) -> None:
    key = make_key(instance)
    make_key(instance)
    assert [version.identifier for version in versions_of(key)] == [key.identifier]


@pytest.mark.parametrize("rotations", [0, 1, 2])
def test_the_columns_of_a_key_describe_its_current_version(
    instance: ResourceInstance, turned: TurnedClock, rotations: int
) -> None:
    """Lists answer with the columns, so that a version costs no query."""
    key = make_key(instance)
    for _ in range(rotations):
        turned.turn(hours=2)
        rotate_key(key, material=None, by=ALICE)
    row = read(key)
    version = versions_of(row)[0]
    assert (row.version, row.rotated_at or row.created_at) == (version.identifier, version.created_at)


def test_versions_are_read_without_their_material(instance: ResourceInstance) -> None:
    key = make_key(instance)
    secret = {"ciphertext", "nonce"}
    assert secret <= {field.name for field in KeyVersion._meta.concrete_fields}
    assert all(secret <= version.get_deferred_fields() for version in versions_of(key))
