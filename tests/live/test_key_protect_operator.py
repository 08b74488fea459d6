"""Keys of Key Protect as an operator manages them with IBM's Python client, on SQLite and on PostgreSQL.

What takes time is in ``test_key_protect_states.py``, on a product whose clock is turned.
"""

import base64
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_protect import KEY_TYPE, client_of_the_owner, create_key, new_name, only_key, refusal_of
from tests.live.product import Product
from tests.live.service_instances import instances_of
from tests.tables import check_each

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def keys(product: Product) -> IbmKeyProtectApiV2:
    return client_of_the_owner(product)


@pytest.fixture(scope="module")
def guid(product: Product) -> str:
    """An instance with nothing but the keys of this module in it."""
    return str(instances_of(product)("kms", "us-south")["guid"])


def base64_of(material: bytes) -> str:
    return base64.b64encode(material).decode()


def ids(response: Any) -> list[str]:
    return [each["id"] for each in response.get_result().get("resources", [])]


# --- creation and import ----------------------------------------------------------------------------------------


def test_a_new_root_key_is_active_and_has_a_version_with_its_own_id(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)
    assert (key["state"], key["extractable"], key["imported"], key["deleted"]) == (1, False, False, False)
    assert key["keyVersion"]["id"] == key["id"]
    assert key["crn"].endswith(f":{guid}:key:{key['id']}")


def test_what_a_key_is_created_with_reads_back_exactly(keys: IbmKeyProtectApiV2, guid: str) -> None:
    members = {
        "name": new_name(),
        "description": "for the volumes of web-1",
        "tags": ["blue"],
        "aliases": [new_name()],
        "expirationDate": "2099-12-31T23:59:59Z",
    }
    key = only_key(keys.get_key(create_key(keys, guid, **members)["id"], guid))
    assert {name: key[name] for name in members} == members


def test_a_standard_key_is_imported_and_its_payload_is_the_same_bytes(keys: IbmKeyProtectApiV2, guid: str) -> None:
    payload = base64_of(b"the secret of an application")
    key = create_key(keys, guid, extractable=True, payload=payload)
    assert key["imported"] is True
    assert only_key(keys.get_key(key["id"], guid))["payload"] == payload


@pytest.mark.parametrize("size", [16, 24, 32])
def test_a_root_key_is_imported_and_never_shows_its_payload(keys: IbmKeyProtectApiV2, guid: str, size: int) -> None:
    key = create_key(keys, guid, payload=base64_of(secrets.token_bytes(size)), prefer="return=representation")
    answers = [key, only_key(keys.get_key(key["id"], guid)), only_key(keys.get_key_metadata(key["id"], guid))]
    assert [(each["imported"], "payload" in each) for each in answers] == [(True, False)] * 3
    assert key["algorithmBitSize"] == 8 * size


@pytest.mark.parametrize(
    ("prefer", "has_state", "has_payload"),
    [(None, True, False), ("return=minimal", False, False), ("return=representation", True, True)],
)
def test_prefer_says_how_much_of_a_new_standard_key_is_answered(
    keys: IbmKeyProtectApiV2, guid: str, prefer: str | None, has_state: bool, has_payload: bool
) -> None:
    key = create_key(keys, guid, extractable=True, prefer=prefer)
    assert ("state" in key, "payload" in key) == (has_state, has_payload)


INVALID_KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "name of one character": ({"name": "k"}, "INVALID_FIELD_ERR"),
    "description of one character": ({"description": "d"}, "INVALID_FIELD_ERR"),
    "alias with a space": ({"aliases": ["not one"]}, "INVALID_FIELD_ERR"),
    "alias that is a reserved word": ({"aliases": ["versions"]}, "INVALID_FIELD_ERR"),
    "expiration in the past": ({"expirationDate": "2001-01-01T00:00:00Z"}, "INVALID_FIELD_ERR"),
    "root key of 17 bytes": ({"payload": base64_of(bytes(17))}, "INVALID_FIELD_ERR"),
    "payload that is no base64": ({"payload": "%%%"}, "INVALID_FIELD_ERR"),
    "unknown member": ({"colour": "blue"}, "BAD_BODY_ERR"),
}


