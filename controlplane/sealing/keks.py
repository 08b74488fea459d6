"""The key-encryption keys (KEKs), and encryption under them: AES-256-GCM.

``BAREMINT_KEK`` holds base64 keys of 32 bytes, newest first: the first encrypts, each decrypts what names it. Without
the setting, the data directory keeps its own KEK. The associated data binds a secret to its row, so it cannot be moved
to another row.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEK_FILE = "kek"
KEK_BYTES = 32
NONCE_BYTES = 12


class Sealed(TypedDict):
    """An encrypted secret, by the columns of its row. ``kek_id`` names the KEK by a hash of it."""

    kek_id: str
    nonce: bytes
    ciphertext: bytes


WIPED: Sealed = {"kek_id": "", "nonce": b"", "ciphertext": b""}
"""Columns of a row whose secret was wiped."""


class Row(Protocol):
    """A row with an encrypted secret (controlplane/sealing/rows.py)."""

    @property
    def kek_id(self) -> str: ...

    @property
    def nonce(self) -> bytes | memoryview: ...

    @property
    def ciphertext(self) -> bytes | memoryview: ...

    @property
    def bound_to(self) -> str: ...


@dataclass(frozen=True, repr=False)
class Kek:
    id: str
    cipher: AESGCM


def seal(secret: bytes, *, bound_to: str) -> Sealed:
    """Encrypt a secret under the first KEK, for the row that ``bound_to`` names.

    Raises ImproperlyConfigured when none is configured.
    """
    kek = configured_keks()[0]
    nonce = os.urandom(NONCE_BYTES)
    return {"kek_id": kek.id, "nonce": nonce, "ciphertext": kek.cipher.encrypt(nonce, secret, bound_to.encode())}


def unseal(row: Row) -> bytes:
    """Decrypt the secret of a row. Raises ImproperlyConfigured when no configured KEK fits."""
    for kek in configured_keks():
        if kek.id == row.kek_id:
            try:
                return kek.cipher.decrypt(bytes(row.nonce), bytes(row.ciphertext), row.bound_to.encode())
            except InvalidTag:
                raise ImproperlyConfigured(
                    f"The stored secret {row.bound_to} does not decrypt: it was changed, or moved from another row."
                ) from None
    raise missing(row.kek_id)


def reseal(row: Row) -> Sealed:
    """Encrypt the same secret under the first KEK. Raises ImproperlyConfigured when no configured KEK fits."""
    return seal(unseal(row), bound_to=row.bound_to)


def missing(kek_id: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"Stored secrets are encrypted under KEK {kek_id}, which BAREMINT_KEK does not hold. "
        "Set BAREMINT_KEK to the key used before, after a new one if there is one; nothing was changed."
    )


def first_kek() -> str:
    """Return the id of the KEK that encrypts. Raises ImproperlyConfigured when none is configured."""
    return configured_keks()[0].id


def is_configured() -> bool:
    return bool(settings.BAREMINT_KEK or settings.HOME.read_secret(KEK_FILE))


def make_kek() -> None:
    """Create the data directory's own KEK."""
    settings.HOME.write_secret(KEK_FILE, base64.b64encode(os.urandom(KEK_BYTES)).decode())
    _parse.cache_clear()


def configured_keks() -> tuple[Kek, ...]:
    """Return the KEKs, the one that encrypts first. Raises ImproperlyConfigured when none is configured, or a wrong
    one."""
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
