"""Wrap, unwrap and rewrap with the versions of a root key."""

import base64
import json
import os

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect import errors
from controlplane.keyprotect.material import Material
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.services.data_keys import rewrap, unwrap, wrap
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import delete_key, disable_key
from controlplane.sealing.keks import unseal
from tests.keyprotect.made import ALICE, TurnedClock, make_key, read


def plaintext_of(key: Key, ciphertext: str, *aad: str) -> bytes:
    return unwrap(key, ciphertext=ciphertext, aad=aad).plaintext


def latest(key: Key) -> str:
    return key.versions.order_by("-number")[0].identifier


def with_handle(ciphertext: str, handle: str) -> str:
    content = json.loads(base64.b64decode(ciphertext)) | {"handle": handle}
    return base64.b64encode(json.dumps(content).encode()).decode()


def test_a_data_key_of_32_bytes_is_made_where_none_is_sent(instance: ResourceInstance) -> None:
    key = make_key(instance)
    wrapped = wrap(key, plaintext=None, aad=())
    assert wrapped.new_plaintext is not None
    assert len(wrapped.new_plaintext) == 32
    assert plaintext_of(key, wrapped.ciphertext) == wrapped.new_plaintext
    assert wrapped.version == key.identifier


def test_what_the_latest_version_wrapped_is_not_rewrapped(instance: ResourceInstance) -> None:
    key = make_key(instance)
    wrapped = wrap(key, plaintext=b"data", aad=["vol-1"])
    data_key = unwrap(key, ciphertext=wrapped.ciphertext, aad=["vol-1"])
    assert (data_key.plaintext, data_key.version, data_key.rewrapped) == (b"data", key.identifier, None)
    assert wrapped.new_plaintext is None


def test_what_a_version_before_wrapped_is_unwrapped_and_rewrapped(instance: ResourceInstance) -> None:
    key = make_key(instance)
    wrapped = wrap(key, plaintext=b"data", aad=["vol-1"])
    rotate_key(key, material=None, by=ALICE)
    key = read(key)
    data_key = unwrap(key, ciphertext=wrapped.ciphertext, aad=["vol-1"])
    assert (data_key.plaintext, data_key.version) == (b"data", key.identifier)
    assert data_key.rewrapped is not None
    assert data_key.rewrapped.version == latest(key) != key.identifier
    assert plaintext_of(key, data_key.rewrapped.ciphertext, "vol-1") == b"data"


def test_rewrap_answers_with_the_latest_version_also_without_a_rotation(instance: ResourceInstance) -> None:
    key = make_key(instance)
    version, again = rewrap(key, ciphertext=wrap(key, plaintext=b"data", aad=()).ciphertext, aad=())
    assert version == again.version == key.identifier
    assert plaintext_of(key, again.ciphertext) == b"data"


def test_all_versions_unwrap_for_the_life_of_the_key(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance)
    ciphertexts = []
    for number in range(4):
        ciphertexts.append(wrap(key, plaintext=bytes([number]), aad=()).ciphertext)
        turned.turn(hours=1)
        rotate_key(key, material=None, by=ALICE)
        key = read(key)
    assert [plaintext_of(key, each) for each in ciphertexts] == [b"\0", b"\1", b"\2", b"\3"]


def test_keys_with_the_same_material_unwrap_what_the_other_wrapped(instance: ResourceInstance) -> None:
    material = os.urandom(32)
    one, other = (make_key(instance, material=Material(material)) for _ in range(2))
    assert plaintext_of(other, wrap(one, plaintext=b"data", aad=()).ciphertext) == b"data"


def test_a_version_of_another_key_is_never_used(instance: ResourceInstance) -> None:
    one, other = make_key(instance), make_key(instance)
    ciphertext = wrap(one, plaintext=b"data", aad=()).ciphertext
    for text in (ciphertext, with_handle(ciphertext, other.identifier), with_handle(ciphertext, "none")):
        with pytest.raises(errors.InvalidField) as refusal:
            plaintext_of(other, text)
        assert "the original base64 encoded ciphertext" in refusal.value.message
        assert refusal.value.target == errors.field("ciphertext")


@pytest.mark.parametrize("handle", ["another", "", "a\0b", "00000000-0000-4000-8000-000000000009"])
def test_a_handle_that_names_no_version_does_no_harm(instance: ResourceInstance, handle: str) -> None:
    key = make_key(instance)
    ciphertext = with_handle(wrap(key, plaintext=b"data", aad=()).ciphertext, handle)
    assert plaintext_of(key, ciphertext) == b"data"


@pytest.mark.parametrize("aad", [(), ("vol-2",), ("vol-1", "")])
def test_what_was_wrapped_with_aad_is_unwrapped_with_the_same_only(
    instance: ResourceInstance, aad: tuple[str, ...]
) -> None:
    key = make_key(instance)
    ciphertext = wrap(key, plaintext=b"data", aad=["vol-1"]).ciphertext
    with pytest.raises(errors.InvalidField):
        plaintext_of(key, ciphertext, *aad)


def test_bad_base64_is_refused_with_its_position(instance: ResourceInstance) -> None:
    with pytest.raises(errors.InvalidField, match="illegal base64 data at input byte 2"):
        plaintext_of(make_key(instance), "AA%A")


@pytest.mark.parametrize("state", ["suspended", "destroyed"])
def test_a_key_that_is_suspended_or_destroyed_does_nothing(instance: ResourceInstance, state: str) -> None:
    key = make_key(instance)
    ciphertext = wrap(key, plaintext=b"data", aad=()).ciphertext
    (disable_key if state == "suspended" else delete_key)(key, by=ALICE)
    key = read(key)
    for operation in (
        lambda: wrap(key, plaintext=None, aad=()),
        lambda: unwrap(key, ciphertext=ciphertext, aad=()),
        lambda: rewrap(key, ciphertext=ciphertext, aad=()),
    ):
        with pytest.raises(errors.InvalidState):
            operation()


def test_a_deactivated_key_unwraps_and_does_not_wrap(instance: ResourceInstance, turned: TurnedClock) -> None:
    key = make_key(instance, expires_at=turned.turn(hours=1))
    turned.turn(hours=-1)
    ciphertext = wrap(key, plaintext=b"data", aad=()).ciphertext
    turned.turn(hours=1)
    assert plaintext_of(key, ciphertext) == b"data"
    with pytest.raises(errors.InvalidState):
        wrap(key, plaintext=b"data", aad=())


def test_a_standard_key_wraps_nothing(instance: ResourceInstance) -> None:
    key = make_key(instance, extractable=True)
    with pytest.raises(errors.RootKeyRequired):
        wrap(key, plaintext=None, aad=())


def test_a_traceback_shows_no_secret_of_a_result(instance: ResourceInstance) -> None:
    key = make_key(instance)
    wrapped = wrap(key, plaintext=None, aad=())
    data_key = unwrap(key, ciphertext=wrapped.ciphertext, aad=())
    assert wrapped.ciphertext not in repr(wrapped)
    assert repr(wrapped.new_plaintext) not in repr(wrapped) + repr(data_key)
    assert repr(unseal(key.versions.get())) not in repr(data_key)
