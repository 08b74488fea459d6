"""Registrations of resources that keys protect: lists, and what they mean to a deletion (contract, section 2)."""

from typing import Any

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect import errors
from controlplane.keyprotect.models import Key, Registration
from controlplane.keyprotect.services.key_rings import create_ring
from controlplane.keyprotect.services.key_states import delete_key
from controlplane.keyprotect.services.registrations import synchronize
from controlplane.keyprotect.states import State
from tests.keyprotect.calls import KeyProtect, answered, grant, reason_of, refused
from tests.keyprotect.made import ALICE, TurnedClock, actions, make_key, read
from tests.keyprotect.stored import STORE_CRN as STORE
from tests.keyprotect.stored import register
from tests.keyprotect.test_every_operation import VICTOR
from tests.world import World


@pytest.fixture
def key(instance: ResourceInstance) -> Key:
    return make_key(instance, aliases=["db"])


def buckets(client: KeyProtect, path: str, **headers: str) -> list[str]:
    return [each["resourceCrn"].rpartition(":")[2] for each in client.get(path, **headers).get("resources", [])]


# --- lists ------------------------------------------------------------------------------------------------------


def test_a_registration_tells_the_resource_the_service_and_the_version(alice: KeyProtect, key: Key) -> None:
    register(key, "one")
    assert alice.get("/keys/db/registrations") == {
        "metadata": {"collectionType": "application/vnd.ibm.kms.registration+json", "collectionTotal": 1},
        "resources": [
            {
                "keyId": key.identifier,
                "keyName": key.name,
                "resourceCrn": f"{STORE}:bucket:one",
                "createdBy": f"crn-{STORE}::",
                "creationDate": "2026-12-01T12:00:00Z",
                "updatedBy": f"crn-{STORE}::",
                "lastUpdated": "2026-12-01T12:00:00Z",
                "description": "",
                "preventKeyDeletion": False,
                "keyVersion": {"id": key.identifier, "creationDate": read_version(key)},
            }
        ],
    }


def read_version(key: Key) -> str:
    return key.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_key_lists_its_own_and_the_instance_those_of_all_keys(
    alice: KeyProtect, instance: ResourceInstance, key: Key
) -> None:
    register(key, "one")
    register(make_key(instance), "two")
    assert buckets(alice, f"/keys/{key.identifier}/registrations") == ["one"]
    assert buckets(alice, "/keys/registrations") == ["one", "two"]


def test_a_key_without_registrations_has_an_empty_list(alice: KeyProtect, key: Key) -> None:
    assert alice.get("/keys/db/registrations?totalCount=true")["metadata"] == {
        "collectionType": "application/vnd.ibm.kms.registration+json",
        "collectionTotal": 0,
        "totalCount": 0,
    }


def test_a_list_has_pages(alice: KeyProtect, key: Key) -> None:
    for name in ("one", "two", "three"):
        register(key, name)
    assert buckets(alice, "/keys/registrations?limit=1&offset=1") == ["two"]
    assert alice.get("/keys/registrations?limit=1&totalCount=true")["metadata"]["totalCount"] == 3


def test_registrations_are_limited_to_those_that_prevent_a_deletion(alice: KeyProtect, key: Key) -> None:
    register(key, "one")
    register(key, "two", prevents_deletion=True)
    assert buckets(alice, "/keys/registrations?preventKeyDeletion=true") == ["two"]
    assert buckets(alice, "/keys/registrations?preventKeyDeletion=false") == ["one"]


@pytest.mark.parametrize("crn", ["crn:v1", "*", f"{STORE}:bucket:(a|b)", f"{STORE}:bucket:{'x' * 600}"])
def test_a_crn_of_another_form_is_refused(alice: KeyProtect, crn: str) -> None:
    answer = alice("GET", f"/keys/registrations?urlEncodedResourceCRNQuery={crn}")
    assert refused(answer) == (400, "INVALID_QUERY_PARAM_ERR")


def test_a_caller_sees_the_registrations_of_the_rings_that_it_may_read(iam: World, instance: ResourceInstance) -> None:
    create_ring(instance, "team-a", by=ALICE)
    register(make_key(instance, ring="team-a"), "of-team-a")
    register(make_key(instance), "of-the-default-ring")
    victor = KeyProtect(instance.guid, VICTOR)
    grant(iam, VICTOR, "Reader", keyRing="team-a")
    assert buckets(victor, "/keys/registrations") == ["of-team-a"]


# --- writes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_a_service_registers_resources(alice: KeyProtect, key: Key, method: str) -> None:
    answer = alice(method, f"/keys/db/registrations/{STORE.replace('/', '%2F')}:bucket:one")
    assert refused(answer) == (403, "SERVICE_ONLY_ERR")
    assert not Registration.objects.exists()


# --- deletion ---------------------------------------------------------------------------------------------------


def test_a_key_that_protects_a_resource_is_deleted_by_force_alone(alice: KeyProtect, key: Key) -> None:
    register(key, "one")
    answer = alice("DELETE", "/keys/db")
    assert refused(answer) == (409, "PROTECTED_RESOURCE_ERR")
    assert reason_of(answer)["target"] == {"type": "query_param", "name": "force"}
    answered(alice("DELETE", "/keys/db?force=true"), 204)
    assert not Registration.objects.exists()


def test_a_resource_that_must_be_kept_keeps_its_key(alice: KeyProtect, key: Key) -> None:
    register(key, "one", prevents_deletion=True)
    assert refused(alice("DELETE", "/keys/db?force=true")) == (409, "PREV_KEY_DEL_ERR")
    assert (read(key).state, Registration.objects.count()) == (State.ACTIVE, 1)


# --- synchronization --------------------------------------------------------------------------------------------


def test_a_synchronization_is_asked_for_once_an_hour(key: Key, turned: TurnedClock) -> None:
    synchronize(key, by=ALICE)
    turned.turn(minutes=59)
    with pytest.raises(errors.TooEarly, match="Sync cannot be performed until at least 2026-12-01T13:00:00Z"):
        synchronize(key, by=ALICE)
    turned.turn(minutes=1)
    synchronize(key, by=ALICE)
    assert actions()[-1] == "kms.secrets.sync"


def test_a_standard_key_protects_nothing_that_could_be_synchronized(instance: ResourceInstance) -> None:
    with pytest.raises(errors.RootKeyRequired):
        synchronize(make_key(instance, extractable=True), by=ALICE)


def test_a_destroyed_key_is_synchronized(key: Key) -> None:
    delete_key(key, by=ALICE)
    synchronize(key, by=ALICE)


def test_a_refused_synchronization_says_what_failed(alice: KeyProtect, key: Key) -> None:
    answered(alice.act("db", "sync"), 204)
    body: Any = alice.act("db", "sync")
    assert "Could not initiate sync requests to associated resources" in body.content.decode()
