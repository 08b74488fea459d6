"""Who may do what with keys: roles, key rings, single keys, lists (Key Protect contract, section 5)."""

from typing import Any

import pytest

from controlplane.cloudservice import iam as iam_client
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.services.key_rings import create_ring
from tests.instances import store_instance
from tests.keyprotect.calls import KeyProtect, grant, reason_of, refused
from tests.keyprotect.made import ALICE, make_key
from tests.keyprotect.test_every_operation import OPERATIONS, VICTOR, perform
from tests.world import World

READER = {
    *("get_keys", "get_key_collection_metadata", "get_key_metadata", "get_key_versions"),
    *("wrap_key", "unwrap_key", "rewrap_key", "list_key_rings"),
    *("get_registrations", "get_registrations_all_keys"),
}
"""Besides those of registrations, which every role permits, and only a service does."""
WRITER = READER | {
    *("get_kms_key", "create_kms_key", "rotate_key", "create_key_alias", "delete_key_alias", "create_key_ring"),
    *("set_key_for_deletion", "unset_key_for_deletion", "sync_associated_resources"),
    *("get_import_token", "post_import_token"),
}
OF_SERVICES = {f"{verb}_registration" for verb in ("create", "write", "merge", "delete")}
MANAGER = {str(each) for each in OPERATIONS} - {"purge_key"} - OF_SERVICES
GRANTED = {
    "Reader": READER,
    "ReaderPlus": READER | {"get_kms_key"},
    "Writer": WRITER,
    "Manager": MANAGER,
    "KeyPurge": {"purge_key"},
    "Viewer": set(),
    "Administrator": set(),
}


@pytest.fixture
def victor(iam: World, instance: ResourceInstance) -> KeyProtect:
    return KeyProtect(instance.guid, VICTOR)


@pytest.mark.parametrize("role", GRANTED)
def test_a_role_permits_its_operations_and_no_others(
    iam: World, instance: ResourceInstance, victor: KeyProtect, role: str
) -> None:
    make_key(instance, aliases=["db"])
    grant(iam, VICTOR, role, serviceInstance=instance.guid)
    permitted = {str(each) for each in OPERATIONS if perform(victor, each).status_code != 401}
    assert permitted - OF_SERVICES == GRANTED[role]


def test_the_owner_purges_nothing_and_is_told_which_role_is_missing(
    instance: ResourceInstance, alice: KeyProtect
) -> None:
    reason = reason_of(alice("DELETE", f"/keys/{make_key(instance).identifier}/purge"))
    assert "KeyPurge" in reason["message"]


def test_a_policy_of_another_instance_or_region_permits_nothing(
    iam: World, instance: ResourceInstance, victor: KeyProtect
) -> None:
    other = store_instance(guid="00000000-0000-4000-8000-000000000002", service="kms")
    grant(iam, VICTOR, "Manager", serviceInstance=other.guid)
    grant(iam, VICTOR, "Manager", region="eu-de")
    assert refused(victor("GET", "/keys")) == (401, "UNAUTHORIZED_ERR")
    assert KeyProtect(other.guid, VICTOR)("GET", "/keys").status_code == 200


@pytest.fixture
def keys(keys: None, instance: ResourceInstance) -> dict[str, Key]:
    """A key in the ring ``default`` and one in each of two other rings, by name."""
    for ring in ("team-a", "team-b"):
        create_ring(instance, ring, by=ALICE)
    return {ring: make_key(instance, name=ring, ring=ring) for ring in ("default", "team-a", "team-b")}


def listed(client: KeyProtect, path: str = "/keys", **headers: str) -> set[str]:
    return {each["name"] for each in client.get(path, **headers).get("resources", [])}


def status(client: KeyProtect, path: str) -> int:
    return client("GET", path).status_code


def total(client: KeyProtect) -> str:
    return client("HEAD", "/keys")["Key-Total"]


RESOURCES: dict[str, tuple[dict[str, str], set[str]]] = {
    "all of the service": ({}, {"default", "team-a", "team-b"}),
    "keys": ({"resourceType": "key"}, {"default", "team-a", "team-b"}),
    "one ring": ({"keyRing": "team-a"}, {"team-a"}),
    "the default ring": ({"keyRing": "default"}, {"default"}),
}


@pytest.mark.parametrize("case", RESOURCES)
def test_a_list_shows_the_keys_of_the_rings_that_the_caller_may_read(
    iam: World, keys: dict[str, Key], victor: KeyProtect, case: str
) -> None:
    resource, expected = RESOURCES[case]
    grant(iam, VICTOR, "Reader", **resource)
    assert listed(victor) == expected
    assert total(victor) == str(len(expected))
    readable = {name for name, key in keys.items() if status(victor, f"/keys/{key.identifier}/metadata") == 200}
    assert readable == expected


