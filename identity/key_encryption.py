"""Private keys and stored values of API keys at rest: AES-256-GCM under a key-encryption key (KEK) that never enters
the database.

``BAREMINT_KEK`` holds base64 keys of 32 bytes, newest first: the first encrypts, each decrypts what names it. Without
the setting, the data directory keeps its own KEK. The associated data binds a blob to its row, so it cannot be moved to
another row. A KEK that does not decrypt what is stored stops the start; no new key is made in its place. Each KEK in
use has a known answer in the database, which reveals a wrong KEK even when no private key is left to try it on.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from controlplane.kernel.named_lock import named_lock
from identity.models import KeyPair, KnownAnswer, StoredValue

KEK_FILE = "kek"
KEK_BYTES = 32
NONCE_BYTES = 12
ANSWER = b"baremint known answer"


class Sealed(TypedDict):
    """An encrypted secret, by the columns of its row. ``kek_id`` names the KEK by a hash of it."""

    kek_id: str
    nonce: bytes
    ciphertext: bytes


WIPED: Sealed = {"kek_id": "", "nonce": b"", "ciphertext": b""}
"""Columns of a row whose private key was wiped."""
SealedRow = KeyPair | KnownAnswer | StoredValue


@dataclass(frozen=True, repr=False)
class Kek:
    id: str
    cipher: AESGCM


def seal(private_key: PrivateKeyTypes, *, bound_to: str) -> Sealed:
    """Encrypt a private key for the row that ``bound_to`` (its kid) names."""
    der = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _encrypt(der, bound_to=bound_to)


def unseal(row: SealedRow, *, bound_to: str) -> PrivateKeyTypes:
    """Decrypt a private key. Raises ImproperlyConfigured when no configured KEK fits."""
    der = _decrypt(row, bound_to=bound_to)
    # Authenticated encryption: what decrypts is what was stored. Checking its primes takes as long as fifty signatures.
    return serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)


def seal_value(value: str, *, bound_to: str) -> Sealed:
    """Encrypt the value of the API key that ``bound_to`` (its id) names."""
    return _encrypt(value.encode(), bound_to=bound_to)


def unseal_value(row: StoredValue) -> str:
    """Decrypt the value of an API key. Raises ImproperlyConfigured when no configured KEK fits."""
    return _decrypt(row, bound_to=row.api_key_id).decode()


def reseal(row: SealedRow, *, bound_to: str) -> Sealed:
    """Encrypt the same secret under the first KEK. Raises ImproperlyConfigured when no configured KEK fits."""
    return _encrypt(_decrypt(row, bound_to=bound_to), bound_to=bound_to)


def first_kek() -> str:
    """Return the id of the KEK that encrypts. Raises ImproperlyConfigured when none is configured."""
    return _keks()[0].id


def register_kek(*, now: datetime) -> None:
    """Check that the configured KEKs are those of this database, and store a known answer of the one that encrypts.

    Raises ImproperlyConfigured, without a change, when they do not decrypt the stored secrets.
    """
    with named_lock("kek"):
        require_fitting_kek()
        if not KnownAnswer.objects.filter(kek_id=first_kek()).exists():
            KnownAnswer.objects.create(**_encrypt(ANSWER, bound_to=first_kek()), first_used_at=now)


def require_fitting_kek() -> None:
    """Check that the configured KEKs decrypt everything that is stored. Raises ImproperlyConfigured."""
    configured = {kek.id for kek in _keks()}
    for row in KeyPair.objects.exclude(kek_id=""):
        _decrypt(row, bound_to=row.kid)
    for value in StoredValue.objects.iterator():
        _decrypt(value, bound_to=value.api_key_id)
    answers = list(KnownAnswer.objects.order_by("-first_used_at"))
    if answers and not any(answer.kek_id in configured for answer in answers):
        raise _missing(answers[0].kek_id)
    for answer in answers:
        if answer.kek_id in configured:
            _decrypt(answer, bound_to=answer.kek_id)


def refuse_wrong_kek() -> None:
    """Check the KEKs as ``require_fitting_kek`` does, for a process about to start; close the database connections.

    A database that does not answer yet is ignored here: readiness reports it.
    """
    try:
        require_fitting_kek()
    except DatabaseError:
        pass
    finally:
        connections.close_all()


def require_known_kek() -> None:
    """Check that this database knows the KEK that would encrypt a new secret. Raises ImproperlyConfigured."""
    kek = first_kek()
    if not (KnownAnswer.objects.filter(kek_id=kek).exists() or KeyPair.objects.filter(kek_id=kek).exists()):
        raise ImproperlyConfigured(
            "The first key of BAREMINT_KEK is new to this database, or a wrong one; no key was made. "
            "Admit it, if it is the right one, with: baremint bootstrap"
        )


def _encrypt(secret: bytes, *, bound_to: str) -> Sealed:
    kek = _keks()[0]
    nonce = os.urandom(NONCE_BYTES)
    return {"kek_id": kek.id, "nonce": nonce, "ciphertext": kek.cipher.encrypt(nonce, secret, bound_to.encode())}


def _decrypt(row: SealedRow, *, bound_to: str) -> bytes:
    for kek in _keks():
        if kek.id == row.kek_id:
            try:
                return kek.cipher.decrypt(bytes(row.nonce), bytes(row.ciphertext), bound_to.encode())
            except InvalidTag:
                raise ImproperlyConfigured(
                    f"The stored secret {bound_to} does not decrypt: it was changed, or moved from another row."
                ) from None
    raise _missing(row.kek_id)


def _missing(kek_id: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The private keys are encrypted under KEK {kek_id}, which BAREMINT_KEK does not hold. "
        "Set BAREMINT_KEK to the key used before, after a new one if there is one; nothing was changed."
    )


def ensure_kek() -> bool:
    """Create the data directory's own KEK when none is configured. Returns whether one was created.

    Raises ImproperlyConfigured when private keys are stored already: a new KEK could not decrypt them.
    """
    if settings.BAREMINT_KEK or settings.HOME.read_secret(KEK_FILE):
        return False
    if KeyPair.objects.exists() or KnownAnswer.objects.exists():
        raise ImproperlyConfigured(
            f"Private keys are stored, but the key-encryption key is gone: set BAREMINT_KEK, or restore "
            f"{settings.HOME.path / KEK_FILE}. No new one was made, nothing was changed."
        )
    settings.HOME.write_secret(KEK_FILE, base64.b64encode(os.urandom(KEK_BYTES)).decode())
    _parse.cache_clear()
    return True


def refuse_unreadable_kek() -> None:
    """Check that the configured KEKs are valid; there may be none yet. Raises ImproperlyConfigured."""
    if settings.BAREMINT_KEK or settings.HOME.read_secret(KEK_FILE):
        _keks()


def _keks() -> tuple[Kek, ...]:
    texts = tuple(settings.BAREMINT_KEK) or tuple(filter(None, [settings.HOME.read_secret(KEK_FILE)]))
    if not texts:
        raise ImproperlyConfigured(
            "There is no key-encryption key. Make one, with all that a new database needs: baremint bootstrap  "
            f"For a database that has one, set BAREMINT_KEK, or restore {settings.HOME.path / KEK_FILE}."
        )
    try:
        return _parse(texts)
    except ValueError:
        raise ImproperlyConfigured(
            "Each BAREMINT_KEK must be 32 random bytes in base64. Make one with: openssl rand -base64 32"
            if settings.BAREMINT_KEK
            else f"{settings.HOME.path / KEK_FILE} holds no key-encryption key, 32 bytes in base64. "
            "Restore it from a backup."
        ) from None


@lru_cache(maxsize=4)
def _parse(texts: tuple[str, ...]) -> tuple[Kek, ...]:
    return tuple(_parse_one(text) for text in texts)


def _parse_one(text: str) -> Kek:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEK_BYTES:
        raise ValueError("no KEK")
    return Kek(hashlib.sha256(b"baremint-kek" + key).hexdigest()[:16], AESGCM(key))
