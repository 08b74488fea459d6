"""Key rings, aliases and the instance around keys, as IBM's Python client and the resource controller's see them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_protect import client_of_the_owner, create_key, new_name, only_key, refusal_of
from tests.live.product import Product
from tests.live.service_instances import client_of, instances_of
from tests.live.turning import token_of_the_owner
from tests.tables import check_each

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def keys(product: Product) -> IbmKeyProtectApiV2:
    return client_of_the_owner(product)


@pytest.fixture
def guid(product: Product) -> str:
    """An instance of the test's own."""
    return str(instances_of(product)("kms", "us-south")["guid"])


@pytest.fixture
def ring(keys: IbmKeyProtectApiV2, guid: str) -> str:
    """Id of a new key ring."""
    keys.create_key_ring("team-a", guid)
    return "team-a"


# --- key rings --------------------------------------------------------------------------------------------------


def test_a_new_ring_is_answered_without_a_body_and_listed_beside_the_default_one(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    response = keys.create_key_ring("team-a", guid)
    assert (response.get_status_code(), response.get_result()) == (201, None)
    rings = {each["id"]: each for each in keys.list_key_rings(guid).get_result()["resources"]}
    assert set(rings) == {"default", "team-a"}
    assert "createdBy" in rings["team-a"]
    assert "createdBy" not in rings["default"]


RING_FAULTS: dict[str, tuple[str, int, str]] = {
    "default": ("default", 409, "KEY_RING_ALREADY_EXISTS_ERR"),
    "taken": ("team-a", 409, "KEY_RING_ALREADY_EXISTS_ERR"),
    "one character": ("t", 400, "INVALID_FIELD_ERR"),
    "underscore": ("team_a", 400, "INVALID_FIELD_ERR"),
}


def test_a_ring_that_cannot_be_is_refused(keys: IbmKeyProtectApiV2, guid: str, ring: str) -> None:
    def check(name: str) -> None:
        identifier, status, code = RING_FAULTS[name]
        assert refusal_of(lambda: keys.create_key_ring(identifier, guid)).seen == (status, code)

    check_each(RING_FAULTS, check)


def test_a_key_is_in_the_ring_that_it_was_created_in_and_in_no_other(
    keys: IbmKeyProtectApiV2, guid: str, ring: str
) -> None:
    key = create_key(keys, guid, ring=ring)
    assert key["keyRingID"] == ring
    assert [each["id"] for each in keys.get_keys(guid, x_kms_key_ring=ring).get_result()["resources"]] == [key["id"]]
    assert "resources" not in keys.get_keys(guid, x_kms_key_ring="default").get_result()
    refusal = refusal_of(lambda: keys.get_key(key["id"], guid, x_kms_key_ring="default"))
    assert refusal.seen == (404, "KEY_NOT_FOUND_ERR")


def test_a_key_moves_to_another_ring(keys: IbmKeyProtectApiV2, guid: str, ring: str) -> None:
    key = create_key(keys, guid)["id"]
    assert only_key(keys.patch_key(key, guid, key_patch_body={"keyRingID": ring}))["keyRingID"] == ring
    assert only_key(keys.get_key_metadata(key, guid))["keyRingID"] == ring


def test_a_ring_that_does_not_exist_takes_no_key(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    unknown_ring = (404, "KEY_RING_NOT_FOUND_ERR")
    assert refusal_of(lambda: create_key(keys, guid, ring="team-b")).seen == unknown_ring
    body = {"keyRingID": "team-b"}
    assert refusal_of(lambda: keys.patch_key(key, guid, key_patch_body=body)).seen == unknown_ring


def test_a_ring_with_a_destroyed_key_is_deleted_by_force_alone(keys: IbmKeyProtectApiV2, guid: str, ring: str) -> None:
    key = create_key(keys, guid, ring=ring)["id"]
    keys.delete_key(key, guid)
    assert refusal_of(lambda: keys.delete_key_ring(ring, guid)).seen == (409, "KEY_RING_NOT_EMPTY_ERR")
    assert keys.delete_key_ring(ring, guid, force=True).get_status_code() == 204
    assert only_key(keys.get_key_metadata(key, guid))["keyRingID"] == "default"


def test_a_ring_with_an_active_key_is_not_deleted_even_by_force(keys: IbmKeyProtectApiV2, guid: str, ring: str) -> None:
    create_key(keys, guid, ring=ring)
    refusal = refusal_of(lambda: keys.delete_key_ring(ring, guid, force=True))
    assert refusal.seen == (409, "KEY_RING_KEYS_NOT_DELETED_ERR")


# --- aliases ----------------------------------------------------------------------------------------------------


def test_a_key_is_called_by_a_new_alias_until_that_is_deleted(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key, alias = create_key(keys, guid)["id"], new_name()
    [created] = keys.create_key_alias(key, alias, guid).get_result()["resources"]
    assert (created["keyId"], created["alias"]) == (key, alias)
    wrapped = keys.wrap_key(alias, guid).get_result()
    assert wrapped["keyVersion"]["id"] == key
    assert keys.delete_key_alias(key, alias, guid).get_status_code() == 204
    assert refusal_of(lambda: keys.wrap_key(alias, guid)).seen == (404, "KEY_NOT_FOUND_ERR")


def test_a_key_has_five_aliases_at_most(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid, aliases=[new_name() for _ in range(5)])["id"]
    refusal = refusal_of(lambda: keys.create_key_alias(key, new_name(), guid))
    assert refusal.seen == (409, "KEY_ALIAS_QUOTA_ERR")


ALIAS_FAULTS = {"reserved word": "metadata", "an id": str(uuid.uuid4()), "one character": "a", "a dot": "a.b"}


def test_an_alias_that_cannot_be_is_refused(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]

    def check(name: str) -> None:
        refusal = refusal_of(lambda: keys.create_key_alias(key, ALIAS_FAULTS[name], guid))
        assert refusal.seen == (400, "INVALID_FIELD_ERR")

    check_each(ALIAS_FAULTS, check)


def test_an_alias_that_a_key_does_not_have_is_not_deleted(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    refusal = refusal_of(lambda: keys.delete_key_alias(key, new_name(), guid))
    assert refusal.seen == (404, "KEY_ALIAS_NOT_FOUND_ERR")


# --- the instance -----------------------------------------------------------------------------------------------


def test_an_instance_with_an_active_key_is_not_deleted(product: Product, keys: IbmKeyProtectApiV2, guid: str) -> None:
    create_key(keys, guid)
    with pytest.raises(ApiException) as error:
        client_of(product).delete_resource_instance(guid, recursive=True)
    assert error.value.status_code == 409


def test_an_instance_with_destroyed_keys_alone_is_deleted_and_answers_no_more(
    product: Product, keys: IbmKeyProtectApiV2, guid: str
) -> None:
    key = create_key(keys, guid)["id"]
    keys.delete_key(key, guid)
    assert client_of(product).delete_resource_instance(guid).get_status_code() == 204
    refusal = refusal_of(lambda: keys.get_key(key, guid))
    assert refusal.status == 401
    assert "the region is incorrectly set" in refusal.message


# --- answers and refusals on the wire ---------------------------------------------------------------------------


def call(product: Product, method: str, path: str, guid: str, **headers: str) -> requests.Response:
    """A call of the owner without the client, for what its parsed answer does not show."""
    own = {"Authorization": f"bearer {token_of_the_owner(product)}", "bluemix-instance": guid, **headers}
    return requests.request(method, f"{product.info['control_plane_url']}/api/v2{path}", headers=own, timeout=20)


def test_a_correlation_id_comes_back_and_is_made_where_there_is_none(product: Product, guid: str) -> None:
    own = str(uuid.uuid4())
    answers = [call(product, "GET", "/keys", guid, **{"Correlation-Id": own}), call(product, "GET", "/keys", guid)]
    first, second = (answer.headers["Correlation-Id"] for answer in answers)
    assert first == own
    assert second not in ("", own)


def test_an_answer_is_json_in_utf_8(product: Product, guid: str) -> None:
    kinds = [call(product, "GET", path, guid).headers["Content-Type"] for path in ("/keys", f"/keys/{uuid.uuid4()}")]
    assert kinds == ["application/json; charset=utf-8"] * 2


def test_a_call_that_names_no_instance_is_refused_by_its_header(product: Product) -> None:
    answer = call(product, "GET", "/keys", "")
    [resource] = answer.json()["resources"]
    [reason] = resource["reasons"]
    assert (answer.status_code, reason["code"]) == (400, "BAD_HEADER_ERR")
    assert reason["target"] == {"type": "header", "name": "bluemix-instance"}


NOT_SERVED: dict[str, Callable[[IbmKeyProtectApiV2, str], Any]] = {
    "KMIP adapters": lambda keys, guid: keys.get_kmip_adapters(guid),
    "a KMIP adapter": lambda keys, guid: keys.get_kmip_adapter(str(uuid.uuid4()), guid),
}


def test_what_is_not_simulated_is_refused_by_name_and_not_tried_again(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(name: str) -> None:
        refusal = refusal_of(lambda: NOT_SERVED[name](keys, guid))
        assert refusal.seen == (501, "FEATURE_RESTRICTED_ERR")
        assert "kmip_adapters" in refusal.reason["message"]

    check_each(NOT_SERVED, check)
