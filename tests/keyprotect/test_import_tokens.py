"""Import tokens, and root keys that are imported with them (contract, section 2.6)."""

import base64
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.api.import_tokens import ONE_AT_A_TIME
from controlplane.keyprotect.models import ImportToken, Key, KeyVersion
from controlplane.keyprotect.services import import_tokens
from controlplane.keyprotect.services.due_changes import due_at, run_due
from controlplane.sealing.keks import unseal
from controlplane.sealing.rows import sealed_models
from tests.keyprotect.calls import KeyProtect, answered, instance_policy, new_key, policies, refused
from tests.keyprotect.made import TurnedClock

MATERIAL = os.urandom(32)
HASHES: dict[str, type[hashes.HashAlgorithm]] = {"RSAES_OAEP_SHA_256": hashes.SHA256, "RSAES_OAEP_SHA_1": hashes.SHA1}


@pytest.fixture(autouse=True)
def shorter_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made in less time."""
    monkeypatch.setattr(import_tokens, "BITS", 2048)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@dataclass
class Importer:
    """Who imports keys, with what GET of a token answers."""

    public_key: rsa.RSAPublicKey
    nonce: bytes

    @classmethod
    def of(cls, token: dict[str, Any]) -> "Importer":
        public_key = serialization.load_pem_public_key(base64.b64decode(token["payload"]))
        assert isinstance(public_key, rsa.RSAPublicKey)
        return cls(public_key, base64.b64decode(token["nonce"]))

    def members(
        self, material: bytes = MATERIAL, *, algorithm: str = "", nonce: bytes = b"", encrypted_with: bytes = b""
    ) -> dict[str, Any]:
        """The members of a key that is imported."""
        digest = HASHES[algorithm or "RSAES_OAEP_SHA_256"]
        oaep = padding.OAEP(padding.MGF1(digest()), digest(), label=None)
        iv = os.urandom(12)
        encrypted_nonce = AESGCM(encrypted_with or material).encrypt(iv, nonce or self.nonce, None)
        members = {
            "payload": text(self.public_key.encrypt(material, oaep)),
            "encryptedNonce": text(encrypted_nonce),
            "iv": text(iv),
        }
        return {**members, **({"encryptionAlgorithm": algorithm} if algorithm else {})}


def create_token(client: KeyProtect, **body: Any) -> Any:
    return answered(client("POST", "/import_token", body), 200)


@pytest.fixture
def importer(alice: KeyProtect) -> Importer:
    create_token(alice)
    return Importer.of(alice.get("/import_token"))


# --- the token --------------------------------------------------------------------------------------------------


def test_a_token_is_retrieved_once_and_lasts_ten_minutes_unless_told_otherwise(
    alice: KeyProtect, turned: TurnedClock
) -> None:
    assert create_token(alice) == {
        "creationDate": "2026-12-01T12:00:00Z",
        "expirationDate": "2026-12-01T12:10:00Z",
        "maxAllowedRetrievals": 1,
        "remainingRetrievals": 1,
    }


def test_each_retrieval_counts_down(alice: KeyProtect) -> None:
    create_token(alice, maxAllowedRetrievals=2)
    assert [alice.get("/import_token")["remainingRetrievals"] for _ in range(2)] == [1, 0]
    assert refused(alice("GET", "/import_token")) == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_a_head_request_retrieves_nothing(alice: KeyProtect) -> None:
    create_token(alice)
    answer = alice("HEAD", "/import_token")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")
    alice.get("/import_token")


def test_a_whole_number_may_be_written_with_a_fraction(alice: KeyProtect) -> None:
    """IBM's Python client declares these numbers as floats."""
    assert create_token(alice, maxAllowedRetrievals=2.0)["maxAllowedRetrievals"] == 2
    assert refused(alice("POST", "/import_token", {"maxAllowedRetrievals": 2.5})) == (400, "BAD_BODY_ERR")