def test_a_key_that_cannot_be_is_refused_with_the_code_of_its_fault(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(name: str) -> None:
        members, code = INVALID_KEYS[name]
        assert refusal_of(lambda: create_key(keys, guid, **members)).seen == (400, code)

    check_each(INVALID_KEYS, check)


def test_two_keys_in_one_request_are_refused(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = {"type": KEY_TYPE, "name": new_name(), "extractable": False}
    body = {"metadata": {"collectionType": KEY_TYPE, "collectionTotal": 2}, "resources": [key, key]}
    refusal = refusal_of(lambda: keys.create_key(guid, body))
    assert refusal.seen == (400, "BAD_BODY_ERR")
    assert "Only creation of one key per request is supported" in refusal.reason["message"]


def test_an_alias_that_is_taken_is_refused_and_no_key_is_made(keys: IbmKeyProtectApiV2, guid: str) -> None:
    alias, name = new_name(), new_name()
    create_key(keys, guid, aliases=[alias])
    refusal = refusal_of(lambda: create_key(keys, guid, name=name, aliases=[alias]))
    assert refusal.seen == (409, "KEY_ALIAS_NOT_UNIQUE_ERR")
    assert "KEY_ALIAS_NOT_UNIQUE_ERR" in refusal.message
    assert ids(keys.get_keys(guid, search=name)) == []


# --- reading, listing, searching --------------------------------------------------------------------------------


def test_a_key_is_read_by_its_alias(keys: IbmKeyProtectApiV2, guid: str) -> None:
    alias = new_name()
    key = create_key(keys, guid, aliases=[alias])
    assert only_key(keys.get_key_metadata(alias, guid))["id"] == key["id"]


def test_metadata_of_a_standard_key_has_no_payload(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid, extractable=True)
    assert "payload" not in only_key(keys.get_key_metadata(key["id"], guid))


@pytest.mark.parametrize("word", ["guid", "crn"])
def test_an_instance_is_named_by_its_guid_or_its_crn(product: Product, keys: IbmKeyProtectApiV2, word: str) -> None:
    instance = instances_of(product)("kms", "us-south")
    assert create_key(keys, instance[word])["crn"].split(":")[7] == instance["guid"]


@pytest.fixture(scope="module")
def listed(product: Product, keys: IbmKeyProtectApiV2) -> dict[str, str]:
    """An instance of its own (``guid``) with three keys, whose ids are here by name."""
    guid = str(instances_of(product)("kms", "us-south")["guid"])
    names = {"alpha": {}, "Beta": {"aliases": ["alphabet"]}, "gamma": {"extractable": True}}
    return {"guid": guid, **{name: create_key(keys, guid, name=name, **more)["id"] for name, more in names.items()}}


LISTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "everything": ({}, {"alpha", "Beta", "gamma"}),
    "root keys": ({"extractable": False}, {"alpha", "Beta"}),
    "state that no key has": ({"state": [2, 3]}, set()),
    "search in names and aliases": ({"search": "ALPHA"}, {"alpha", "Beta"}),
    "search in names": ({"search": "name:alpha"}, {"alpha"}),
    "search for an exact name": ({"search": "exact:gamma"}, {"gamma"}),
    "search for all others": ({"search": "not:name:alpha"}, {"Beta", "gamma"}),
    "search with a closing comma": ({"search": "gamma,"}, {"gamma"}),
    "filter by kind": ({"filter": "extractable=true"}, {"gamma"}),
    "filter by kind and state": ({"filter": " extractable=false state=1,2"}, {"alpha", "Beta"}),
    "filter by a time that is over": ({"filter": 'creationDate=lt:"2001-01-01T00:00:00Z"'}, set()),
    "filter by what is missing": ({"filter": "expirationDate=none"}, {"alpha", "Beta", "gamma"}),
    "ring of none of them": ({"x_kms_key_ring": "default", "extractable": True}, {"gamma"}),
}


def test_lists_have_the_keys_that_their_parameters_select(keys: IbmKeyProtectApiV2, listed: dict[str, str]) -> None:
    def check(name: str) -> None:
        parameters, names = LISTS[name]
        answer = keys.get_keys(listed["guid"], **parameters).get_result()
        assert {each["name"] for each in answer.get("resources", [])} == names
        assert answer["metadata"]["collectionTotal"] == len(names)

    check_each(LISTS, check)


def test_an_empty_list_has_no_resources(keys: IbmKeyProtectApiV2, listed: dict[str, str]) -> None:
    assert "resources" not in keys.get_keys(listed["guid"], state=[5]).get_result()


def test_a_list_is_sorted_by_id_unless_told_otherwise(keys: IbmKeyProtectApiV2, listed: dict[str, str]) -> None:
    in_order = sorted(set(listed.values()) - {listed["guid"]})
    assert ids(keys.get_keys(listed["guid"])) == in_order
    assert ids(keys.get_keys(listed["guid"], sort="-id")) == in_order[::-1]
    assert ids(keys.get_keys(listed["guid"], sort="-extractable,id"))[0] == listed["gamma"]


def test_a_list_is_read_in_pages(keys: IbmKeyProtectApiV2, listed: dict[str, str]) -> None:
    pages = [ids(keys.get_keys(listed["guid"], limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert [len(each) for each in pages] == [2, 1, 0]
    assert pages[0] + pages[1] == ids(keys.get_keys(listed["guid"]))


def test_no_payload_is_in_a_list(keys: IbmKeyProtectApiV2, listed: dict[str, str]) -> None:
    assert not [each for each in keys.get_keys(listed["guid"]).get_result()["resources"] if "payload" in each]


def test_the_number_of_keys_that_a_filter_selects_is_in_a_header(
    keys: IbmKeyProtectApiV2, listed: dict[str, str]
) -> None:
    response = keys.get_key_collection_metadata(listed["guid"], extractable=False)
    assert (response.get_status_code(), response.get_headers()["Key-Total"]) == (200, "2")


LIST_FAULTS: dict[str, dict[str, Any]] = {
    "limit 0": {"limit": 0},
    "limit 5001": {"limit": 5001},
    "unknown sort": {"sort": "colour"},
    "unknown filter": {"filter": "colour=blue"},
    "state here and there": {"state": [1], "filter": "state=1"},
}


def test_a_list_with_a_wrong_parameter_is_refused(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(name: str) -> None:
        refusal = refusal_of(lambda: keys.get_keys(guid, **LIST_FAULTS[name]))
        assert refusal.seen == (400, "INVALID_QUERY_PARAM_ERR")

    check_each(LIST_FAULTS, check)


# --- versions and data keys -------------------------------------------------------------------------------------


def test_a_rotated_key_lists_its_versions_with_the_newest_first(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    keys.rotate_key(key, guid)
    answer = keys.get_key_versions(key, guid, total_count=True).get_result()
    newest, first = [each["id"] for each in answer["resources"]]
    assert first == key != newest == only_key(keys.get_key_metadata(key, guid))["keyVersion"]["id"]
    assert answer["metadata"]["totalCount"] == 2


def test_a_data_key_is_rewrapped_with_the_newest_version_and_not_shown(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    wrapped = keys.wrap_key(key, guid).get_result()
    keys.rotate_key(key, guid)
    answer = keys.rewrap_key(key, guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert set(answer) == {"ciphertext", "keyVersion", "rewrappedKeyVersion"}
    assert answer["keyVersion"]["id"] == key != answer["rewrappedKeyVersion"]["id"]
    unwrapped = keys.unwrap_key(key, guid, {"ciphertext": answer["ciphertext"]}).get_result()
    assert (unwrapped["plaintext"], "ciphertext" in unwrapped) == (wrapped["plaintext"], False)


def test_a_key_does_not_unwrap_what_another_key_wrapped(keys: IbmKeyProtectApiV2, guid: str) -> None:
    wrapped = keys.wrap_key(create_key(keys, guid)["id"], guid).get_result()
    other = create_key(keys, guid)["id"]
    refusal = refusal_of(lambda: keys.unwrap_key(other, guid, {"ciphertext": wrapped["ciphertext"]}))
    assert refusal.seen == (400, "INVALID_FIELD_ERR")


def test_an_imported_key_is_rotated_with_new_material_and_a_generated_one_without(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    imported = create_key(keys, guid, payload=base64_of(bytes(32)))["id"]
    generated = create_key(keys, guid)["id"]
    body = {"payload": base64_of(secrets.token_bytes(32))}
    assert refusal_of(lambda: keys.rotate_key(imported, guid)).seen == (400, "KEY_PAYLOAD_REQ_ERR")
    refusal = refusal_of(lambda: keys.rotate_key(generated, guid, key_action_rotate_body=body))
    assert refusal.seen == (400, "INVALID_QUERY_PARAM_ERR")
    assert keys.rotate_key(imported, guid, key_action_rotate_body=body).get_status_code() == 204


ROOT_KEY_ACTIONS: dict[str, Callable[[IbmKeyProtectApiV2, str, str], Any]] = {
    "wrap": lambda keys, key, guid: keys.wrap_key(key, guid),
    "rotate": lambda keys, key, guid: keys.rotate_key(key, guid),
    "disable": lambda keys, key, guid: keys.disable_key(key, guid),
    "enable": lambda keys, key, guid: keys.enable_key(key, guid),
}


def test_a_standard_key_refuses_the_actions_of_root_keys(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid, extractable=True)["id"]

    def check(name: str) -> None:
        attempt = ROOT_KEY_ACTIONS[name]
        assert refusal_of(lambda: attempt(keys, key, guid)).seen == (400, "KEY_ROOT_REQ_ERR")

    check_each(ROOT_KEY_ACTIONS, check)
