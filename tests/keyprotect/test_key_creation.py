"""Create and rotate keys: material, versions, aliases, key rings."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect import errors
from controlplane.keyprotect.material import Material
from controlplane.keyprotect.models import Key, KeyAlias, KeyVersion
from controlplane.keyprotect.services.aliases import create_alias, delete_alias
from controlplane.keyprotect.services.key_rings import create_ring, delete_ring
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import delete_key, move_key
from controlplane.sealing.keks import unseal
from tests.instances import store_instance
from tests.keyprotect.made import ALICE, TurnedClock, actions, make_key, read

MATERIAL = bytes(range(32))


def materials(key: Key) -> list[bytes]:
    return [unseal(each) for each in key.versions.order_by("number")]


def test_the_first_version_has_the_id_of_the_key(instance: ResourceInstance) -> None:
    key = make_key(instance)
    assert [each.identifier for each in key.versions.all()] == [key.identifier]
    assert (len(materials(key)[0]), key.bits, key.imported) == (32, 256, False)


def test_imported_material_is_stored_encrypted(instance: ResourceInstance) -> None:
    key = make_key(instance, material=Material(MATERIAL[:16]))
    assert (materials(key), key.bits, key.imported) == ([MATERIAL[:16]], 128, True)
    row = KeyVersion.objects.get()
    assert MATERIAL[:16] not in bytes(row.ciphertext)


def test_a_generated_key_is_rotated_with_new_material(instance: ResourceInstance) -> None:
    key = make_key(instance)
    rotate_key(key, material=None, by=ALICE)
    first, second = materials(key)
    assert first != second
    assert read(key).rotated_at is not None


def test_an_imported_key_is_rotated_with_the_material_that_is_sent(instance: ResourceInstance) -> None:
    key = make_key(instance, material=Material(MATERIAL))
    with pytest.raises(errors.PayloadRequired):
        rotate_key(key, material=None, by=ALICE)
    rotate_key(key, material=Material(MATERIAL[:24]), by=ALICE)
    assert materials(key) == [MATERIAL, MATERIAL[:24]]
    assert read(key).bits == 192


def test_a_generated_key_takes_no_material(instance: ResourceInstance) -> None:
    key = make_key(instance)
    with pytest.raises(errors.InvalidQuery, match="provided only if key is imported"):
        rotate_key(key, material=Material(MATERIAL), by=ALICE)
    assert len(materials(key)) == 1


def test_the_waiting_time_counts_before_the_material(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    rotate_key(key, material=None, by=ALICE)
    with pytest.raises(errors.RotationNotPermitted):
        rotate_key(key, material=Material(MATERIAL), by=ALICE)


def test_a_key_whose_alias_is_taken_is_not_made(instance: ResourceInstance) -> None:
    make_key(instance, aliases=["db"])
    with pytest.raises(errors.AliasNotUnique):
        make_key(instance, aliases=["other", "db"])
    assert Key.objects.count() == KeyVersion.objects.count() == KeyAlias.objects.count() == 1
    assert actions() == ["kms.secrets.create"]


def test_another_instance_may_have_the_same_alias_and_ring(instance: ResourceInstance) -> None:
    for each in (instance, store_instance(guid="00000000-0000-4000-8000-000000000002", service="kms")):
        create_ring(each, "team-a", by=ALICE)
        make_key(each, aliases=["db"], ring="team-a")


def test_the_alias_of_a_destroyed_key_stays_taken(instance: ResourceInstance) -> None:
    delete_key(make_key(instance, aliases=["db"]), by=ALICE)
    with pytest.raises(errors.AliasNotUnique):
        make_key(instance, aliases=["db"])


def test_a_key_has_at_most_five_aliases(instance: ResourceInstance) -> None:
    key = make_key(instance, aliases=[f"alias-{number}" for number in range(5)])
    with pytest.raises(errors.AliasQuota):
        create_alias(key, "alias-6", by=ALICE)
    delete_alias(key, "alias-0", by=ALICE)
    create_alias(key, "alias-6", by=ALICE)


def test_an_instance_has_at_most_a_thousand_aliases(
    instance: ResourceInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.keyprotect.services.aliases.MOST_OF_INSTANCE", 3)
    make_key(instance, aliases=["one", "two"])
    with pytest.raises(errors.AliasQuota, match="An instance"):
        make_key(instance, aliases=["three", "four"])


def test_the_alias_of_another_key_is_not_deleted(instance: ResourceInstance) -> None:
    make_key(instance, aliases=["db"])
    with pytest.raises(errors.AliasNotFound):
        delete_alias(make_key(instance), "db", by=ALICE)
    assert KeyAlias.objects.count() == 1


def test_a_key_is_made_in_a_ring_that_exists(instance: ResourceInstance) -> None:
    with pytest.raises(errors.KeyRingNotFound):
        make_key(instance, ring="team-a")
    create_ring(instance, "team-a", by=ALICE)
    key = make_key(instance, ring="team-a")
    assert move_key(key, ring="default", by=ALICE).ring_name == "default"


@pytest.mark.parametrize("ring", ["default", "team-a"])
def test_a_ring_that_exists_is_not_created_again(instance: ResourceInstance, ring: str) -> None:
    create_ring(instance, "team-a", by=ALICE)
    with pytest.raises(errors.KeyRingExists):
        create_ring(instance, ring, by=ALICE)


def test_an_instance_has_at_most_fifty_rings(instance: ResourceInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlplane.keyprotect.services.key_rings.MOST_RINGS", 3)
    for ring in ("team-a", "team-b"):
        create_ring(instance, ring, by=ALICE)
    with pytest.raises(errors.KeyRingQuota):
        create_ring(instance, "team-c", by=ALICE)


def test_a_ring_with_keys_is_deleted_by_force_when_they_are_destroyed(instance: ResourceInstance) -> None:
    create_ring(instance, "team-a", by=ALICE)
    key = make_key(instance, ring="team-a")
    with pytest.raises(errors.KeyRingNotEmpty):
        delete_ring(instance, "team-a", force=False, by=ALICE)
    with pytest.raises(errors.KeyRingKeysNotDeleted):
        delete_ring(instance, "team-a", force=True, by=ALICE)
    delete_key(key, by=ALICE)
    with pytest.raises(errors.KeyRingNotEmpty):
        delete_ring(instance, "team-a", force=False, by=ALICE)
    delete_ring(instance, "team-a", force=True, by=ALICE)
    assert read(key).ring_name == "default"


@pytest.mark.parametrize(("ring", "refusal"), [("default", errors.LastingKeyRing), ("other", errors.KeyRingNotFound)])
def test_a_ring_that_lasts_or_does_not_exist_is_not_deleted(
    instance: ResourceInstance, ring: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        delete_ring(instance, ring, force=True, by=ALICE)


def test_events_of_a_key_name_its_instance_ring_and_state(instance: ResourceInstance) -> None:
    key = make_key(instance)
    event = ActivityEvent.objects.get()
    assert (event.target_id, event.target_name) == (key.crn, "a key")
    assert event.data == {"instanceID": instance.guid, "keyRingId": "default", "keyState": 1}
