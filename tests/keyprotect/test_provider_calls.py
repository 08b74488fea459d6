"""The calls of IBM's Terraform provider for Key Protect, in its order (Key Protect contract, section 8.3).

Each resource is created, planned again without a difference, changed where it can be, and destroyed. The provider
itself runs in ``tests/live/test_terraform_example.py``.
"""

import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.keyprotect.models import Key, Registration
from controlplane.keyprotect.services import import_tokens
from tests.keyprotect import provider_data_sources as data
from tests.keyprotect.provider_instances import ServiceInstance
from tests.keyprotect.provider_keys import KeyAlias, KeyRing, RootOrStandardKey
from tests.keyprotect.provider_policies import InstancePolicies, KeyPolicies
from tests.keyprotect.provider_session import CREATED_AGAIN, INSTANCES, CallFailed, Resource, Session, applied, changed
from tests.keyprotect.stored import store_ring
from tests.world import ACCOUNT

EXAMPLE = Path(__file__).parents[2] / "examples" / "terraform" / "key-protect" / "main.tf"
MATERIAL = b64encode(bytes(range(32))).decode()
KMS = {"name": "tf-kms", "service": "kms", "plan": "tiered-pricing", "location": "us-south"}
COS = {"name": "tf-cos", "service": "cloud-object-storage", "plan": "standard", "location": "global"}


# --- instances ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("configuration", [KMS, COS], ids=lambda each: each["service"])
def test_an_instance_with_tags_is_planned_again_without_a_difference(
    terraform: Session, configuration: dict[str, Any]
) -> None:
    applied(ServiceInstance(terraform, **configuration, tags=["env:test", "team-a"]))


@pytest.mark.parametrize("tags", [["stays"], ["added", "removed", "stays"]], ids=["removed", "added"])
def test_tags_of_an_instance_are_changed_by_an_update_that_names_no_member(terraform: Session, tags: list[str]) -> None:
    instance = applied(ServiceInstance(terraform, **KMS, tags=["removed", "stays"]))
    changed(instance, tags=tags)


def test_the_plan_of_an_instance_is_changed_in_place(terraform: Session) -> None:
    changed(applied(ServiceInstance(terraform, **COS)), plan="lite")


def test_a_destroyed_instance_is_created_again_by_the_next_plan_and_destroyed_again_without_an_error(
    terraform: Session,
) -> None:
    instance = applied(ServiceInstance(terraform, **KMS))
    instance.destroy()
    assert instance.plan() == CREATED_AGAIN
    instance.destroy()


def test_an_instance_with_a_key_is_not_destroyed(terraform: Session) -> None:
    instance = applied(ServiceInstance(terraform, **KMS))
    key = applied(RootOrStandardKey(terraform, instance_id=instance.guid, key_name="root"))
    with pytest.raises(CallFailed, match="RC-ServiceBrokerErrorResponse"):
        instance.destroy()
    key.destroy()
    instance.destroy()


# --- key rings ------------------------------------------------------------------------------------------------------


def test_a_key_ring_is_created_planned_again_and_destroyed(terraform: Session, guid: str) -> None:
    ring = applied(KeyRing(terraform, instance_id=guid, key_ring_id="team-a"))
    ring.destroy()
    assert data.key_rings(terraform, guid) == ["default"]


def test_a_key_ring_is_destroyed_after_its_key(terraform: Session, guid: str) -> None:
    ring = applied(KeyRing(terraform, instance_id=guid, key_ring_id="team-a"))
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root", key_ring_id="team-a"))
    key.destroy()
    ring.destroy()
    assert data.key_rings(terraform, guid) == ["default"]


# --- keys -----------------------------------------------------------------------------------------------------------

