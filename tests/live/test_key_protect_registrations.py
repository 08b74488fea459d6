"""Registrations of keys, and the older form of actions on keys, with IBM's Python client."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_protect import client_of_the_owner, create_key, only_key, refusal_of
from tests.live.product import Product
from tests.live.service_instances import instances_of
from tests.live.turning import token_of_the_owner
from tests.tables import check_each

pytestmark = pytest.mark.live

BUCKET = "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2:bucket:3"


@pytest.fixture(scope="module")
def keys(product: Product) -> IbmKeyProtectApiV2:
    return client_of_the_owner(product)


@pytest.fixture(scope="module")
def guid(product: Product) -> str:
    """An instance for the keys of this module."""
    return str(instances_of(product)("kms", "us-south")["guid"])


@pytest.fixture
def key(keys: IbmKeyProtectApiV2, guid: str) -> str:
    """Id of a new root key."""
    return str(create_key(keys, guid)["id"])


# --- registrations ----------------------------------------------------------------------------------------------

LISTS: dict[str, Callable[[IbmKeyProtectApiV2, str, str], Any]] = {
    "of a key": lambda keys, key, guid: keys.get_registrations(key, guid),
    "of all keys": lambda keys, _, guid: keys.get_registrations_all_keys(guid),
    "of a resource": lambda keys, key, guid: keys.get_registrations(key, guid, url_encoded_resource_crn_query=BUCKET),
    "that forbid deletion": lambda keys, _, guid: keys.get_registrations_all_keys(guid, prevent_key_deletion=True),
    "in pages": lambda keys, key, guid: keys.get_registrations(key, guid, limit=1, offset=1),
}


def test_keys_that_no_service_uses_have_no_registrations(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    def check(name: str) -> None:
        answer = LISTS[name](keys, key, guid).get_result()
        assert answer["metadata"]["collectionType"] == "application/vnd.ibm.kms.registration+json"
        assert (answer["metadata"]["collectionTotal"], "resources" in answer) == (0, False)

    check_each(LISTS, check)


def test_the_number_of_all_registrations_is_told_on_request(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    assert keys.get_registrations(key, guid, total_count=True).get_result()["metadata"]["totalCount"] == 0


def test_registrations_of_an_unknown_key_are_not_listed(keys: IbmKeyProtectApiV2, guid: str) -> None:
    refusal = refusal_of(lambda: keys.get_registrations(str(uuid.uuid4()), guid))
    assert refusal.seen == (404, "KEY_NOT_FOUND_ERR")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_a_service_registers_its_resources(product: Product, key: str, guid: str, method: str) -> None:
    path = f"/api/v2/keys/{key}/registrations/{quote(BUCKET, safe='')}"
    headers = {"Authorization": f"Bearer {token_of_the_owner(product)}", "Bluemix-Instance": guid}
    answer = requests.request(method, f"{product.info['control_plane_url']}{path}", headers=headers, timeout=20)
    [resource] = answer.json()["resources"]
    assert (answer.status_code, resource["reasons"][0]["code"]) == (403, "SERVICE_ONLY_ERR")


def test_the_resources_of_a_key_are_told_to_look_at_it_once_an_hour(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    assert keys.sync_associated_resources(key, guid).get_status_code() == 204
    refusal = refusal_of(lambda: keys.sync_associated_resources(key, guid))
    assert refusal.seen == (409, "REQ_TOO_EARLY_ERR")
    assert "Sync cannot be performed until at least" in refusal.reason["message"]


# --- the older form of actions ----------------------------------------------------------------------------------


def test_a_data_key_is_wrapped_unwrapped_and_rewrapped_in_the_older_form(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    wrapped = keys.action_on_key(key, guid, "wrap", {}).get_result()
    body = {"ciphertext": wrapped["ciphertext"]}
    assert keys.action_on_key(key, guid, "unwrap", body).get_result()["plaintext"] == wrapped["plaintext"]
    assert keys.action_on_key(key, guid, "rotate", {}).get_status_code() == 204
    rewrapped = keys.action_on_key(key, guid, "rewrap", body).get_result()
    assert rewrapped["rewrappedKeyVersion"]["id"] != rewrapped["keyVersion"]["id"] == key


def test_a_key_is_disabled_in_the_older_form(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    assert keys.action_on_key(key, guid, "disable", {}).get_status_code() == 204
    assert only_key(keys.get_key_metadata(key, guid))["state"] == 2


OLDER_FORM: dict[str, tuple[str, dict[str, Any], tuple[int, str]]] = {
    "enable an active key": ("enable", {}, (409, "KEY_ACTION_INVALID_STATE_ERR")),
    "restore an active key": ("restore", {}, (409, "KEY_ACTION_INVALID_STATE_ERR")),
    "set for deletion": ("setKeyForDeletion", {}, (409, "NOT_DUAL_AUTH_ERR")),
    "unset for deletion": ("unsetKeyForDeletion", {}, (409, "NOT_DUAL_AUTH_ERR")),
    "unwrap nothing": ("unwrap", {}, (400, "INVALID_FIELD_ERR")),
    "sync": ("sync", {}, (400, "INVALID_QUERY_PARAM_ERR")),
    "purge": ("purge", {}, (400, "INVALID_QUERY_PARAM_ERR")),
    "an action that does not exist": ("paint", {}, (400, "INVALID_QUERY_PARAM_ERR")),
}


def test_the_older_form_refuses_as_the_newer_one_does(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    def check(name: str) -> None:
        action, body, refusal = OLDER_FORM[name]
        assert refusal_of(lambda: keys.action_on_key(key, guid, action, body)).seen == refusal

    check_each(OLDER_FORM, check)
    assert only_key(keys.get_key_metadata(key, guid))["state"] == 1
