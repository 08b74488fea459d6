"""The calls of IBM's Terraform provider for policies of keys and instances, and its data sources, in its order (Key
Protect contract, sections 2.5 and 8.3, edge cases 9 and 10 of section 9)."""

from typing import Any

import pytest

from controlplane.instances.models import ResourceInstance
from tests.keyprotect import provider_data_sources as data
from tests.keyprotect.provider_keys import RootOrStandardKey
from tests.keyprotect.provider_policies import InstancePolicies, KeyPolicies, KeyWithPolicyOverrides
from tests.keyprotect.provider_session import BLOCKS_OF_INSTANCES, CREATED_AGAIN, CallFailed, Session, applied, changed
from tests.keyprotect.stored import store_keys

# --- policies of keys -----------------------------------------------------------------------------------------------

KEY_POLICIES: dict[str, dict[str, Any]] = {
    "rotation": {"rotation": {"interval_month": 3}},
    "disabled rotation": {"rotation": {"enabled": False, "interval_month": 3}},
    "dual authorization": {"dual_auth_delete": {"enabled": True}},
    "no dual authorization": {"dual_auth_delete": {"enabled": False}},
    "both": {"rotation": {"interval_month": 12}, "dual_auth_delete": {"enabled": True}},
}


@pytest.mark.parametrize("kind", KEY_POLICIES)
def test_policies_of_a_key_are_read_as_they_were_configured(
    terraform: Session, guid: str, root_key: str, kind: str
) -> None:
    policies = applied(KeyPolicies(terraform, instance_id=guid, key_id=root_key, **KEY_POLICIES[kind]))
    policies.destroy()


def test_policies_of_a_key_that_an_alias_names_are_those_of_the_key(
    terraform: Session, guid: str, root_key: str
) -> None:
    policies = KeyPolicies(terraform, instance_id=guid, alias="db", rotation={"interval_month": 3})
    policies.apply()
    assert (policies.state["key_id"], policies.state["rotation"]) == (root_key, {"enabled": True, "interval_month": 3})


@pytest.mark.parametrize("dual", [False, True])
def test_both_policies_of_a_key_are_sent_again_when_one_is_changed(
    terraform: Session, guid: str, root_key: str, dual: bool
) -> None:
    configuration = {"rotation": {"interval_month": 3}, "dual_auth_delete": {"enabled": dual}}
    policies = applied(KeyPolicies(terraform, instance_id=guid, key_id=root_key, **configuration))
    changed(policies, rotation={"interval_month": 6})
    changed(policies, dual_auth_delete={"enabled": True})


def test_a_rotation_that_is_disabled_without_an_interval_keeps_its_interval(
    terraform: Session, guid: str, root_key: str
) -> None:
    policies = applied(KeyPolicies(terraform, instance_id=guid, key_id=root_key, rotation={"interval_month": 3}))
    for enabled in (False, True):
        policies.apply(rotation={"enabled": enabled})
        assert policies.state["rotation"] == {"enabled": enabled, "interval_month": 3}


def test_a_rotation_is_not_created_without_an_interval(terraform: Session, guid: str, root_key: str) -> None:
    with pytest.raises(CallFailed, match="interval_month") as error:
        KeyPolicies(terraform, instance_id=guid, key_id=root_key, rotation={"enabled": True}).apply()
    assert error.value.status == 400


def test_policies_of_a_destroyed_key_are_created_again_by_the_next_plan(terraform: Session, guid: str) -> None:
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    policies = applied(KeyPolicies(terraform, instance_id=guid, key_id=key.key, rotation={"interval_month": 3}))
    key.destroy()
    assert policies.plan() == CREATED_AGAIN


def test_a_key_under_dual_authorization_is_not_destroyed_by_one_operator(terraform: Session, guid: str) -> None:
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    applied(KeyPolicies(terraform, instance_id=guid, key_id=key.key, dual_auth_delete={"enabled": True}))
    with pytest.raises(CallFailed, match="AUTHORIZATIONS_NOT_MET"):
        key.destroy()


OVERRIDES: dict[str, dict[str, Any]] = {
    "none": {},
    "rotation": {"rotation": {"enabled": True, "interval_month": 3}},
    "disabled rotation": {"rotation": {"enabled": False, "interval_month": 3}},
    "dual authorization": {"dual_auth_delete": {"enabled": True}},
    "both": {"rotation": {"enabled": True, "interval_month": 3}, "dual_auth_delete": {"enabled": True}},
}


@pytest.mark.parametrize("kind", OVERRIDES)
def test_a_key_with_policy_overrides_is_read_as_it_was_configured(terraform: Session, guid: str, kind: str) -> None:
    applied(KeyWithPolicyOverrides(terraform, instance_id=guid, key_name="root", **OVERRIDES[kind]))


def test_policy_overrides_are_changed_and_the_key_is_destroyed(terraform: Session, guid: str) -> None:
    configuration = {"rotation": {"enabled": True, "interval_month": 3}, "dual_auth_delete": {"enabled": False}}
    key = applied(KeyWithPolicyOverrides(terraform, instance_id=guid, key_name="root", **configuration))
    changed(key, rotation={"enabled": True, "interval_month": 6})
    key.destroy()
    assert key.plan() == CREATED_AGAIN


