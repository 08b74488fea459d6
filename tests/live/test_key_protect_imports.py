"""Root keys whose material comes encrypted under an import token, with IBM's Python client."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_imports import base64_of, encrypted, encrypted_payload, public_key_of
from tests.live.key_policies import collection, of_instance
from tests.live.key_protect import (
    READER,
    client_of_a_service_id,
    create_key,
    new_name,
    only_key,
    refusal_of,
)
from tests.live.own_instances import guid, keys, new_instance
from tests.live.product import Product
from tests.tables import check_each

__all__ = ["guid", "keys", "new_instance"]

pytestmark = pytest.mark.live

MATERIAL = secrets.token_bytes(32)


@pytest.fixture(scope="module")
def imports(new_instance: Callable[[], str], keys: IbmKeyProtectApiV2) -> tuple[str, dict[str, Any]]:
    """An instance, and its import token as it was read: for the imports of this module."""
    guid = new_instance()
    return guid, new_token(keys, guid)


def new_token(keys: IbmKeyProtectApiV2, guid: str) -> dict[str, Any]:
    """A new import token of an instance, with its public key and its nonce."""
    keys.post_import_token(guid, max_allowed_retrievals=2)
    return dict(keys.get_import_token(guid).get_result())


# --- the token --------------------------------------------------------------------------------------------------


def test_an_import_token_lives_ten_minutes_and_is_read_once_unless_told_otherwise(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    token = keys.post_import_token(guid).get_result()
    assert (token["maxAllowedRetrievals"], token["remainingRetrievals"]) == (1, 1)
    life = datetime.fromisoformat(token["expirationDate"]) - datetime.fromisoformat(token["creationDate"])
    assert life == timedelta(minutes=10)
    assert ("payload" in token, "nonce" in token) == (False, False)


def test_an_import_token_is_read_as_often_as_it_was_created_for(keys: IbmKeyProtectApiV2, guid: str) -> None:
    keys.post_import_token(guid, expiration=300, max_allowed_retrievals=2)
    answers = [keys.get_import_token(guid).get_result() for _ in range(2)]
    assert [each["remainingRetrievals"] for each in answers] == [1, 0]
    assert answers[0]["nonce"] == answers[1]["nonce"]
    assert public_key_of(answers[0]).key_size == 4096
    assert refusal_of(lambda: keys.get_import_token(guid)).seen == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_an_instance_without_an_import_token_says_so(keys: IbmKeyProtectApiV2, guid: str) -> None:
    assert refusal_of(lambda: keys.get_import_token(guid)).seen == (404, "IMPORT_TOKEN_NOT_FOUND_ERR")


def test_a_new_import_token_replaces_the_one_before(keys: IbmKeyProtectApiV2, guid: str) -> None:
    first, second = new_token(keys, guid), new_token(keys, guid)
    assert first["nonce"] != second["nonce"]
    refusal = refusal_of(lambda: create_key(keys, guid, **encrypted(first, MATERIAL)))
    assert refusal.seen == (400, "INVALID_FIELD_ERR")
    assert create_key(keys, guid, **encrypted(second, MATERIAL))["imported"] is True


TOKEN_FAULTS: dict[str, dict[str, Any]] = {
    "life of 299 seconds": {"expiration": 299},
    "life of more than a day": {"expiration": 86_401},
    "read never": {"max_allowed_retrievals": 0},
    "read 501 times": {"max_allowed_retrievals": 501},
}


def test_an_import_token_that_cannot_be_is_refused(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(name: str) -> None:
        refusal = refusal_of(lambda: keys.post_import_token(guid, **TOKEN_FAULTS[name]))
        assert refusal.seen == (400, "INVALID_FIELD_ERR")

    check_each(TOKEN_FAULTS, check)


def test_import_tokens_are_not_for_readers(product: Product, guid: str) -> None:
    reader = client_of_a_service_id(product, READER, guid)
    assert refusal_of(lambda: reader.post_import_token(guid)).status == 401
    assert refusal_of(lambda: reader.get_import_token(guid)).status == 401


# --- the import -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("algorithm", "size"), [("RSAES_OAEP_SHA_256", 32), ("RSAES_OAEP_SHA_1", 16)])
def test_a_root_key_is_imported_under_a_token_and_wraps(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]], algorithm: str, size: int
) -> None:
    guid, token = imports
    key = create_key(keys, guid, **encrypted(token, secrets.token_bytes(size), algorithm=algorithm))
    assert (key["imported"], key["algorithmBitSize"], "payload" in key) == (True, 8 * size, False)
    wrapped = keys.wrap_key(key["id"], guid).get_result()
    unwrapped = keys.unwrap_key(key["id"], guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert unwrapped["plaintext"] == wrapped["plaintext"]


def test_an_imported_key_shows_the_nonce_and_the_vector_that_it_came_with(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]]
) -> None:
    guid, token = imports
    members = encrypted(token, MATERIAL)
    content = only_key(keys.get_key(create_key(keys, guid, **members)["id"], guid))
    assert {name: content[name] for name in ("encryptedNonce", "iv")} == {
        name: members[name] for name in ("encryptedNonce", "iv")
    }
    assert "payload" not in content


def test_an_imported_key_is_rotated_under_the_same_token(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]]
) -> None:
    guid, token = imports
    key = create_key(keys, guid, **encrypted(token, MATERIAL))["id"]
    wrapped = keys.wrap_key(key, guid).get_result()
    body = encrypted(token, secrets.token_bytes(32))
    assert keys.rotate_key(key, guid, key_action_rotate_body=body).get_status_code() == 204
    answer = keys.unwrap_key(key, guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert answer["plaintext"] == wrapped["plaintext"]
    assert answer["rewrappedKeyVersion"]["id"] != key


def import_faults(token: dict[str, Any]) -> dict[str, tuple[dict[str, str], str]]:
    right, other = encrypted(token, MATERIAL), encrypted(token, secrets.token_bytes(32))
    return {
        "nonce of another token": (encrypted(token, MATERIAL, nonce=bytes(12)), "INCORRECT_NONCE_ERR"),
        "nonce under other material": (
            {**right, "encryptedNonce": other["encryptedNonce"], "iv": other["iv"]},
            "INCORRECT_NONCE_IV_ERR",
        ),
        "another vector": ({**right, "iv": other["iv"]}, "INCORRECT_NONCE_IV_ERR"),
        "payload under another key": ({**right, "payload": base64_of(secrets.token_bytes(512))}, "INVALID_FIELD_ERR"),
        "unknown algorithm": ({**right, "encryptionAlgorithm": "RSA_RAW"}, "INVALID_FIELD_ERR"),
        "nonce without a vector": ({name: right[name] for name in ("payload", "encryptedNonce")}, "INVALID_FIELD_ERR"),
        "vector without a nonce": ({name: right[name] for name in ("payload", "iv")}, "INVALID_FIELD_ERR"),
        "material of 17 bytes": (
            {**right, "payload": encrypted_payload(token, bytes(17))},
            "INVALID_FIELD_ERR",
        ),
    }


def test_an_import_that_is_not_encrypted_as_told_is_refused_and_no_key_is_made(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]]
) -> None:
    guid, token = imports
    faults, name = import_faults(token), new_name()

    def check(fault: str) -> None:
        members, code = faults[fault]
        assert refusal_of(lambda: create_key(keys, guid, name=name, **members)).seen == (400, code)

    check_each(faults, check)
    assert "resources" not in keys.get_keys(guid, search=name).get_result()


def test_a_rotation_with_a_wrong_nonce_is_refused(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]]
) -> None:
    guid, token = imports
    key = create_key(keys, guid, **encrypted(token, MATERIAL))["id"]
    body = encrypted(token, secrets.token_bytes(32), nonce=bytes(12))
    refusal = refusal_of(lambda: keys.rotate_key(key, guid, key_action_rotate_body=body))
    assert refusal.seen == (400, "INCORRECT_NONCE_ERR")


def test_where_a_policy_enforces_tokens_material_comes_under_one_alone(keys: IbmKeyProtectApiV2, guid: str) -> None:
    keys.put_instance_policy(guid, collection(of_instance("keyCreateImportAccess", enforce_token=True)))
    plain = {"payload": base64_of(MATERIAL)}
    token_required = (409, "KEY_CREATE_IMPORT_ACCESS_ERR")
    assert refusal_of(lambda: create_key(keys, guid, **plain)).seen == token_required
    token = new_token(keys, guid)
    key = create_key(keys, guid, **encrypted(token, MATERIAL))["id"]
    assert refusal_of(lambda: keys.rotate_key(key, guid, key_action_rotate_body=plain)).seen == token_required
    body = encrypted(token, secrets.token_bytes(32))
    assert keys.rotate_key(key, guid, key_action_rotate_body=body).get_status_code() == 204


def test_key_material_and_nonces_are_in_no_answer_but_where_they_belong(
    keys: IbmKeyProtectApiV2, imports: tuple[str, dict[str, Any]]
) -> None:
    guid, token = imports
    members = encrypted(token, MATERIAL)
    secret_texts = (base64_of(MATERIAL), token["nonce"], members["payload"])
    key = create_key(keys, guid, prefer="return=representation", **members)
    for answer in (key, only_key(keys.get_key(key["id"], guid)), keys.get_keys(guid).get_result()):
        assert [text for text in secret_texts if text in str(answer)] == []
