"""The life of a key with IBM's Key Protect client for Go, on a product whose clock is turned between its calls.

The steps and what must come back are those of section 8.2 of the Key Protect contract.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conformance.sdks import LANGUAGES, Refused, Sdk
from tests.conformance.test_sdk_cores import as_the_owner
from tests.live.key_protect import KEY_PURGE, advanced, grant_on_instance, iam_id_of, seeded_instance
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.live.turning import token_of_the_owner

pytestmark = pytest.mark.conformance

GO = [each for each in LANGUAGES if each.name == "Go"]
WAIT = {"seconds": 31}


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Product:
    """A product of its own: moving its clock affects every test that uses it."""
    instance = new_product(settings={"BAREMINT_WORKERS": "1"})
    instance.start()
    return instance


class GoClient:
    """IBM's Go client, as the account owner unless another API key is given, and about the instance that every
    deployment begins with unless another is. Each call gets a client, and with it a token of the time that is."""

    def __init__(self, sdk: Sdk, product: Product, *, instance: str = "", api_key: str = "") -> None:
        self._sdk, self._product = sdk, product
        self._instance = instance or seeded_instance(product)
        self._properties = as_the_owner(product) | {"URL": product.info["control_plane_url"]}
        if api_key:
            self._properties["APIKEY"] = api_key

    def __call__(self, method: str, key: str = "", **details: Any) -> Any:
        """What the method returned: the key, where it returns one. Raises Refused."""
        call = {"instance": self._instance, "method": method, "key": key, **details}
        answer = self._sdk.ask("key_protect", self._properties, call=call)
        return answer["key"] if set(answer) == {"key"} else answer

    def grant_purge(self) -> None:
        owner = iam_id_of(token_of_the_owner(self._product))
        grant_on_instance(Operator(self._product.info), owner, KEY_PURGE, self._instance)


@contextmanager
def refused(status: int, words: str) -> Iterator[None]:
    """The client refuses with this status, and its error has these words."""
    with pytest.raises(Refused, match=words) as error:
        yield
    assert error.value.status == status


@pytest.mark.operation("Key Protect: the life of a key, with its ring and its alias", elsewhere="not tried")
@pytest.mark.parametrize("sdk", GO, indirect=True, ids=lambda language: language.name)
def test_a_key_lives_from_its_ring_to_its_purge(sdk: Sdk, product: Product) -> None:
    go = GoClient(sdk, product)

    go("create_ring", name="team-a")
    key = go("create", name="root", aliases=["db"], ring="team-a")["id"]
    content = go("get", "db")
    assert (content["id"], content["keyRingID"]) == (key, "team-a")
    with refused(409, "KEY_ALIAS_NOT_UNIQUE_ERR"):
        go("create_alias", key, alias="db")

    wrapped = go("wrap", key)
    assert go("unwrap", "db", ciphertext=wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]

    go("rotate", key)
    with refused(409, "KEY_ROTATION_NOT_PERMITTED"):
        go("rotate", key)

    go("disable", key)
    with refused(409, "KEY_ACTION_INVALID_STATE_ERR"):
        go("wrap", key)
    with refused(409, "REQ_TOO_EARLY_ERR"):
        go("enable", key)
    advanced(product, **WAIT)
    go("enable", key)

    assert go("list", search="db")["ids"] == [key]
    assert go("set_ring", key, name="default")["keyRingID"] == "default"

    assert go("delete", key, minimal=True) is None
    with refused(410, "KEY_DELETED_ERR"):
        go("delete", key, minimal=True)
    assert go("get", key)["state"] == 5
    go("delete_ring", name="team-a")

    advanced(product, **WAIT)
    assert go("restore", key)["state"] == 1

    go("delete", key)
    advanced(product, hours=4, seconds=1)
    with refused(401, "KeyPurge"):
        go("purge", key)
    go.grant_purge()
    assert go("purge", key)["id"] == key
    with refused(404, "KEY_NOT_FOUND_ERR"):
        go("get", key)


@pytest.mark.operation("Key Protect: a data key of an older version comes back rewrapped", elsewhere="not tried")
@pytest.mark.parametrize("sdk", GO, indirect=True, ids=lambda language: language.name)
def test_a_data_key_of_an_older_version_comes_back_rewrapped(sdk: Sdk, product: Product) -> None:
    go = GoClient(sdk, product)
    key = go("create", name="rotated")["id"]
    wrapped = go("wrap", key)
    go("rotate", key)
    unwrapped = go("unwrap", key, ciphertext=wrapped["ciphertext"])
    assert unwrapped["plaintext"] == wrapped["plaintext"]
    assert go("unwrap", key, ciphertext=unwrapped["rewrapped"]) == {"plaintext": wrapped["plaintext"], "rewrapped": ""}


@pytest.mark.operation("Key Protect: a key is created and found in the ring of the client", elsewhere="not tried")
@pytest.mark.parametrize("sdk", GO, indirect=True, ids=lambda language: language.name)
def test_a_client_with_a_ring_creates_and_finds_keys_in_that_ring_alone(sdk: Sdk, product: Product) -> None:
    go = GoClient(sdk, product)
    go("create_ring", name="team-b", ring="team-b")
    key = go("create", name="of team b", ring="team-b")["id"]
    other = go("create", name="of no team")["id"]
    assert go("list", ring="team-b")["ids"] == [key]
    with refused(404, "KEY_NOT_FOUND_ERR"):
        go("get", other, ring="team-b")
    with refused(409, "KEY_RING_NOT_EMPTY_ERR"):
        go("delete_ring", name="team-b", ring="team-b")
