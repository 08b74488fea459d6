"""Policies, deletion by two identities and imports with IBM's Key Protect client for Go, which encrypts by itself."""

import base64
import secrets
from typing import Any

import pytest

from tests.conformance.sdks import Sdk
from tests.conformance.test_sdk_key_protect_in_go import GO, GoClient, refused
from tests.live.key_protect import MANAGER, api_key_of_a_service_id
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.service_instances import instances_of

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.parametrize("sdk", GO, indirect=True, ids=lambda language: language.name),
]


@pytest.fixture
def instance(product: Product) -> str:
    """GUID of an instance without keys, policies and import tokens."""
    return str(instances_of(product)("kms", "us-south")["guid"])


@pytest.fixture
def go(sdk: Sdk, product: Product, instance: str) -> GoClient:
    return GoClient(sdk, product, instance=instance)


@pytest.fixture
def key(go: GoClient) -> str:
    """Id of a new root key."""
    return str(go("create", name="root")["id"])


# --- policies ---------------------------------------------------------------------------------------------------


@pytest.mark.operation("Key Protect: policies of a key, one by one and together", elsewhere="not tried")
def test_policies_of_a_key_are_set_one_by_one_and_together(go: GoClient, key: str) -> None:
    assert (go("policies", key), go("rotation_policy", key)) == ({"policies": None}, {"policy": None})
    policy = go("set_rotation_policy", key, months=3)["policy"]
    assert policy["rotation"] == {"enabled": True, "interval_month": 3}
    assert set(policy) == {"type", "createdBy", "creationDate", "crn", "lastUpdateDate", "updatedBy", "rotation"}
    assert go("disable_rotation_policy", key)["policy"]["rotation"] == {"enabled": False, "interval_month": 3}
    assert go("enable_rotation_policy", key)["policy"]["rotation"] == {"enabled": True, "interval_month": 3}
    assert go("set_deletion_policy", key, enabled=False)["policy"]["dualAuthDelete"] == {"enabled": False}
    assert len(go("set_policies", key, months=12, enabled=False)["policies"]) == 2
    assert go("rotation_policy", key)["policy"]["rotation"]["interval_month"] == 12
    with refused(400, "INVALID_FIELD_ERR"):
        go("set_rotation_policy", key, months=0)


@pytest.mark.operation("Key Protect: a key is created with policies of its own", elsewhere="not tried")
def test_a_key_with_overrides_has_those_policies_and_none_of_its_instance(go: GoClient) -> None:
    go("set_instance_rotation_policy", enabled=True, months=5)
    assert go("create", name="of the instance")["rotation"] == {"enabled": True, "interval_month": 5}
    key = go("create_with_overrides", name="of its own", months=9, enabled=True)
    assert key["rotation"] == {"enabled": True, "interval_month": 9}
    assert key["dualAuthDelete"] == {"enabled": True}
    plain = go("create_with_overrides", name="plain")["id"]
    assert go("rotation_policy", plain)["policy"] is None


def data_of(answer: Any) -> Any:
    return answer["policy"]["policy_data"]


@pytest.mark.operation("Key Protect: policies of an instance", elsewhere="not tried")
def test_policies_of_an_instance_are_set_and_read_back(go: GoClient) -> None:
    assert go("instance_policies") == {"policies": None}
    go("set_instance_deletion_policy", enabled=True)
    assert data_of(go("instance_deletion_policy")) == {"enabled": True}
    go("set_instance_rotation_policy", enabled=True, months=4)
    assert data_of(go("instance_rotation_policy")) == {"enabled": True, "attributes": {"interval_month": 4}}
    go("set_instance_rotation_policy", enabled=False)
    assert data_of(go("instance_rotation_policy"))["enabled"] is False
    go("set_instance_policies", enabled=True)
    kinds = {each["policy_type"] for each in go("instance_policies")["policies"]}
    assert kinds == {"dualAuthDelete", "rotation", "metrics", "allowedNetwork"}


@pytest.mark.operation("Key Protect: an instance allows some kinds of new keys", elsewhere="not tried")
def test_an_instance_refuses_the_new_keys_that_its_policy_does_not_allow(go: GoClient) -> None:
    go("set_instance_access_policy", enabled=True, attributes={"CreateRootKey": False})
    with refused(409, "KEY_CREATE_IMPORT_ACCESS_ERR"):
        go("create", name="root")
    go("set_instance_access_policy", enabled=False)
    attributes = data_of(go("instance_access_policy"))["attributes"]
    assert attributes["create_root_key"] is True
    assert go("create", name="root")["state"] == 1


# --- deletion by two identities ---------------------------------------------------------------------------------


@pytest.mark.operation("Key Protect: a key is deleted by two identities", elsewhere="not tried")
def test_a_key_with_dual_authorization_is_deleted_by_two(
    go: GoClient, sdk: Sdk, product: Product, instance: str, key: str
) -> None:
    api_key = api_key_of_a_service_id(Operator(product.info), MANAGER, instance)
    other = GoClient(sdk, product, instance=instance, api_key=api_key)
    with refused(409, "NOT_DUAL_AUTH_ERR"):
        go("initiate_deletion", key)
    go("set_deletion_policy", key, enabled=True)
    with refused(409, "AUTHORIZATIONS_NOT_MET"):
        go("delete", key)
    go("initiate_deletion", key)
    go("cancel_deletion", key)
    with refused(409, "AUTHORIZATIONS_NOT_MET"):
        other("delete", key)
    go("initiate_deletion", key)
    with refused(409, "AUTHORIZATIONS_NOT_MET"):
        go("delete", key)
    assert other("delete", key)["state"] == 5


# --- imports ----------------------------------------------------------------------------------------------------


def new_material() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.mark.operation("Key Protect: import and rotate a root key under an import token", elsewhere="not tried")
def test_a_root_key_that_the_client_encrypted_is_imported_and_rotated(go: GoClient) -> None:
    assert go("create_import_token", seconds=300, reads=1)["token"]["remainingRetrievals"] == 1
    token = go("import_token")["token"]
    with refused(409, "IMPORT_TOKEN_EXPIRED_ERR"):
        go("import_token")
    transport = {"public_key": token["payload"], "nonce": token["nonce"]}
    key = go("import", name="imported", payload=new_material(), **transport)
    assert key["imported"] is True
    wrapped = go("wrap", key["id"])
    go("rotate_with_import", key["id"], payload=new_material(), **transport)
    assert len(go("versions", key["id"])["ids"]) == 2
    assert go("unwrap", key["id"], ciphertext=wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]
    other_nonce = {**transport, "nonce": base64.b64encode(bytes(12)).decode()}
    with refused(400, "INCORRECT_NONCE_ERR"):
        go("import", name="imported", payload=new_material(), **other_nonce)


# --- registrations ----------------------------------------------------------------------------------------------


@pytest.mark.operation("Key Protect: registrations, and telling resources about a key", elsewhere="not tried")
def test_a_key_that_no_service_uses_has_no_registrations(go: GoClient, key: str) -> None:
    assert (go("registrations", key), go("registrations")) == ({"number": 0}, {"number": 0})
    go("sync", key)
    with refused(409, "REQ_TOO_EARLY_ERR"):
        go("sync", key)
