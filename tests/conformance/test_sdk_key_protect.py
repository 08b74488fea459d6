"""IBM's Key Protect clients in three languages: a root key, a data key under it, policies, and import tokens."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.sdks import LANGUAGES, Refused, Sdk
from tests.conformance.test_sdk_cores import as_the_owner
from tests.live.key_protect import seeded_instance
from tests.live.product import Product
from tests.live.service_instances import instances_of

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.parametrize("sdk", LANGUAGES[:3], indirect=True, ids=lambda language: language.name),
]

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(sdk: Sdk, product: Product) -> Call:
    """Calls a method of the client as the account owner, about the instance that the deployment began with."""
    properties = as_the_owner(product) | {"URL": product.info["control_plane_url"]}
    instance = seeded_instance(product)
    return lambda method, **details: sdk.ask(
        "key_protect", properties, call={"instance": instance, "method": method, **details}
    )


@pytest.fixture
def key(call: Call) -> str:
    """Id of a new root key."""
    return str(call("create", name=f"k-{uuid.uuid4().hex}")["key"]["id"])


@pytest.fixture
def own_instance(product: Product) -> str:
    """GUID of an instance without keys, policies and import tokens."""
    return str(instances_of(product)("kms", "us-south")["guid"])


@pytest.mark.operation("Key Protect: create, get and list a root key")
def test_a_new_key_is_read_back_and_listed(call: Call) -> None:
    name = f"k-{uuid.uuid4().hex}"
    key = call("create", name=name)["key"]["id"]
    assert call("get", key=key)["key"]["name"] == name
    assert key in call("list")["ids"]


@pytest.mark.operation("Key Protect: wrap and unwrap a data key")
def test_a_new_data_key_is_unwrapped_again(call: Call, key: str) -> None:
    wrapped = call("wrap", key=key)
    assert len(base64.b64decode(wrapped["plaintext"], validate=True)) == 32
    assert wrapped["version"] == key
    unwrapped = call("unwrap", key=key, ciphertext=wrapped["ciphertext"])
    assert unwrapped == {"plaintext": wrapped["plaintext"], "rewrapped": ""}


@pytest.mark.operation("Key Protect: rotate a root key and list its versions")
def test_a_rotated_key_has_two_versions_and_its_data_key_comes_back_rewrapped(call: Call, key: str) -> None:
    wrapped = call("wrap", key=key)
    call("rotate", key=key)
    newest, first = call("versions", key=key)["ids"]
    assert first == key != newest
    unwrapped = call("unwrap", key=key, ciphertext=wrapped["ciphertext"])
    assert unwrapped["plaintext"] == wrapped["plaintext"]
    assert unwrapped["rewrapped"] not in ("", wrapped["ciphertext"])


@pytest.mark.operation("Key Protect: disable a root key")
def test_a_disabled_key_wraps_nothing(call: Call, key: str) -> None:
    call("disable", key=key)
    with pytest.raises(Refused) as error:
        call("wrap", key=key)
    assert error.value.status == 409


@pytest.mark.operation("Key Protect: set and get the rotation policy of a key")
def test_the_rotation_policy_of_a_key_is_read_back(call: Call, key: str) -> None:
    assert call("rotation_policy", key=key)["policy"] is None
    stored = call("set_rotation_policy", key=key, months=3)["policy"]
    assert stored["rotation"] == {"enabled": True, "interval_month": 3}
    assert call("rotation_policy", key=key)["policy"] == stored


@pytest.mark.operation("Key Protect: set and get the rotation policy of an instance")
def test_keys_get_the_rotation_policy_that_their_instance_has(call: Call, own_instance: str) -> None:
    call("set_instance_rotation_policy", instance=own_instance, enabled=True, months=4)
    policy = call("instance_rotation_policy", instance=own_instance)["policy"]
    assert policy["policy_data"] == {"enabled": True, "attributes": {"interval_month": 4}}
    key = call("create", instance=own_instance, name="rotated")["key"]["id"]
    policy = call("rotation_policy", instance=own_instance, key=key)["policy"]
    assert policy["rotation"] == {"enabled": True, "interval_month": 4}


@pytest.mark.operation("Key Protect: create and read an import token")
def test_an_import_token_is_read_as_often_as_it_was_created_for(call: Call, own_instance: str) -> None:
    created = call("create_import_token", instance=own_instance, seconds=300, reads=1)["token"]
    assert (created["maxAllowedRetrievals"], created["remainingRetrievals"]) == (1, 1)
    token = call("import_token", instance=own_instance)["token"]
    assert b"BEGIN PUBLIC KEY" in base64.b64decode(token["payload"], validate=True)
    assert len(base64.b64decode(token["nonce"], validate=True)) == 12
    with pytest.raises(Refused) as error:
        call("import_token", instance=own_instance)
    assert error.value.status == 409


@pytest.mark.operation("Key Protect: delete a root key")
@pytest.mark.parametrize("minimal", [False, True])
def test_a_deleted_key_is_answered_as_destroyed_or_not_at_all(call: Call, key: str, minimal: bool) -> None:
    deleted = call("delete", key=key, minimal=minimal)["key"]
    assert deleted is None if minimal else deleted["state"] == 5
    assert call("get", key=key)["key"]["state"] == 5


@pytest.mark.operation("Key Protect: status of a refusal")
def test_a_refusal_has_its_status(call: Call) -> None:
    with pytest.raises(Refused) as error:
        call("get", key=str(uuid.uuid4()))
    assert error.value.status == 404


@pytest.mark.operation("Key Protect: unknown instance, refused")
def test_an_unknown_instance_is_refused(call: Call, key: str) -> None:
    with pytest.raises(Refused) as error:
        call("wrap", key=key, instance=str(uuid.uuid4()))
    assert error.value.status == 401
