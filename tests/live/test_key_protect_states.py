"""What a key goes through in time, with IBM's Python client on a product whose clock is turned.

The waiting times are those of section 2.7 of the Key Protect contract.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_policies import collection, dual_authorization, policies_in, rotation
from tests.live.key_protect import (
    KEY_PURGE,
    MANAGER,
    advanced,
    client_of_a_service_id,
    client_of_the_owner,
    create_key,
    grant_on_instance,
    iam_id_of,
    new_name,
    only_key,
    refusal_of,
)
from tests.live.operator import Operator, eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.live.service_instances import instances_of
from tests.live.turning import shown, token_of_the_owner, turn_clock
from tests.tables import check_each

pytestmark = [pytest.mark.live, pytest.mark.e2e]

INVALID_STATE = (409, "KEY_ACTION_INVALID_STATE_ERR")
TOO_EARLY = (409, "REQ_TOO_EARLY_ERR")
UNKNOWN_KEY = (404, "KEY_NOT_FOUND_ERR")
WAIT = {"seconds": 31}
"""Longer than a key must stay disabled or deleted before it can be enabled or restored."""


@pytest.fixture(scope="module")
def aged(new_product: NewProduct) -> Product:
    """A product of its own: moving its clock affects every test that uses it."""
    product = new_product(settings={"BAREMINT_WORKERS": "1"})
    product.start()
    return product


@pytest.fixture
def keys(aged: Product) -> IbmKeyProtectApiV2:
    """A client with a token of the time that is."""
    return client_of_the_owner(aged)


@pytest.fixture
def guid(aged: Product) -> str:
    """An instance in which no one may purge keys until a test grants it."""
    return str(instances_of(aged)("kms", "us-south")["guid"])


@pytest.fixture
def key(keys: IbmKeyProtectApiV2, guid: str) -> str:
    """Id of a new root key."""
    return str(create_key(keys, guid)["id"])


def state_of(keys: IbmKeyProtectApiV2, key: str, guid: str) -> int:
    return int(only_key(keys.get_key_metadata(key, guid))["state"])


# --- disable and enable -----------------------------------------------------------------------------------------


def test_a_disabled_key_wraps_nothing(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    assert keys.disable_key(key, guid).get_status_code() == 204
    assert state_of(keys, key, guid) == 2
    assert refusal_of(lambda: keys.wrap_key(key, guid)).seen == INVALID_STATE


def test_a_disabled_key_unwraps_nothing_until_it_is_enabled(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    wrapped = keys.wrap_key(key, guid).get_result()
    body = {"ciphertext": wrapped["ciphertext"]}
    keys.disable_key(key, guid)
    assert refusal_of(lambda: keys.unwrap_key(key, guid, body)).seen == INVALID_STATE
    later = advanced(aged, **WAIT)
    later.enable_key(key, guid)
    assert later.unwrap_key(key, guid, body).get_result()["plaintext"] == wrapped["plaintext"]


def test_a_key_is_enabled_half_a_minute_after_it_was_disabled(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.disable_key(key, guid)
    assert refusal_of(lambda: keys.enable_key(key, guid)).seen == TOO_EARLY
    later = advanced(aged, **WAIT)
    assert later.enable_key(key, guid).get_status_code() == 204
    assert state_of(later, key, guid) == 1


# --- rotation ---------------------------------------------------------------------------------------------------


def test_a_key_is_rotated_once_an_hour(aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.rotate_key(key, guid)
    assert refusal_of(lambda: keys.rotate_key(key, guid)).seen == (409, "KEY_ROTATION_NOT_PERMITTED")
    later = advanced(aged, hours=1, seconds=1)
    assert later.rotate_key(key, guid).get_status_code() == 204
    assert len(later.get_key_versions(key, guid).get_result()["resources"]) == 3


def test_versions_of_a_key_that_is_not_active_are_listed_on_request(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.disable_key(key, guid)
    assert refusal_of(lambda: keys.get_key_versions(key, guid)).seen == INVALID_STATE
    [version] = keys.get_key_versions(key, guid, all_key_states=True).get_result()["resources"]
    assert version["id"] == key


# --- expiration -------------------------------------------------------------------------------------------------


def test_a_key_whose_expiration_date_is_reached_unwraps_and_wraps_no_more(
    aged: Product, keys: IbmKeyProtectApiV2, guid: str
) -> None:
    expiration = shown(turn_clock(aged, advance_seconds=1)) + timedelta(hours=2)
    key = create_key(keys, guid, expirationDate=expiration.strftime("%Y-%m-%dT%H:%M:%SZ"))["id"]
    wrapped = keys.wrap_key(key, guid).get_result()
    later = advanced(aged, hours=3)
    assert state_of(later, key, guid) == 3
    assert refusal_of(lambda: later.wrap_key(key, guid)).seen == INVALID_STATE
    answer = later.unwrap_key(key, guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert answer["plaintext"] == wrapped["plaintext"]


def test_an_expired_key_is_deleted_and_not_restored(aged: Product, keys: IbmKeyProtectApiV2, guid: str) -> None:
    expiration = shown(turn_clock(aged, advance_seconds=1)) + timedelta(hours=1)
    key = create_key(keys, guid, expirationDate=expiration.strftime("%Y-%m-%dT%H:%M:%SZ"))["id"]
    advanced(aged, hours=2).delete_key(key, guid)
    later = advanced(aged, **WAIT)
    assert refusal_of(lambda: later.restore_key(key, guid)).seen == (400, "KEY_EXPIRED_ERR")


# --- delete and restore -----------------------------------------------------------------------------------------


def test_a_deleted_key_says_until_when_it_is_restored_and_from_when_it_is_purged(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    deleted = only_key(keys.delete_key(key, guid, prefer="return=representation"))
    assert (deleted["state"], deleted["deleted"], deleted["restoreAllowed"]) == (5, True, True)

    def since_deletion(member: str) -> timedelta:
        return datetime.fromisoformat(deleted[member]) - datetime.fromisoformat(deleted["deletionDate"])

    assert since_deletion("restoreExpirationDate") == timedelta(days=30)
    assert since_deletion("purgeAllowedFrom") == timedelta(hours=4)
    assert since_deletion("purgeScheduledOn") == timedelta(days=90)


def test_a_deletion_is_answered_without_content_unless_told_otherwise(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    assert keys.delete_key(key, guid).get_status_code() == 204


def test_a_deleted_key_is_in_no_list_but_that_of_its_state(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.delete_key(key, guid)
    assert "resources" not in keys.get_keys(guid).get_result()
    assert [each["id"] for each in keys.get_keys(guid, state=[5]).get_result()["resources"]] == [key]


def test_a_key_is_deleted_once(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.delete_key(key, guid)
    assert refusal_of(lambda: keys.delete_key(key, guid)).seen == (410, "KEY_DELETED_ERR")


REFUSED_WHEN_DELETED: dict[str, Callable[[IbmKeyProtectApiV2, str, str], Any]] = {
    "wrap": lambda keys, key, guid: keys.wrap_key(key, guid),
    "rotate": lambda keys, key, guid: keys.rotate_key(key, guid),
    "disable": lambda keys, key, guid: keys.disable_key(key, guid),
    "enable": lambda keys, key, guid: keys.enable_key(key, guid),
    "list versions": lambda keys, key, guid: keys.get_key_versions(key, guid),
    "create an alias": lambda keys, key, guid: keys.create_key_alias(key, new_name(), guid),
    "change the ring": lambda keys, key, guid: keys.patch_key(key, guid, key_patch_body={"keyRingID": "default"}),
}


def test_a_deleted_key_can_only_be_read_restored_or_purged(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.delete_key(key, guid)

    def check(name: str) -> None:
        attempt = REFUSED_WHEN_DELETED[name]
        assert refusal_of(lambda: attempt(keys, key, guid)).seen == INVALID_STATE

    check_each(REFUSED_WHEN_DELETED, check)
    assert state_of(keys, key, guid) == 5


def test_a_key_is_restored_half_a_minute_after_its_deletion_with_all_that_it_had(
    aged: Product, keys: IbmKeyProtectApiV2, guid: str
) -> None:
    before = create_key(keys, guid, aliases=[new_name()], description="is restored")
    wrapped = keys.wrap_key(before["id"], guid).get_result()
    keys.delete_key(before["id"], guid)
    assert refusal_of(lambda: keys.restore_key(before["id"], guid)).seen == TOO_EARLY
    later = advanced(aged, **WAIT)
    assert later.restore_key(before["id"], guid).get_status_code() == 201
    after = only_key(later.get_key(before["id"], guid))
    assert (after["state"], after["deleted"], "deletionDate" in after) == (1, False, False)
    assert [after[name] for name in ("name", "aliases", "description")] == [
        before[name] for name in ("name", "aliases", "description")
    ]
    body = {"ciphertext": wrapped["ciphertext"]}
    assert later.unwrap_key(before["id"], guid, body).get_result()["plaintext"] == wrapped["plaintext"]


def test_a_month_after_its_deletion_a_key_is_not_restored(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.delete_key(key, guid)
    later = advanced(aged, days=31)
    assert only_key(later.get_key_metadata(key, guid))["restoreAllowed"] is False
    assert refusal_of(lambda: later.restore_key(key, guid)).seen == (400, "KEY_RESTORE_EXPIRED")


# --- purge ------------------------------------------------------------------------------------------------------


def grant_purge(product: Product, guid: str) -> None:
    grant_on_instance(Operator(product.info), iam_id_of(token_of_the_owner(product)), KEY_PURGE, guid)


def test_not_even_the_owner_purges_a_key_without_the_role_for_it(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.delete_key(key, guid)
    later = advanced(aged, hours=4, minutes=1)
    refusal = refusal_of(lambda: later.purge_key(key, guid))
    assert refusal.status == 401
    assert "KeyPurge" in refusal.reason["message"]


def test_a_key_is_purged_four_hours_after_its_deletion_and_then_unknown(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    grant_purge(aged, guid)
    keys.delete_key(key, guid)
    refusal = refusal_of(lambda: keys.purge_key(key, guid))
    assert refusal.seen == TOO_EARLY
    assert "Purge operation is allowed 4h0m0s after key is deleted" in refusal.reason["message"]
    later = advanced(aged, hours=4, seconds=1)
    assert only_key(later.purge_key(key, guid, prefer="return=representation"))["id"] == key
    assert refusal_of(lambda: later.get_key(key, guid)).seen == UNKNOWN_KEY


def test_a_key_that_is_not_deleted_is_not_purged(aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    grant_purge(aged, guid)
    assert refusal_of(lambda: keys.purge_key(key, guid)).seen == INVALID_STATE


def test_an_alias_of_a_deleted_key_stays_taken_until_the_key_is_purged(
    aged: Product, keys: IbmKeyProtectApiV2, guid: str
) -> None:
    grant_purge(aged, guid)
    alias = new_name()
    key = create_key(keys, guid, aliases=[alias])["id"]
    keys.delete_key(key, guid)
    later = advanced(aged, hours=5)
    assert refusal_of(lambda: create_key(later, guid, aliases=[alias])).seen == (409, "KEY_ALIAS_NOT_UNIQUE_ERR")
    later.purge_key(key, guid)
    assert create_key(later, guid, aliases=[alias])["aliases"] == [alias]


def test_three_months_after_its_deletion_a_key_is_unknown(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.delete_key(key, guid)
    later = advanced(aged, days=91)
    assert refusal_of(lambda: later.get_key_metadata(key, guid)).seen == UNKNOWN_KEY


# --- policies, imports and resources ----------------------------------------------------------------------------


def test_a_restored_key_has_the_policies_that_it_had(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.put_policy(key, guid, collection(rotation(interval_month=3)))
    before = policies_in(keys.get_policy(key, guid))
    keys.delete_key(key, guid)
    later = advanced(aged, **WAIT)
    later.restore_key(key, guid)
    assert policies_in(later.get_policy(key, guid)) == before


def test_a_key_is_rotated_by_its_policy_after_months_of_thirty_days(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.put_policy(key, guid, collection(rotation(interval_month=2)))
    wrapped = keys.wrap_key(key, guid).get_result()
    later = advanced(aged, days=60, seconds=1)

    def is_rotated() -> bool:
        return len(later.get_key_versions(key, guid).get_result()["resources"]) == 2

    eventually(is_rotated)
    answer = later.unwrap_key(key, guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert answer["plaintext"] == wrapped["plaintext"]


def test_a_first_authorization_of_a_deletion_counts_for_seven_days(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.put_policy(key, guid, collection(dual_authorization()))
    keys.set_key_for_deletion(key, guid)
    later = advanced(aged, days=7, seconds=1)
    assert only_key(later.get_key_metadata(key, guid))["dualAuthDelete"]["keySetForDeletion"] is False
    other = client_of_a_service_id(aged, MANAGER, guid)
    assert refusal_of(lambda: other.delete_key(key, guid)).seen == (409, "AUTHORIZATIONS_NOT_MET")
    other.set_key_for_deletion(key, guid)
    assert later.delete_key(key, guid).get_status_code() == 204


def test_an_import_token_is_not_read_after_its_life(aged: Product, keys: IbmKeyProtectApiV2, guid: str) -> None:
    keys.post_import_token(guid, expiration=300)
    later = advanced(aged, seconds=301)
    assert refusal_of(lambda: later.get_import_token(guid)).seen == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_the_resources_of_a_key_are_told_to_look_at_it_again_after_an_hour(
    aged: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.sync_associated_resources(key, guid)
    assert refusal_of(lambda: keys.sync_associated_resources(key, guid)).seen == TOO_EARLY
    later = advanced(aged, hours=1, seconds=1)
    assert later.sync_associated_resources(key, guid).get_status_code() == 204
