"""Keys that two identities delete together, as IBM's Python client asks for it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from ibm_cloud_sdk_core.authenticators import IAMAssumeAuthenticator
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_policies import collection, dual_authorization
from tests.live.key_protect import (
    MANAGER,
    WRITER,
    client_of_a_service_id,
    client_of_the_owner,
    client_with,
    create_key,
    grant_on_instance,
    iam_id_of,
    only_key,
    refusal_of,
)
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.service_instances import instances_of
from tests.live.turning import token_of_the_owner

pytestmark = pytest.mark.live

NOT_AUTHORIZED = (409, "AUTHORIZATIONS_NOT_MET")
NO_SUCH_POLICY = (409, "NOT_DUAL_AUTH_ERR")


@pytest.fixture(scope="module")
def keys(product: Product) -> IbmKeyProtectApiV2:
    return client_of_the_owner(product)


@pytest.fixture(scope="module")
def guid(product: Product) -> str:
    """An instance for the keys of this module."""
    return str(instances_of(product)("kms", "us-south")["guid"])


@pytest.fixture(scope="module")
def manager(product: Product, guid: str) -> IbmKeyProtectApiV2:
    """A client of a service ID that may do what the owner may."""
    return client_of_a_service_id(product, MANAGER, guid)


@pytest.fixture(scope="module")
def writer(product: Product, guid: str) -> IbmKeyProtectApiV2:
    """A client of a service ID that may ask for a deletion, and may delete no key."""
    return client_of_a_service_id(product, WRITER, guid)


@pytest.fixture
def key(keys: IbmKeyProtectApiV2, guid: str) -> str:
    """Id of a new root key that takes two to delete."""
    key = str(create_key(keys, guid)["id"])
    keys.put_policy(key, guid, collection(dual_authorization()), policy="dualAuthDelete")
    return key


def authorization_of(keys: IbmKeyProtectApiV2, key: str, guid: str) -> dict[str, Any]:
    return dict(only_key(keys.get_key_metadata(key, guid))["dualAuthDelete"])


def test_a_key_is_not_deleted_without_a_first_authorization(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    refusal = refusal_of(lambda: keys.delete_key(key, guid))
    assert refusal.seen == NOT_AUTHORIZED
    assert "1 prior authorization(s) are required for deletion" in refusal.reason["message"]


def test_a_key_is_not_deleted_by_force_without_a_first_authorization(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    assert refusal_of(lambda: keys.delete_key(key, guid, force=True)).seen == NOT_AUTHORIZED


def test_a_key_that_is_set_for_deletion_says_for_how_long_and_stays_active(
    keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    assert authorization_of(keys, key, guid)["keySetForDeletion"] is False
    before = datetime.fromisoformat(only_key(keys.get_key_metadata(key, guid))["creationDate"])
    assert keys.set_key_for_deletion(key, guid).get_status_code() == 204
    authorization = authorization_of(keys, key, guid)
    assert (authorization["enabled"], authorization["keySetForDeletion"]) == (True, True)
    ends = datetime.fromisoformat(authorization["authExpiration"])
    assert ends - before >= timedelta(days=7)
    assert ends - before < timedelta(days=8)
    assert keys.wrap_key(key, guid).get_result()["ciphertext"]


def test_who_set_a_key_for_deletion_does_not_delete_it(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.set_key_for_deletion(key, guid)
    assert refusal_of(lambda: keys.delete_key(key, guid)).seen == NOT_AUTHORIZED


def test_who_set_a_key_for_deletion_does_not_delete_it_as_a_trusted_profile(
    product: Product, keys: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    operator, owner = Operator(product.info), iam_id_of(token_of_the_owner(product))
    profile = operator.create_profile()
    grant_on_instance(operator, profile["iam_id"], MANAGER, guid)
    operator.iam.set_profile_identity(profile["id"], "user", identifier=owner, type="user")
    login = IAMAssumeAuthenticator(product.info["api_key"], iam_profile_id=profile["id"], url=product.info["iam_url"])
    keys.set_key_for_deletion(key, guid)
    assert refusal_of(lambda: client_with(login, product).delete_key(key, guid)).seen == NOT_AUTHORIZED


def test_another_identity_deletes_a_key_that_is_set_for_deletion(
    keys: IbmKeyProtectApiV2, manager: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.set_key_for_deletion(key, guid)
    deleted = only_key(manager.delete_key(key, guid, prefer="return=representation"))
    assert (deleted["state"], deleted["deleted"]) == (5, True)


def test_a_writer_gives_the_first_authorization_and_not_the_second(
    keys: IbmKeyProtectApiV2, writer: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    assert refusal_of(lambda: writer.delete_key(key, guid)).status == 401
    assert writer.set_key_for_deletion(key, guid).get_status_code() == 204
    assert keys.delete_key(key, guid).get_status_code() == 204


def test_an_authorization_that_was_taken_back_lets_no_one_delete_the_key(
    keys: IbmKeyProtectApiV2, manager: IbmKeyProtectApiV2, key: str, guid: str
) -> None:
    keys.set_key_for_deletion(key, guid)
    assert manager.unset_key_for_deletion(key, guid).get_status_code() == 204
    authorization = authorization_of(keys, key, guid)
    assert (authorization["keySetForDeletion"], "authExpiration" in authorization) == (False, False)
    assert refusal_of(lambda: manager.delete_key(key, guid)).seen == NOT_AUTHORIZED


def test_a_key_without_the_policy_is_not_set_for_deletion(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    assert refusal_of(lambda: keys.set_key_for_deletion(key, guid)).seen == NO_SUCH_POLICY
    assert refusal_of(lambda: keys.unset_key_for_deletion(key, guid)).seen == NO_SUCH_POLICY


def test_a_key_whose_policy_is_off_is_deleted_by_one_alone(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    keys.put_policy(key, guid, collection(dual_authorization(False)))
    assert refusal_of(lambda: keys.set_key_for_deletion(key, guid)).seen == NO_SUCH_POLICY
    assert keys.delete_key(key, guid).get_status_code() == 204


def test_a_disabled_key_is_not_set_for_deletion(keys: IbmKeyProtectApiV2, key: str, guid: str) -> None:
    keys.disable_key(key, guid)
    refusal = refusal_of(lambda: keys.set_key_for_deletion(key, guid))
    assert refusal.seen == (409, "KEY_ACTION_INVALID_STATE_ERR")


def test_a_standard_key_takes_two_to_delete_as_well(
    keys: IbmKeyProtectApiV2, manager: IbmKeyProtectApiV2, guid: str
) -> None:
    key = create_key(keys, guid, extractable=True)["id"]
    keys.put_policy(key, guid, collection(dual_authorization()))
    keys.set_key_for_deletion(key, guid)
    assert refusal_of(lambda: keys.delete_key(key, guid)).seen == NOT_AUTHORIZED
    assert manager.delete_key(key, guid).get_status_code() == 204