KEYS: dict[str, dict[str, Any]] = {
    "root": {},
    "standard": {"standard_key": True},
    "imported root": {"payload": MATERIAL},
    "imported standard": {"payload": MATERIAL, "standard_key": True},
    "in a key ring": {"key_ring_id": "team-a"},
    "described": {"description": "for buckets"},
    "expiring": {"expiration_date": "2099-12-05T15:43:46Z"},
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_read_as_it_was_configured(terraform: Session, instance: ResourceInstance, kind: str) -> None:
    store_ring(instance, "team-a")
    applied(RootOrStandardKey(terraform, instance_id=instance.guid, key_name="root", **KEYS[kind]))


def test_a_key_that_was_imported_with_a_token_is_read_with_its_nonce(
    terraform: Session, guid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_tokens, "BITS", 2048)  # which takes less time
    client = terraform.key_protect(guid)
    client("POST", "/import_token", {})
    configuration = encrypted_for(client("GET", "/import_token"))
    applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root", **configuration))


def encrypted_for(token: dict[str, str]) -> dict[str, str]:
    """The members of a configuration that import a root key with this import token."""
    material, iv = bytes(range(32)), bytes(12)
    public_key = load_pem_public_key(b64decode(token["payload"]))
    assert isinstance(public_key, RSAPublicKey)
    values = {
        "payload": public_key.encrypt(material, OAEP(MGF1(SHA256()), SHA256(), None)),
        "encrypted_nonce": AESGCM(material).encrypt(iv, b64decode(token["nonce"]), None),
        "iv_value": iv,
    }
    return {name: b64encode(value).decode() for name, value in values.items()}


def test_a_key_with_a_registration_is_destroyed_when_the_configuration_forces_it(terraform: Session, guid: str) -> None:
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    crn = register_bucket(key.key)
    assert key.plan() == {}
    assert key.state["registrations"] == [crn]
    with pytest.raises(CallFailed, match="PROTECTED_RESOURCE_ERR"):
        key.destroy()
    changed(key, force_delete=True)
    key.destroy()
    assert key.plan() == CREATED_AGAIN


def register_bucket(key_id: str) -> str:
    """The CRN of a bucket that the key protects."""
    key = Key.objects.get(identifier=key_id)
    crn = f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:x:bucket:b"
    dates = {"created_at": clock.now(), "created_by": "x", "updated_at": clock.now(), "updated_by": "x"}
    Registration.objects.create(key=key, resource_crn=crn, version=key.versions.get(), **dates)
    return crn


@pytest.mark.parametrize("force", [False, True])
def test_a_destroyed_key_is_created_again_by_the_next_plan(terraform: Session, guid: str, force: bool) -> None:
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    changed(key, force_delete=force)
    key.destroy()
    assert key.plan() == CREATED_AGAIN


def test_a_replaced_key_hands_its_alias_to_the_new_one(terraform: Session, guid: str) -> None:
    """Force-new: what depends on the key goes first, and comes back after the new key."""
    old = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    alias = applied(KeyAlias(terraform, instance_id=guid, alias="db", key_id=old.key))
    alias.destroy()
    old.destroy()
    new = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root", description="new"))
    applied(KeyAlias(terraform, instance_id=guid, alias="db", key_id=new.key))
    assert data.key_by_word(terraform, guid, "db")["id"] == new.key


# --- aliases --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["key_id", "existing_alias"])
def test_an_alias_is_created_planned_again_and_destroyed(
    terraform: Session, guid: str, root_key: str, word: str
) -> None:
    target = {"key_id": root_key, "existing_alias": "db"}[word]
    alias = KeyAlias(terraform, instance_id=guid, alias="another", **{word: target})
    alias.apply()
    assert alias.state == {"instance_id": guid, "alias": "another", "key_id": root_key}
    alias.destroy()
    assert data.key_by_word(terraform, guid, root_key)["aliases"] == ["db"]


def test_an_alias_that_is_gone_is_destroyed_without_an_error(terraform: Session, guid: str, root_key: str) -> None:
    alias = applied(KeyAlias(terraform, instance_id=guid, alias="another", key_id=root_key))
    alias.destroy()
    alias.destroy()


def test_an_alias_of_a_destroyed_key_is_created_again_by_the_next_plan(terraform: Session, guid: str) -> None:
    key = applied(RootOrStandardKey(terraform, instance_id=guid, key_name="root"))
    alias = applied(KeyAlias(terraform, instance_id=guid, alias="db", key_id=key.key))
    key.destroy()
    assert alias.plan() == CREATED_AGAIN


# --- the example ----------------------------------------------------------------------------------------------------


def applied_example(terraform: Session) -> list[Resource]:
    """The resources of ``examples/terraform/key-protect``, in the order of what each needs."""
    kms, cos = applied(ServiceInstance(terraform, **KMS)), applied(ServiceInstance(terraform, **COS))
    ring = applied(KeyRing(terraform, instance_id=kms.guid, key_ring_id="team-a"))
    key = applied(
        RootOrStandardKey(
            terraform, instance_id=kms.guid, key_name="root", description="for buckets", key_ring_id="team-a"
        )
    )
    alias = applied(KeyAlias(terraform, instance_id=kms.guid, alias="db", key_id=key.key))
    policies = applied(KeyPolicies(terraform, instance_id=kms.guid, key_id=key.key, rotation={"interval_month": 3}))
    of_instance = applied(InstancePolicies(terraform, instance_id=kms.guid, dual_auth_delete={"enabled": False}))
    return [kms, cos, ring, key, alias, policies, of_instance]


def test_the_example_is_applied_planned_again_without_a_difference_and_destroyed(terraform: Session) -> None:
    resources = applied_example(terraform)
    assert [each.plan() for each in resources] == [{}] * len(resources)
    for each in reversed(resources):
        each.destroy()
    names = {each["name"] for each in terraform.platform("GET", INSTANCES)["resources"]}
    assert not names & {KMS["name"], COS["name"]}


def test_the_example_that_is_replayed_is_the_one_that_users_read(terraform: Session) -> None:
    types = re.findall(r'^resource "(\w+)"', EXAMPLE.read_text(), re.MULTILINE)
    assert types == [each.TYPE for each in applied_example(terraform)]