def test_a_token_is_a_public_key_and_a_nonce_of_twelve_bytes(importer: Importer) -> None:
    assert len(importer.nonce) == 12


def test_a_token_expires(alice: KeyProtect, turned: TurnedClock) -> None:
    create_token(alice, expiration=300, maxAllowedRetrievals=500)
    turned.turn(seconds=299)
    alice.get("/import_token")
    turned.turn(seconds=1)
    assert refused(alice("GET", "/import_token")) == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_an_instance_begins_without_a_token(alice: KeyProtect) -> None:
    assert refused(alice("GET", "/import_token")) == (404, "IMPORT_TOKEN_NOT_FOUND_ERR")


@pytest.mark.parametrize("body", [{"expiration": 299}, {"expiration": 86_401}, {"maxAllowedRetrievals": 0}])
def test_a_wrong_token_is_not_created(alice: KeyProtect, body: dict[str, int]) -> None:
    assert refused(alice("POST", "/import_token", body)) == (400, "INVALID_FIELD_ERR")
    assert not ImportToken.objects.exists()


def test_a_new_token_replaces_the_one_before(alice: KeyProtect, importer: Importer) -> None:
    create_token(alice)
    assert ImportToken.objects.count() == 1
    assert alice("POST", "/keys", new_key(**importer.members())).status_code == 400


def test_only_one_token_is_made_at_a_time(alice: KeyProtect) -> None:
    with ONE_AT_A_TIME:
        answer = alice("POST", "/import_token")
    assert (refused(answer), answer["Retry-After"]) == ((503, "SERVICE_UNAVAILABLE_ERR"), "5")
    create_token(alice)


def test_the_private_key_is_encrypted_like_every_other_secret(importer: Importer) -> None:
    token = ImportToken.objects.get()
    assert ImportToken in sealed_models()
    assert unseal(token) not in bytes(token.ciphertext)
    assert "PRIVATE" not in token.public_key


def test_events_of_tokens_have_no_key_in_them(alice: KeyProtect, importer: Importer) -> None:
    events = ActivityEvent.objects.filter(action__startswith="kms.import-token.").order_by("pk")
    assert [each.action for each in events] == ["kms.import-token.create", "kms.import-token.read"]
    assert not any("payload" in each.data or "nonce" in each.data for each in events)


# --- imports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["", *HASHES])
def test_a_root_key_is_imported_with_a_token(alice: KeyProtect, importer: Importer, algorithm: str) -> None:
    key = alice.create(**importer.members(algorithm=algorithm))
    assert (key["imported"], key["algorithmBitSize"]) == (True, 256)
    assert unseal(KeyVersion.objects.get()) == MATERIAL


@pytest.mark.parametrize("size", [16, 24])
def test_a_shorter_key_is_imported_with_a_token(alice: KeyProtect, importer: Importer, size: int) -> None:
    assert alice.create(**importer.members(MATERIAL[:size]))["algorithmBitSize"] == size * 8


def test_a_key_that_was_imported_with_a_token_is_read_with_its_nonce(alice: KeyProtect, importer: Importer) -> None:
    members = importer.members()
    key = alice.create(**members)["id"]
    [body] = alice.get(f"/keys/{key}")["resources"]
    assert (body["encryptedNonce"], body["iv"]) == (members["encryptedNonce"], members["iv"])
    assert "payload" not in body
    assert "encryptedNonce" not in alice.get(f"/keys/{key}/metadata")["resources"][0]


def test_a_token_that_was_retrieved_as_often_as_it_may_be_still_imports(alice: KeyProtect, importer: Importer) -> None:
    assert alice("GET", "/import_token").status_code == 409
    alice.create(**importer.members())
    alice.create(**importer.members())


