"""Keys of Key Protect that are changed at once: each change happens once, or is refused."""

import base64
import json
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict
from controlplane.keyprotect import errors
from controlplane.keyprotect.models import Key, KeyAlias, KeyRing, KeyVersion
from controlplane.keyprotect.services.aliases import create_alias
from controlplane.keyprotect.services.data_keys import unwrap, wrap
from controlplane.keyprotect.services.due_changes import run_due
from controlplane.keyprotect.services.key_rings import create_ring, delete_ring
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import delete_key, disable_key, move_key
from controlplane.keyprotect.states import State
from controlplane.resourcecontroller.services.changes import delete_instance
from controlplane.sealing import keks
from identity import key_encryption
from identity.services.kek_rotation import rotate_kek
from tests.instances import BY, store_instance
from tests.keyprotect.made import make_key, read

pytestmark = pytest.mark.thorough

ROUNDS = 5
Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def instance(on_postgresql: None) -> ResourceInstance:
    key_encryption.ensure_kek()
    key_encryption.register_kek(now=clock.now())
    return store_instance(guid="00000000-0000-4000-8000-000000000001", service="kms")


def refused(results: list[Any]) -> list[type]:
    return sorted((type(each) for each in results if isinstance(each, Exception)), key=str)


def test_a_wrapped_key_with_text_that_no_column_can_hold_is_unwrapped(instance: ResourceInstance) -> None:
    key = make_key(instance)
    content = json.loads(base64.b64decode(wrap(key, plaintext=b"data", aad=()).ciphertext)) | {"handle": "a\0b"}
    ciphertext = base64.b64encode(json.dumps(content).encode()).decode()
    assert unwrap(key, ciphertext=ciphertext, aad=()).plaintext == b"data"


def test_of_two_rotations_at_once_one_is_refused(instance: ResourceInstance, together: Together) -> None:
    for _ in range(ROUNDS):
        key = make_key(instance)
        results = together([partial(rotate_key, key, material=None, by=BY)] * 3)
        assert refused(results) == [errors.RotationNotPermitted] * 2
        assert key.versions.count() == 2
        assert read(key).version == key.versions.get(number=2).identifier


def test_an_alias_that_is_taken_twice_at_once_is_of_one_key(instance: ResourceInstance, together: Together) -> None:
    for number in range(ROUNDS):
        keys = [make_key(instance) for _ in range(3)]
        results = together([partial(create_alias, key, f"alias-{number}", by=BY) for key in keys])
        assert refused(results) == [errors.AliasNotUnique] * 2


def test_of_two_keys_that_are_created_at_once_with_one_alias_there_is_one(
    instance: ResourceInstance, together: Together
) -> None:
    for number in range(1, ROUNDS + 1):
        results = together([partial(make_key, instance, aliases=[f"alias-{number}"])] * 3)
        assert refused(results) == [errors.AliasNotUnique] * 2
        assert Key.objects.count() == KeyAlias.objects.count() == KeyVersion.objects.count() == number


def test_a_key_that_is_deleted_twice_at_once_is_deleted_once(instance: ResourceInstance, together: Together) -> None:
    for number in range(1, ROUNDS + 1):
        key = make_key(instance)
        results = together([partial(delete_key, key, by=BY)] * 3)
        assert refused(results) == [errors.KeyDeleted] * 2
        assert ActivityEvent.objects.filter(action="kms.secrets.delete").count() == number


def test_a_key_that_is_deleted_and_disabled_at_once_is_destroyed(
    instance: ResourceInstance, together: Together
) -> None:
    for _ in range(ROUNDS):
        key = make_key(instance)
        together([partial(delete_key, key, by=BY), partial(disable_key, key, by=BY)])
        assert read(key).state == State.DESTROYED


def test_a_key_is_created_or_its_instance_is_deleted(instance: ResourceInstance, together: Together) -> None:
    for number in range(ROUNDS):
        other = store_instance(guid=f"00000000-0000-4000-8000-00000000010{number}", service="kms")
        results = together([partial(make_key, other), partial(delete_instance, other, by=BY)])
        assert refused(results) in ([errors.Unauthorized], [Conflict])
        other.refresh_from_db()
        assert (other.state == ResourceInstance.State.ACTIVE) == Key.objects.filter(instance=other).exists()


def test_a_key_is_moved_into_a_ring_or_the_ring_is_deleted(instance: ResourceInstance, together: Together) -> None:
    for number in range(ROUNDS):
        create_ring(instance, f"ring-{number}", by=BY)
        key = make_key(instance)
        results = together(
            [
                partial(move_key, key, ring=f"ring-{number}", by=BY),
                partial(delete_ring, instance, f"ring-{number}", force=False, by=BY),
            ]
        )
        assert refused(results) in ([errors.KeyRingNotFound], [errors.KeyRingNotEmpty])
        assert KeyRing.objects.filter(name=f"ring-{number}").exists() == (read(key).ring is not None)


def test_two_workers_expire_a_key_once(instance: ResourceInstance, together: Together) -> None:
    for number in range(1, ROUNDS + 1):
        make_key(instance, expires_at=clock.now())
        assert sum(together([partial(run_due, clock.now())] * 3)) == 1
        assert ActivityEvent.objects.filter(action="kms.secrets.expire").count() == number


def test_keys_that_are_created_during_a_rotation_of_the_kek_are_under_the_new_one(
    instance: ResourceInstance, together: Together, settings: Any
) -> None:
    keys = [make_key(instance) for _ in range(12)]
    old = settings.HOME.read_secret(keks.KEK_FILE)
    new = base64.b64encode(os.urandom(32)).decode()
    settings.BAREMINT_KEK = [new, old]
    rotation = partial(rotate_kek, now=clock.now(), progress=lambda *_: None)
    creations = [partial(make_key, instance), partial(rotate_key, keys[0], material=None, by=BY)]
    assert refused(together([rotation, rotation])) == []
    assert refused(together([rotation, *creations])) == []
    settings.BAREMINT_KEK = [new]
    assert {each.kek_id for each in KeyVersion.objects.all()} == {keks.first_kek()}
    assert all(keks.unseal(each) for each in KeyVersion.objects.all())
