"""Policies of keys, as an operator sets them with IBM's Python client."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_policies import (
    POLICY_TYPE,
    collection,
    dual_authorization,
    kinds_of,
    of_instance,
    policies_in,
    rotation,
)
from tests.live.key_protect import (
    KEY_TYPE,
    WRITER,
    client_of_a_service_id,
    create_key,
    new_name,
    only_key,
    refusal_of,
)
from tests.live.own_instances import guid, keys, new_instance, shared_guid
from tests.live.product import Product
from tests.tables import check_each

__all__ = ["guid", "keys", "new_instance", "shared_guid"]

pytestmark = pytest.mark.live

MATERIAL = base64.b64encode(bytes(32)).decode()
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def writer(product: Product, shared_guid: str) -> IbmKeyProtectApiV2:
    """A client of an identity that may create keys, and may not set policies."""
    return client_of_a_service_id(product, WRITER, shared_guid)


@pytest.fixture
def key(keys: IbmKeyProtectApiV2, shared_guid: str) -> str:
    """Id of a new root key."""
    return str(create_key(keys, shared_guid)["id"])


# --- policies of a key ------------------------------------------------------------------------------------------


def test_a_new_key_has_no_policies(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    assert policies_in(keys.get_policy(key, shared_guid)) == []


def test_a_rotation_policy_is_read_back_with_who_set_it_and_when(
    keys: IbmKeyProtectApiV2, key: str, shared_guid: str
) -> None:
    response = keys.put_policy(key, shared_guid, collection(rotation(enabled=True, interval_month=3)))
    assert response.get_status_code() == 200
    [policy] = policies_in(keys.get_policy(key, shared_guid, policy="rotation"))
    assert policies_in(response) == [policy]
    assert policy["rotation"] == {"enabled": True, "interval_month": 3}
    assert policy["type"] == POLICY_TYPE
    assert policy["crn"].endswith(f":{shared_guid}:key:{key}")
    assert policy["createdBy"] == policy["updatedBy"] == only_key(keys.get_key_metadata(key, shared_guid))["createdBy"]
    assert [bool(INSTANT.fullmatch(policy[name])) for name in ("creationDate", "lastUpdateDate")] == [True, True]


def test_both_policies_are_set_at_once_and_read_one_by_one(
    keys: IbmKeyProtectApiV2, key: str, shared_guid: str
) -> None:
    body = collection(rotation(interval_month=12), dual_authorization(False))
    assert len(policies_in(keys.put_policy(key, shared_guid, body))) == 2
    for kind, values in {
        "rotation": {"enabled": True, "interval_month": 12},
        "dualAuthDelete": {"enabled": False},
    }.items():
        [policy] = policies_in(keys.get_policy(key, shared_guid, policy=kind))
        assert policy[kind] == values


def test_an_answer_has_only_the_policies_of_the_request(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    keys.put_policy(key, shared_guid, collection(dual_authorization(False)), policy="dualAuthDelete")
    [policy] = policies_in(keys.put_policy(key, shared_guid, collection(rotation(interval_month=1)), policy="rotation"))
    assert "dualAuthDelete" not in policy
    assert len(policies_in(keys.get_policy(key, shared_guid))) == 2


def test_a_rotation_policy_that_is_switched_off_keeps_its_interval(
    keys: IbmKeyProtectApiV2, key: str, shared_guid: str
) -> None:
    keys.put_policy(key, shared_guid, collection(rotation(interval_month=6)))
    [policy] = policies_in(keys.put_policy(key, shared_guid, collection(rotation(enabled=False))))
    assert policy["rotation"] == {"enabled": False, "interval_month": 6}


def test_a_key_shows_its_policies(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    keys.put_policy(key, shared_guid, collection(rotation(interval_month=2), dual_authorization()))
    for content in (only_key(keys.get_key(key, shared_guid)), only_key(keys.get_key_metadata(key, shared_guid))):
        assert content["rotation"] == {"enabled": True, "interval_month": 2}
        assert content["dualAuthDelete"]["enabled"] is True


def test_dual_authorization_is_never_taken_back(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    keys.put_policy(key, shared_guid, collection(dual_authorization()))
    refusal = refusal_of(lambda: keys.put_policy(key, shared_guid, collection(dual_authorization(False))))
    assert refusal.seen == (409, "POLICY_CHANGE_ERR")


KEY_POLICY_FAULTS: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "interval of 0 months": (collection(rotation(interval_month=0)), None, "INVALID_FIELD_ERR"),
    "interval of 13 months": (collection(rotation(interval_month=13)), "rotation", "INVALID_FIELD_ERR"),
    "no interval at first": (collection(rotation(enabled=True)), None, "INVALID_FIELD_ERR"),
    "policy of another type than the parameter": (
        collection(dual_authorization()),
        "rotation",
        "BODY_QUERY_PARAM_MISMATCH_ERR",
    ),
    "wrong number": (collection(rotation(interval_month=1), total=2), None, "COLLECTION_TOTAL_MISMATCH_ERR"),
    "one type twice": (
        collection(rotation(interval_month=1), rotation(interval_month=2)),
        None,
        "NUM_COLLECTION_RESOURCE_ERR",
    ),
    "unknown member": (collection(rotation(interval_month=1, colour="blue")), None, "BAD_BODY_ERR"),
}


def test_a_policy_of_a_key_that_cannot_be_is_refused_and_changes_nothing(
    keys: IbmKeyProtectApiV2, key: str, shared_guid: str
) -> None:
    def check(name: str) -> None:
        body, kind, code = KEY_POLICY_FAULTS[name]
        assert refusal_of(lambda: keys.put_policy(key, shared_guid, body, policy=kind)).seen == (400, code)

    check_each(KEY_POLICY_FAULTS, check)
    assert policies_in(keys.get_policy(key, shared_guid)) == []


def test_a_wrong_interval_is_named_in_its_refusal(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    refusal = refusal_of(lambda: keys.put_policy(key, shared_guid, collection(rotation(interval_month=13))))
    assert refusal.reason["target"] == {"type": "field", "name": "interval_month"}


NOT_ROTATED: dict[str, tuple[dict[str, Any], str]] = {
    "imported root key": ({"payload": MATERIAL}, "KEY_GEN_REQ_ERR"),
    "standard key": ({"extractable": True}, "KEY_ROOT_REQ_ERR"),
}


def test_only_a_generated_root_key_has_a_rotation_policy(keys: IbmKeyProtectApiV2, shared_guid: str) -> None:
    def check(name: str) -> None:
        members, code = NOT_ROTATED[name]
        key = create_key(keys, shared_guid, **members)["id"]
        refusal = refusal_of(lambda: keys.put_policy(key, shared_guid, collection(rotation(interval_month=1))))
        assert refusal.seen == (400, code)

    check_each(NOT_ROTATED, check)


def test_policies_of_a_destroyed_key_are_read_and_not_set(keys: IbmKeyProtectApiV2, key: str, shared_guid: str) -> None:
    keys.put_policy(key, shared_guid, collection(rotation(interval_month=1)))
    keys.delete_key(key, shared_guid)
    [policy] = policies_in(keys.get_policy(key, shared_guid))
    assert policy["rotation"]["interval_month"] == 1
    refusal = refusal_of(lambda: keys.put_policy(key, shared_guid, collection(rotation(interval_month=2))))
    assert refusal.seen == (409, "KEY_ACTION_INVALID_STATE_ERR")


MANAGER_ALONE: dict[str, Callable[[IbmKeyProtectApiV2, str, str], Any]] = {
    "get policies of a key": lambda client, key, guid: client.get_policy(key, guid),
    "set policies of a key": lambda client, key, guid: client.put_policy(
        key, guid, collection(rotation(interval_month=1))
    ),
    "get policies of an instance": lambda client, _, guid: client.get_instance_policy(guid),
    "set policies of an instance": lambda client, _, guid: client.put_instance_policy(
        guid, collection(of_instance("metrics"))
    ),
    "create a key with policies": lambda client, _, guid: create_key_with_overrides(client, guid),
    "read the port of allowed addresses": lambda client, _, guid: client.get_allowed_ip_port(guid),
}


def test_policies_are_for_a_manager_alone(
    keys: IbmKeyProtectApiV2, writer: IbmKeyProtectApiV2, key: str, shared_guid: str
) -> None:
    def check(name: str) -> None:
        attempt = MANAGER_ALONE[name]
        refusal = refusal_of(lambda: attempt(writer, key, shared_guid))
        assert refusal.seen == (401, "UNAUTHORIZED_ERR")
        assert "Manager" in refusal.reason["message"]

    check_each(MANAGER_ALONE, check)


# --- keys that are created with policies of their own -----------------------------------------------------------


def create_key_with_overrides(client: IbmKeyProtectApiV2, guid: str, **members: Any) -> dict[str, Any]:
    """The answer for a new root key with policies, whatever those of its instance are."""
    key = {"type": KEY_TYPE, "name": new_name(), "extractable": False, **members}
    body = {"metadata": {"collectionType": KEY_TYPE, "collectionTotal": 1}, "resources": [key]}
    response = client.create_key_with_policies_overrides(guid, body)
    assert response.get_status_code() == 201
    return only_key(response)


def test_a_key_with_overrides_has_those_policies_and_none_of_its_instance(keys: IbmKeyProtectApiV2, guid: str) -> None:
    body = collection(of_instance("rotation", interval_month=5), of_instance("dualAuthDelete"))
    keys.put_instance_policy(guid, body)
    rotated = create_key_with_overrides(keys, guid, rotation={"enabled": True, "interval_month": 9})
    assert kinds_of(keys, rotated, guid) == {"rotation"}
    assert only_key(keys.get_key(rotated["id"], guid))["rotation"] == {"enabled": True, "interval_month": 9}
    assert kinds_of(keys, create_key_with_overrides(keys, guid), guid) == set()


OVERRIDE_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "interval of 0 months": ({"rotation": {"interval_month": 0}}, "INVALID_FIELD_ERR"),
    "no interval": ({"rotation": {"enabled": True}}, "INVALID_FIELD_ERR"),
    "rotation of a standard key": ({"extractable": True, "rotation": {"interval_month": 1}}, "KEY_ROOT_REQ_ERR"),
    "rotation of an imported key": ({"payload": MATERIAL, "rotation": {"interval_month": 1}}, "KEY_GEN_REQ_ERR"),
    "unknown policy": ({"metrics": {"enabled": True}}, "BAD_BODY_ERR"),
}


def test_overrides_that_cannot_be_are_refused_and_no_key_is_made(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(name: str) -> None:
        members, code = OVERRIDE_FAULTS[name]
        assert refusal_of(lambda: create_key_with_overrides(keys, guid, **members)).seen == (400, code)

    check_each(OVERRIDE_FAULTS, check)
    assert "resources" not in keys.get_keys(guid).get_result()


def test_policies_in_a_request_for_a_plain_key_are_unknown_members(keys: IbmKeyProtectApiV2, shared_guid: str) -> None:
    refusal = refusal_of(lambda: create_key(keys, shared_guid, rotation={"enabled": True, "interval_month": 9}))
    assert refusal.seen == (400, "BAD_BODY_ERR")