def test_a_key_with_policy_overrides_has_none_of_the_instance(terraform: Session, guid: str) -> None:
    applied(InstancePolicies(terraform, instance_id=guid, rotation={"enabled": True, "interval_month": 3}))
    key = applied(KeyWithPolicyOverrides(terraform, instance_id=guid, key_name="root"))
    assert data.policies_by_id(terraform, guid, key.key) == {}


# --- policies of instances ------------------------------------------------------------------------------------------

RESTRICTED = {"enabled": True, "create_standard_key": False, "enforce_token": True}
INSTANCE_POLICIES: dict[str, dict[str, Any]] = {
    "dual authorization": {"dual_auth_delete": {"enabled": True}},
    "no dual authorization": {"dual_auth_delete": {"enabled": False}},
    "rotation": {"rotation": {"enabled": True, "interval_month": 3}},
    "disabled rotation": {"rotation": {"enabled": False}},
    "metrics": {"metrics": {"enabled": True}},
    "restricted creation": {"key_create_import_access": RESTRICTED},
    "disabled restriction of creation": {"key_create_import_access": {"enabled": False}},
    "all": {
        "dual_auth_delete": {"enabled": True},
        "rotation": {"enabled": True, "interval_month": 12},
        "metrics": {"enabled": False},
        "key_create_import_access": {"enabled": True},
    },
}


@pytest.mark.parametrize("kind", INSTANCE_POLICIES)
def test_policies_of_an_instance_are_read_as_they_were_configured(terraform: Session, guid: str, kind: str) -> None:
    policies = applied(InstancePolicies(terraform, instance_id=guid, **INSTANCE_POLICIES[kind]))
    policies.destroy()


@pytest.mark.parametrize("kind", ["disabled rotation", "restricted creation", "no dual authorization"])
def test_policies_of_an_instance_are_enabled_and_disabled_again(terraform: Session, guid: str, kind: str) -> None:
    opposites: dict[str, dict[str, Any]] = {
        "disabled rotation": {"rotation": {"enabled": True, "interval_month": 6}},
        "restricted creation": {"key_create_import_access": {"enabled": False}},
        "no dual authorization": {"dual_auth_delete": {"enabled": True}},
    }
    policies = applied(InstancePolicies(terraform, instance_id=guid, **INSTANCE_POLICIES[kind]))
    changed(policies, **opposites[kind])
    changed(policies, **INSTANCE_POLICIES[kind])


# --- data sources ---------------------------------------------------------------------------------------------------


def test_a_key_is_looked_up_by_name_id_and_alias_with_its_policies(
    terraform: Session, guid: str, root_key: str
) -> None:
    applied(KeyPolicies(terraform, instance_id=guid, key_id=root_key, **KEY_POLICIES["both"]))
    for each in (
        *data.keys_by_name_with_policies(terraform, guid, "root"),
        data.key_by_word(terraform, guid, root_key),
        data.key_by_word(terraform, guid, "db"),
    ):
        assert (each["id"], each["aliases"], sorted(each["policies"])) == (
            root_key,
            ["db"],
            ["dual_auth_delete", "rotation"],
        )


def test_a_key_without_policies_is_looked_up(terraform: Session, guid: str, root_key: str) -> None:
    assert data.key_by_word(terraform, guid, root_key)["policies"] == {}


def test_keys_of_one_name_are_all_looked_up(terraform: Session, guid: str, root_key: str) -> None:
    other = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    applied(RootOrStandardKey(terraform, instance_id=guid, key_name="another"))
    assert {each["id"] for each in data.keys_by_name(terraform, guid, "root")} == {root_key, other.key}


@pytest.mark.parametrize(("limit", "number"), [(0, 401), (3, 3), (200, 200), (201, 201), (600, 401)])
def test_keys_are_looked_up_page_by_page(
    terraform: Session, instance: ResourceInstance, limit: int, number: int
) -> None:
    store_keys(instance, 401)
    assert len({each["id"] for each in data.keys_by_name(terraform, instance.guid, limit=limit)}) == number


def test_policies_of_a_key_are_looked_up_by_id_and_alias(terraform: Session, guid: str, root_key: str) -> None:
    applied(KeyPolicies(terraform, instance_id=guid, key_id=root_key, **KEY_POLICIES["both"]))
    policies = data.policies_by_id(terraform, guid, root_key)
    assert data.policies_by_alias(terraform, guid, "db") == {"key_id": root_key, **policies}
    assert (policies["rotation"]["interval_month"], policies["dual_auth_delete"]["enabled"]) == (12, True)


def test_policies_of_an_instance_are_looked_up_together_and_by_type(terraform: Session, guid: str) -> None:
    applied(InstancePolicies(terraform, instance_id=guid, **INSTANCE_POLICIES["all"]))
    policies = data.instance_policies(terraform, guid)
    assert sorted(policies) == sorted(INSTANCE_POLICIES["all"])
    for kind, name in BLOCKS_OF_INSTANCES.items():
        assert data.instance_policies(terraform, guid, kind) == {name: policies[name]}