def test_an_imported_key_is_rotated_with_a_token_where_one_is_demanded(alice: KeyProtect, importer: Importer) -> None:
    key = alice.create(**importer.members())["id"]
    policy = instance_policy("keyCreateImportAccess", enforce_token=True)
    answered(alice("PUT", "/instance/policies", policies(policy)), 204)
    new = os.urandom(32)
    answered(alice.act(key, "rotate", importer.members(new)), 204)
    assert unseal(KeyVersion.objects.get(number=2)) == new


def test_nothing_is_imported_with_an_expired_token(alice: KeyProtect, turned: TurnedClock) -> None:
    create_token(alice)
    importer = Importer.of(alice.get("/import_token"))
    turned.turn(minutes=10)
    answer = alice("POST", "/keys", new_key(**importer.members()))
    assert refused(answer) == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_the_private_key_of_an_expired_token_is_wiped(alice: KeyProtect, turned: TurnedClock) -> None:
    create_token(alice)
    importer = Importer.of(alice.get("/import_token"))
    assert due_at(turned.now) == turned.now + timedelta(minutes=10)
    assert run_due(turned.now) == 0
    assert run_due(turned.turn(minutes=10)) == 1
    assert bytes(ImportToken.objects.get().ciphertext) == b""
    assert due_at(turned.now) is None
    turned.turn(minutes=-5)
    answer = alice("POST", "/keys", new_key(**importer.members()))
    assert refused(answer) == (409, "IMPORT_TOKEN_EXPIRED_ERR")


def test_nothing_is_imported_without_a_token(alice: KeyProtect, instance: ResourceInstance) -> None:
    create_token(alice)
    importer = Importer.of(alice.get("/import_token"))
    ImportToken.objects.all().delete()
    answer = alice("POST", "/keys", new_key(**importer.members()))
    assert refused(answer) == (404, "IMPORT_TOKEN_NOT_FOUND_ERR")


def test_the_nonce_of_another_token_is_refused(alice: KeyProtect, importer: Importer) -> None:
    answer = alice("POST", "/keys", new_key(**importer.members(nonce=os.urandom(12))))
    assert refused(answer) == (400, "INCORRECT_NONCE_ERR")


def test_a_nonce_that_another_key_encrypted_is_refused(alice: KeyProtect, importer: Importer) -> None:
    answer = alice("POST", "/keys", new_key(**importer.members(encrypted_with=os.urandom(32))))
    assert refused(answer) == (400, "INCORRECT_NONCE_IV_ERR")


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "no payload": ({"payload": ""}, "payload"),
    "no nonce": ({"encryptedNonce": ""}, "encryptedNonce"),
    "no vector": ({"iv": ""}, "iv"),
    "a long vector": ({"iv": text(b"x" * 16)}, "iv"),
    "a short nonce": ({"encryptedNonce": text(b"x" * 16)}, "encryptedNonce"),
    "an unknown algorithm": ({"encryptionAlgorithm": "RSAES_PKCS1"}, "encryptionAlgorithm"),
    "material that is not encrypted": ({"payload": text(MATERIAL)}, "payload"),
    "another algorithm than the one that encrypted it": ({"encryptionAlgorithm": "RSAES_OAEP_SHA_1"}, "payload"),
    "a standard key": ({"extractable": True}, "encryptedNonce"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_wrong_import_makes_no_key(alice: KeyProtect, importer: Importer, case: str) -> None:
    changes, target = CHANGES[case]
    answer = alice("POST", "/keys", new_key(**{**importer.members(), **changes}))
    assert refused(answer) == (400, "INVALID_FIELD_ERR")
    assert f'"name":"{target}"' in answer.content.decode().replace(" ", "")
    assert not Key.objects.exists()


def test_material_of_another_length_than_a_root_key_has_is_refused(alice: KeyProtect, importer: Importer) -> None:
    answer = alice("POST", "/keys", new_key(**importer.members(MATERIAL + b"x", encrypted_with=MATERIAL)))
    assert refused(answer) == (400, "INVALID_FIELD_ERR")