def test_a_policy_on_single_keys_lists_none_and_permits_each_by_id(
    iam: World, keys: dict[str, Key], victor: KeyProtect
) -> None:
    grant(iam, VICTOR, "Reader", resourceType="key", resource=keys["team-a"].identifier)
    body = victor.get("/keys?totalCount=true")
    assert body["metadata"]["collectionTotal"] == body["metadata"]["totalCount"] == 0
    assert "resources" not in body
    assert total(victor) == "0"
    assert status(victor, f"/keys/{keys['team-a'].identifier}/metadata") == 200
    assert status(victor, f"/keys/{keys['team-b'].identifier}/metadata") == 401


def test_without_any_policy_a_list_is_refused(keys: dict[str, Key], victor: KeyProtect) -> None:
    assert refused(victor("GET", "/keys")) == (401, "UNAUTHORIZED_ERR")


def test_a_list_of_one_ring_needs_a_policy_on_that_ring(iam: World, keys: dict[str, Key], victor: KeyProtect) -> None:
    grant(iam, VICTOR, "Reader", keyRing="team-a")
    assert listed(victor, X_Kms_Key_Ring="team-a") == {"team-a"}
    assert refused(victor("GET", "/keys", X_Kms_Key_Ring="team-b")) == (401, "UNAUTHORIZED_ERR")


def test_a_policy_on_a_ring_does_not_reach_the_rings_themselves(
    iam: World, keys: dict[str, Key], victor: KeyProtect
) -> None:
    grant(iam, VICTOR, "Manager", keyRing="team-a")
    assert status(victor, "/key_rings") == 401
    assert victor("POST", "/key_rings/team-c").status_code == 401


def test_a_key_is_moved_by_those_who_may_change_both_rings(
    iam: World, keys: dict[str, Key], victor: KeyProtect
) -> None:
    grant(iam, VICTOR, "Manager", keyRing="team-a")
    path = f"/keys/{keys['team-a'].identifier}"
    assert refused(victor("PATCH", path, {"keyRingID": "team-b"})) == (401, "UNAUTHORIZED_ERR")
    grant(iam, VICTOR, "Manager", keyRing="team-b")
    assert victor("PATCH", path, {"keyRingID": "team-b"}).status_code == 200


def test_a_ring_with_destroyed_keys_is_deleted_by_those_who_may_move_keys(
    iam: World, keys: dict[str, Key], victor: KeyProtect, alice: KeyProtect
) -> None:
    alice("DELETE", f"/keys/{keys['team-a'].identifier}")
    grant(iam, VICTOR, "Manager", serviceInstance=keys["team-a"].instance.guid)
    assert victor("DELETE", "/key_rings/team-a?force=true").status_code == 204


@pytest.mark.parametrize(("role", "questions"), [("Manager", 1), ("Reader of a ring", 2)])
def test_a_list_asks_iam_at_most_twice(
    iam: World, keys: dict[str, Key], victor: KeyProtect, role: str, questions: int
) -> None:
    if role == "Manager":
        grant(iam, VICTOR, role)
    else:
        grant(iam, VICTOR, "Reader", keyRing="team-a")
    calls: list[str] = []
    real = iam_client.call

    def counted(method: str, path: str, **rest: Any) -> Any:
        calls.append(path)
        return real(method, path, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam_client, "call", counted)
        victor.get("/keys")
    assert calls.count(iam_client.DECISION) == questions


@pytest.mark.parametrize(
    ("role", "resource"),
    [
        ("Reader", {"serviceInstance": "00000000-0000-4000-8000-000000000002", "resourceType": "key", "resource": "x"}),
        ("Reader", {"region": "eu-de", "keyRing": "team-a"}),
        ("KeyPurge", {"resourceType": "key", "resource": "x"}),
    ],
)
def test_a_policy_that_lists_nothing_in_the_instance_does_not_make_a_list_empty(
    iam: World, keys: dict[str, Key], victor: KeyProtect, role: str, resource: dict[str, str]
) -> None:
    grant(iam, VICTOR, role, **resource)
    assert refused(victor("GET", "/keys")) == (401, "UNAUTHORIZED_ERR")


def test_a_policy_on_one_key_does_not_move_it(iam: World, keys: dict[str, Key], victor: KeyProtect) -> None:
    identifier = keys["team-a"].identifier
    grant(iam, VICTOR, "Manager", resourceType="key", resource=identifier)
    for ring in ("team-b", "nothing"):
        assert refused(victor("PATCH", f"/keys/{identifier}", {"keyRingID": ring})) == (401, "UNAUTHORIZED_ERR")
