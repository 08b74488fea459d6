"""IBM's Key Protect clients in three languages: a root key, and a data key under it."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.sdks import LANGUAGES, Refused, Sdk
from tests.conformance.test_sdk_cores import as_the_owner
from tests.live.key_protect import seeded_instance
from tests.live.product import Product

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
