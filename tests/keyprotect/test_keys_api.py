"""Create, read, move and delete keys over HTTP: bodies, answers and refusals (Key Protect contract, section 2)."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.timestamps import seconds
from controlplane.keyprotect.instance_rules import refusal_of_deletion, remove_content
from controlplane.keyprotect.models import Key
from tests.keyprotect.calls import KEY_TYPE, KeyProtect, answered, grant, last_event, new_key, reason_of, refused
from tests.keyprotect.made import TurnedClock
from tests.world import World

MATERIAL = base64.b64encode(bytes(range(32))).decode()
MINIMAL, REPRESENTATION = "return=minimal", "return=representation"


def test_a_root_key_is_answered_without_its_material(alice: KeyProtect, instance: ResourceInstance) -> None:
    key = alice.create("root", description="for tests", tags=["b", "a"], aliases=["db"], Prefer=REPRESENTATION)
    assert "payload" not in key
    assert (key["name"], key["description"], key["tags"], key["aliases"]) == ("root", "for tests", ["b", "a"], ["db"])
    assert key["crn"] == f"{instance.crn.removesuffix('::')}:key:{key['id']}"
    assert key["keyVersion"]["id"] == key["id"]
    assert (key["state"], key["extractable"], key["imported"], key["keyRingID"]) == (1, False, False, "default")
    assert key["algorithmMetadata"] == {"bitLength": "256", "mode": "Deprecated"}
    assert "payload" not in alice.get(f"/keys/{key['id']}")["resources"][0]


@pytest.mark.parametrize(("prefer", "has_payload"), [(None, False), (REPRESENTATION, True)])
def test_the_material_of_a_standard_key_is_answered_to_those_who_ask_for_it(
    alice: KeyProtect, prefer: str | None, has_payload: bool
) -> None:
    key = alice.create(extractable=True, payload=MATERIAL, Prefer=prefer)
    assert key.get("payload") == (MATERIAL if has_payload else None)
    assert alice.get(f"/keys/{key['id']}")["resources"][0]["payload"] == MATERIAL
    assert "payload" not in alice.get(f"/keys/{key['id']}/metadata")["resources"][0]
    assert "payload" not in alice.get("/keys")["resources"][0]
    assert "keyVersion" not in key


def test_a_minimal_answer_identifies_the_key(alice: KeyProtect) -> None:
    assert alice.create(Prefer=MINIMAL).keys() == {"id", "type", "crn", "name"}


def test_a_key_without_extractable_is_a_standard_key(alice: KeyProtect) -> None:
    body = new_key()
    del body["resources"][0]["extractable"]
    assert answered(alice("POST", "/keys", body), 201)["resources"][0]["extractable"] is True


def test_members_are_read_in_any_case_and_null_is_absent(alice: KeyProtect) -> None:
    body = {
        "Metadata": {"COLLECTIONTYPE": KEY_TYPE, "collectiontotal": 1},
        "Resources": [{"Name": "by Go", "Extractable": False, "Tags": None, "Aliases": ["go"], "payload": ""}],
    }
    key = answered(alice("POST", "/keys", body), 201)["resources"][0]
    assert (key["name"], key["aliases"], key["imported"]) == ("by Go", ["go"], False)


def without(*path: Any) -> dict[str, Any]:
    body: Any = new_key()
    part = body
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return dict(body)


WRONG_BODIES: dict[str, tuple[Any, str, str]] = {
    "no body": (None, "BAD_BODY_ERR", "CollectionMetadata is empty"),
    "null": (b"null", "BAD_BODY_ERR", "CollectionMetadata is empty"),
    "no JSON": (b"{", "BAD_BODY_ERR", "JSON"),
    "a number of 5,000 digits": (
        b'{"n": ' + b"1" * 5_000 + b"}",
        "BAD_BODY_ERR",
        "A number of 5000 digits is too long",
    ),
    "a list": (b"[]", "BAD_BODY_ERR", "object"),
    "no metadata": (without("metadata"), "BAD_BODY_ERR", "CollectionMetadata is empty"),
    "no total": (without("metadata", "collectionTotal"), "BAD_BODY_ERR", "CollectionMetadata is empty"),
    "two keys": (
        {**new_key(), "resources": new_key()["resources"] * 2},
        "BAD_BODY_ERR",
        "Only creation of one key per request is supported",
    ),
    "no key": ({**new_key(), "resources": []}, "BAD_BODY_ERR", "one key"),
    "an unknown member": (new_key(nme="x"), "BAD_BODY_ERR", 'json: unknown field "nme"'),
    "a member twice": (b'{"metadata": {}, "METADATA": {}}', "BAD_BODY_ERR", "twice"),
    "a name that is a number": (new_key(name=5), "BAD_BODY_ERR", "name must be a string"),
    "extractable in quotes": (new_key(extractable="true"), "BAD_BODY_ERR", "extractable"),
    "aliases as a string": (new_key(aliases="db"), "BAD_BODY_ERR", "aliases"),
    "no name": (without("resources", 0, "name"), "INVALID_FIELD_ERR", "name"),
    "a short name": (new_key(name="a"), "INVALID_FIELD_ERR", "name"),
    "a long name": (new_key(name="a" * 91), "INVALID_FIELD_ERR", "name"),
    "a name with a control character": (new_key(name="a\nb"), "INVALID_FIELD_ERR", "name"),
    "a short description": (new_key(description="a"), "INVALID_FIELD_ERR", "description"),
    "a long description": (new_key(description="a" * 241), "INVALID_FIELD_ERR", "description"),
    "another type": (new_key(type="x"), "INVALID_FIELD_ERR", "type"),
    "six aliases": (new_key(aliases=[f"a{n}" for n in range(6)]), "INVALID_FIELD_ERR", "aliases"),
    "a reserved alias": (new_key(aliases=["keys"]), "INVALID_FIELD_ERR", "alias"),
    "an alias twice": (new_key(aliases=["db", "db"]), "INVALID_FIELD_ERR", "alias"),
    "an alias with a line break": (new_key(aliases=["db\n"]), "INVALID_FIELD_ERR", "aliases"),
    "null for a key": ({**new_key(), "resources": [None]}, "BAD_BODY_ERR", "resources[0]"),
    "31 tags": (new_key(tags=["a"] * 31), "INVALID_FIELD_ERR", "tags"),
    "a tag with a colon": (new_key(tags=["a:b"]), "INVALID_FIELD_ERR", "tags"),
    "an expiration date in the past": (
        new_key(expirationDate="2020-01-01T00:00:00Z"),
        "INVALID_FIELD_ERR",
        "expirationDate",
    ),
    "an expiration date that is none": (new_key(expirationDate="tomorrow"), "INVALID_FIELD_ERR", "expirationDate"),
    "an expiration date without a zone": (
        new_key(expirationDate="2099-01-01T00:00:00"),
        "INVALID_FIELD_ERR",
        "expirationDate",
    ),
    "a day that does not exist": (
        new_key(expirationDate="2099-02-30T00:00:00Z"),
        "INVALID_FIELD_ERR",
        "expirationDate",
    ),
    "base64url": (new_key(payload="-_-_"), "INVALID_FIELD_ERR", "illegal base64 data at input byte 0"),
    "a root key of 31 bytes": (new_key(payload=MATERIAL[:-4]), "INVALID_FIELD_ERR", "16, 24 or 32 bytes"),
    "a large standard key": (
        new_key(extractable=True, payload="A" * 10_004),
        "INVALID_FIELD_ERR",
        "at most 7500 bytes",
    ),
    "an encrypted nonce": (new_key(payload=MATERIAL, encryptedNonce="AAAA"), "INVALID_FIELD_ERR", "`iv`"),
}


@pytest.mark.parametrize("case", WRONG_BODIES)
def test_a_wrong_body_makes_no_key(alice: KeyProtect, case: str) -> None:
    body, code, text = WRONG_BODIES[case]
    answer = alice("POST", "/keys", body)
    reason = reason_of(answer)
    assert (answer.status_code, reason["code"]) == (400, code)
    assert text in reason["message"]
    assert not Key.objects.exists()


def test_an_unknown_key_ring_makes_no_key(alice: KeyProtect) -> None:
    answer = alice("POST", "/keys", new_key(), X_Kms_Key_Ring="team-a")
    assert refused(answer) == (404, "KEY_RING_NOT_FOUND_ERR")


def test_the_id_of_a_key_ring_is_not_cut(alice: KeyProtect) -> None:
    answered(alice("POST", f"/key_rings/{'r' * 100}"), 201)
    answer = alice("POST", "/keys", new_key(), X_Kms_Key_Ring="r" * 101)
    assert refused(answer) == (404, "KEY_RING_NOT_FOUND_ERR")


@pytest.mark.parametrize("ring", ["ü" * 100, "a\x7f b", "*", "a?c", "\u2028", "{{x}}"])
def test_a_text_that_cannot_be_a_key_ring_is_none(alice: KeyProtect, ring: str) -> None:
    alice.create(aliases=["db"])
    assert refused(alice("PATCH", "/keys/db", {"keyRingID": ring})) == (404, "KEY_RING_NOT_FOUND_ERR")
    assert refused(alice("DELETE", f"/key_rings/{quote(ring)}")) == (404, "KEY_RING_NOT_FOUND_ERR")


def test_a_taken_alias_is_named_in_the_error_text(alice: KeyProtect) -> None:
    """Rook reads the code out of it."""
    alice.create(aliases=["db"])
    answer = alice("POST", "/keys", new_key(aliases=["db"]))
    assert refused(answer) == (409, "KEY_ALIAS_NOT_UNIQUE_ERR")
    assert answer.json()["resources"][0]["errorMsg"] == (  # type: ignore[attr-defined]
        "Conflict: Key could not be created: Please see `reasons` for more details (KEY_ALIAS_NOT_UNIQUE_ERR)"
    )
    assert Key.objects.count() == 1


def test_a_key_is_read_by_alias_and_in_its_own_ring_only(alice: KeyProtect) -> None:
    answered(alice("POST", "/key_rings/team-a"), 201)
    key = alice.create(aliases=["db"], X_Kms_Key_Ring="team-a")
    assert alice.get("/keys/db", X_Kms_Key_Ring="team-a")["resources"][0]["id"] == key["id"]
    assert refused(alice("GET", "/keys/db", X_Kms_Key_Ring="default")) == (404, "KEY_NOT_FOUND_ERR")
    moved = answered(alice("PATCH", "/keys/db", {"KeyRingID": "default"}), 200)["resources"][0]
    assert moved["keyRingID"] == "default"
    assert refused(alice("PATCH", "/keys/db", {"keyRingID": "none"})) == (404, "KEY_RING_NOT_FOUND_ERR")
    assert refused(alice("PATCH", "/keys/db", {"keyRingID": " default"})) == (404, "KEY_RING_NOT_FOUND_ERR")
    assert refused(alice("PATCH", "/keys/db", {})) == (400, "INVALID_FIELD_ERR")


def test_an_id_in_upper_case_is_the_same_key(alice: KeyProtect) -> None:
    key = alice.create()
    assert alice.get(f"/keys/{key['id'].upper()}")["resources"][0]["id"] == key["id"]


def test_a_deleted_key_tells_until_when_it_can_be_restored(alice: KeyProtect, turned: TurnedClock) -> None:
    key = alice.create(extractable=True)
    now = turned.now
    body = answered(alice("DELETE", f"/keys/{key['id']}", Prefer=REPRESENTATION), 200)["resources"][0]
    assert body == alice.get(f"/keys/{key['id']}")["resources"][0]
    assert "payload" not in body
    assert (body["state"], body["deleted"], body["nonactiveStateReason"]) == (5, True, 3)
    assert (body["deletionDate"], body["deletedBy"]) == (seconds(now), "IBMid-ALICE00001")
    assert (body["restoreAllowed"], body["restoreExpirationDate"]) == (True, seconds(now + timedelta(days=30)))
    assert (body["purgeAllowed"], body["purgeAllowedFrom"]) == (False, seconds(now + timedelta(hours=4)))
    assert body["purgeScheduledOn"] == seconds(now + timedelta(days=90))


def test_a_key_is_deleted_once(alice: KeyProtect) -> None:
    key = alice.create()
    assert answered(alice("DELETE", f"/keys/{key['id']}", Prefer=MINIMAL), 204) is None
    assert refused(alice("DELETE", f"/keys/{key['id']}?force=true")) == (410, "KEY_DELETED_ERR")
    assert refused(alice("DELETE", f"/keys/{key['id']}?force=maybe")) == (400, "INVALID_QUERY_PARAM_ERR")
    assert (last_event().reason_code, last_event().outcome) == (400, "failure")


def test_a_restored_key_is_answered_with_201(alice: KeyProtect, turned: TurnedClock) -> None:
    key = alice.create(aliases=["db"])
    alice("DELETE", "/keys/db")
    assert refused(alice("POST", "/keys/db/restore")) == (409, "REQ_TOO_EARLY_ERR")
    turned.turn(seconds=30)
    body = answered(alice("POST", "/keys/db/restore", new_key(payload=MATERIAL)), 201)["resources"][0]
    assert (body["id"], body["state"], body["deleted"], body["aliases"]) == (key["id"], 1, False, ["db"])


def test_only_who_has_key_purge_purges_and_is_answered_with_the_key(
    alice: KeyProtect, iam: World, turned: TurnedClock
) -> None:
    key = alice.create(aliases=["db"])
    alice("DELETE", f"/keys/{key['id']}")
    turned.turn(hours=4)
    assert refused(alice("DELETE", f"/keys/{key['id']}/purge")) == (401, "UNAUTHORIZED_ERR")
    grant(iam, "IBMid-ALICE00001", "KeyPurge")
    body = answered(alice("DELETE", f"/keys/{key['id']}/purge", Prefer=REPRESENTATION), 200)["resources"][0]
    assert (body["id"], body["state"], body["aliases"]) == (key["id"], 5, ["db"])
    assert refused(alice("GET", f"/keys/{key['id']}")) == (404, "KEY_NOT_FOUND_ERR")


def test_versions_are_listed_newest_first(alice: KeyProtect, turned: TurnedClock) -> None:
    key = alice.create(aliases=["db"])
    turned.turn(hours=1)
    answered(alice.act("db", "rotate", b"null"), 204)
    body = alice.get("/keys/db/versions?totalCount=true&limit=1")
    assert body["metadata"] == {
        "collectionType": "application/vnd.ibm.kms.key.version+json",
        "collectionTotal": 1,
        "totalCount": 2,
    }
    assert body["resources"][0]["creationDate"] == seconds(turned.now)
    assert [each["id"] for each in alice.get("/keys/db/versions?offset=1&limit=")["resources"]] == [key["id"]]
    answered(alice.act("db", "disable"), 204)
    assert refused(alice("GET", "/keys/db/versions")) == (409, "KEY_ACTION_INVALID_STATE_ERR")
    assert alice.get("/keys/db/versions?allKeyStates=true")["metadata"]["collectionTotal"] == 2


def test_a_key_ring_is_created_with_an_empty_answer(alice: KeyProtect) -> None:
    """The Go client takes no body with a 201 here."""
    answer = alice("POST", "/key_rings/team-a")
    assert (answer.status_code, answer.content) == (201, b"")
    rings = alice.get("/key_rings?totalCount=true")
    assert [each["id"] for each in rings["resources"]] == ["default", "team-a"]
    assert rings["resources"][0] == {"id": "default"}
    assert rings["metadata"]["totalCount"] == 2
    assert refused(alice("POST", "/key_rings/team-a")) == (409, "KEY_RING_ALREADY_EXISTS_ERR")
    assert refused(alice("POST", "/key_rings/team_a")) == (400, "INVALID_FIELD_ERR")
    assert answered(alice("DELETE", "/key_rings/team-a?force=true"), 204) is None


def test_an_alias_is_created_and_deleted(alice: KeyProtect) -> None:
    key = alice.create()
    body = answered(alice("POST", f"/keys/{key['id']}/aliases/db"), 201)["resources"][0]
    assert (body["keyId"], body["alias"], body["createdBy"]) == (key["id"], "db", "IBMid-ALICE00001")
    assert answered(alice("DELETE", "/keys/db/aliases/db"), 204) is None
    assert refused(alice("DELETE", f"/keys/{key['id']}/aliases/db")) == (404, "KEY_ALIAS_NOT_FOUND_ERR")


def test_an_instance_with_keys_is_not_deleted_and_destroyed_ones_go_with_it(
    alice: KeyProtect, instance: ResourceInstance
) -> None:
    key = alice.create("payroll")
    assert "not destroyed: 1 in all" in refusal_of_deletion(instance)
    alice("DELETE", f"/keys/{key['id']}")
    assert refusal_of_deletion(instance) == ""
    remove_content(instance)
    assert not Key.objects.exists()
