"""Policies of instances, and what they do, as an operator sets them with IBM's Python client."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2
from keyprotect.ibm_key_protect_api_v2 import (
    CollectionMetadataOneOfCollectionMetadata,
    GetInstancePoliciesOneOfGetMultipleInstancePolicies,
    GetKeyPoliciesOneOfGetKeyPolicyRotation,
    SetKeyPoliciesOneOfSetKeyPolicyRotation,
)

from tests.live.key_policies import POLICY_TYPE, collection, kinds_of, of_instance, policies_in, rotation
from tests.live.key_protect import (
    create_key,
    only_key,
    refusal_of,
)
from tests.live.own_instances import guid, keys, new_instance, shared_guid
from tests.tables import check_each

__all__ = ["guid", "keys", "new_instance", "shared_guid"]

pytestmark = pytest.mark.live

MATERIAL = base64.b64encode(bytes(32)).decode()
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


# --- policies of an instance ------------------------------------------------------------------------------------


def test_a_new_instance_has_no_policies(keys: IbmKeyProtectApiV2, shared_guid: str) -> None:
    assert policies_in(keys.get_instance_policy(shared_guid)) == []


EVERY_KEY = {
    "create_root_key": True,
    "create_standard_key": True,
    "import_root_key": True,
    "import_standard_key": True,
    "enforce_token": False,
}
INSTANCE_POLICIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dualAuthDelete": (of_instance("dualAuthDelete"), {"enabled": True}),
    "rotation": (of_instance("rotation", interval_month=4), {"enabled": True, "attributes": {"interval_month": 4}}),
    "keyCreateImportAccess": (
        of_instance("keyCreateImportAccess", import_root_key=False),
        {"enabled": True, "attributes": {**EVERY_KEY, "import_root_key": False}},
    ),
    "metrics": (of_instance("metrics"), {"enabled": True}),
    "allowedNetwork": (
        of_instance("allowedNetwork", allowed_network="public-and-private"),
        {"enabled": True, "attributes": {"allowed_network": "public-and-private"}},
    ),
    "allowedIP": (
        of_instance("allowedIP", allowed_ip=["127.0.0.0/8", "::1/128"]),
        {"enabled": True, "attributes": {"allowed_ip": ["127.0.0.0/8", "::1/128"]}},
    ),
}


def test_each_policy_of_an_instance_is_read_back_with_who_set_it_and_when(keys: IbmKeyProtectApiV2, guid: str) -> None:
    def check(kind: str) -> None:
        policy, data = INSTANCE_POLICIES[kind]
        response = keys.put_instance_policy(guid, collection(policy), policy=kind)
        assert (response.get_status_code(), response.get_result()) == (204, None)
        [stored] = policies_in(keys.get_instance_policy(guid, policy=kind))
        assert (stored["policy_type"], stored["policy_data"]) == (kind, data)
        assert stored["createdBy"] == stored["updatedBy"] != ""
        assert [bool(INSTANT.fullmatch(stored[name])) for name in ("creationDate", "lastUpdated")] == [True, True]

    check_each(INSTANCE_POLICIES, check)
    assert {each["policy_type"] for each in policies_in(keys.get_instance_policy(guid))} == set(INSTANCE_POLICIES)


def test_several_policies_of_an_instance_are_set_at_once(keys: IbmKeyProtectApiV2, guid: str) -> None:
    body = collection(of_instance("metrics"), of_instance("dualAuthDelete", enabled=False))
    assert keys.put_instance_policy(guid, body).get_status_code() == 204
    kinds = {
        each["policy_type"]: each["policy_data"]["enabled"] for each in policies_in(keys.get_instance_policy(guid))
    }
    assert kinds == {"metrics": True, "dualAuthDelete": False}


def test_a_policy_about_new_keys_that_is_switched_off_shows_its_defaults(keys: IbmKeyProtectApiV2, guid: str) -> None:
    kind = "keyCreateImportAccess"
    keys.put_instance_policy(guid, collection(of_instance(kind, create_root_key=False)))
    keys.put_instance_policy(guid, collection(of_instance(kind, enabled=False)))
    [policy] = policies_in(keys.get_instance_policy(guid, policy=kind))
    assert policy["policy_data"] == {"enabled": False, "attributes": EVERY_KEY}
    assert create_key(keys, guid)["state"] == 1


INSTANCE_POLICY_FAULTS: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "policy of another type than the parameter": (
        collection(of_instance("metrics")),
        "dualAuthDelete",
        "BODY_QUERY_PARAM_MISMATCH_ERR",
    ),
    "wrong number": (collection(of_instance("metrics"), total=2), "metrics", "COLLECTION_TOTAL_MISMATCH_ERR"),
    "one type twice": (
        collection(of_instance("metrics"), of_instance("metrics", enabled=False)),
        None,
        "NUM_COLLECTION_RESOURCE_ERR",
    ),
    "attribute that dual authorization has not": (
        collection(of_instance("dualAuthDelete", interval_month=1)),
        "dualAuthDelete",
        "BAD_BODY_ERR",
    ),
    "rotation without an interval": (collection(of_instance("rotation")), "rotation", "INVALID_FIELD_ERR"),
    "rotation every 13 months": (
        collection(of_instance("rotation", interval_month=13)),
        "rotation",
        "INVALID_FIELD_ERR",
    ),
    "network that is none": (
        collection(of_instance("allowedNetwork", allowed_network="everywhere")),
        None,
        "INVALID_FIELD_ERR",
    ),
    "address that is none": (collection(of_instance("allowedIP", allowed_ip=["host"])), None, "INVALID_FIELD_ERR"),
}


def test_a_policy_of_an_instance_that_cannot_be_is_refused_and_changes_nothing(
    keys: IbmKeyProtectApiV2, shared_guid: str
) -> None:
    def check(name: str) -> None:
        body, kind, code = INSTANCE_POLICY_FAULTS[name]
        assert refusal_of(lambda: keys.put_instance_policy(shared_guid, body, policy=kind)).seen == (400, code)

    check_each(INSTANCE_POLICY_FAULTS, check)
    assert policies_in(keys.get_instance_policy(shared_guid)) == []


def test_answers_about_policies_fit_the_models_of_the_client(keys: IbmKeyProtectApiV2, guid: str) -> None:
    key = create_key(keys, guid)["id"]
    total = CollectionMetadataOneOfCollectionMetadata(collection_type=POLICY_TYPE, collection_total=1)
    typed = SetKeyPoliciesOneOfSetKeyPolicyRotation(metadata=total, resources=[rotation(interval_month=3)])
    of_key = keys.put_policy(key, guid, typed, policy="rotation").get_result()
    assert GetKeyPoliciesOneOfGetKeyPolicyRotation.from_dict(of_key).to_dict() == of_key
    keys.put_instance_policy(guid, collection(*(policy for policy, _ in INSTANCE_POLICIES.values())))
    of_all = keys.get_instance_policy(guid).get_result()
    assert GetInstancePoliciesOneOfGetMultipleInstancePolicies.from_dict(of_all).to_dict() == of_all


# --- what policies of an instance do ----------------------------------------------------------------------------


def test_keys_carry_the_policies_that_their_instance_had_when_they_were_created(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    earlier = create_key(keys, guid)
    body = collection(of_instance("rotation", interval_month=5), of_instance("dualAuthDelete"))
    keys.put_instance_policy(guid, body)
    later = create_key(keys, guid)
    keys.put_instance_policy(guid, collection(of_instance("rotation", enabled=False)))
    assert kinds_of(keys, earlier, guid) == set()
    assert kinds_of(keys, later, guid) == {"rotation", "dualAuthDelete"}
    assert only_key(keys.get_key(later["id"], guid))["rotation"] == {"enabled": True, "interval_month": 5}
    assert kinds_of(keys, create_key(keys, guid), guid) == {"dualAuthDelete"}


def test_the_rotation_policy_of_an_instance_is_for_generated_root_keys_alone(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    keys.put_instance_policy(guid, collection(of_instance("rotation", interval_month=5)))
    assert kinds_of(keys, create_key(keys, guid), guid) == {"rotation"}
    assert kinds_of(keys, create_key(keys, guid, payload=MATERIAL), guid) == set()
    assert kinds_of(keys, create_key(keys, guid, extractable=True), guid) == set()


NEW_KEYS: dict[str, dict[str, Any]] = {
    "create_root_key": {},
    "create_standard_key": {"extractable": True},
    "import_root_key": {"payload": MATERIAL},
    "import_standard_key": {"extractable": True, "payload": MATERIAL},
}


def test_an_instance_takes_only_the_kinds_of_new_keys_that_its_policy_allows(
    keys: IbmKeyProtectApiV2, guid: str
) -> None:
    def check(attribute: str) -> None:
        keys.put_instance_policy(guid, collection(of_instance("keyCreateImportAccess", **{attribute: False})))
        refusal = refusal_of(lambda: create_key(keys, guid, **NEW_KEYS[attribute]))
        assert refusal.seen == (409, "KEY_CREATE_IMPORT_ACCESS_ERR")
        for other in set(NEW_KEYS) - {attribute}:
            assert create_key(keys, guid, **NEW_KEYS[other])["state"] == 1

    check_each(NEW_KEYS, check)


CLOSED: dict[str, dict[str, Any]] = {
    "network": of_instance("allowedNetwork", allowed_network="private-only"),
    "addresses": of_instance("allowedIP", allowed_ip=["192.0.2.0/24"]),
}


@pytest.mark.parametrize("name", CLOSED)
def test_an_instance_answers_only_where_its_policy_lets_calls_come_from(
    keys: IbmKeyProtectApiV2, guid: str, name: str
) -> None:
    key = create_key(keys, guid)["id"]
    keys.put_instance_policy(guid, collection(CLOSED[name]))
    attempts: list[Callable[[], Any]] = [lambda: keys.wrap_key(key, guid), lambda: keys.get_instance_policy(guid)]
    for attempt in attempts:
        refusal = refusal_of(attempt)
        assert refusal.status == 401
        assert "the region is incorrectly set" in refusal.message


def test_an_instance_has_no_port_for_allowed_addresses(keys: IbmKeyProtectApiV2, shared_guid: str) -> None:
    answer = keys.get_allowed_ip_port(shared_guid).get_result()
    assert (answer["metadata"]["collectionTotal"], answer.get("resources", [])) == (0, [])
