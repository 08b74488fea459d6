"""Private keys at rest: AES-256-GCM under a key-encryption key (KEK) that never enters the database.

``BAREMINT_KEK`` holds base64 keys of 32 bytes, newest first: the first encrypts, each decrypts what names it. Without
the setting, the data directory keeps one of its own. A blob is bound to its row by the associated data, so it cannot
be moved to another row. A KEK that does not fit what is stored stops the start; no new key is made in its place.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from identity.models import KeyPair

KEK_FILE = "kek"
KEK_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True)
class Sealed:
    """An encrypted private key. ``kek_id`` names the KEK by a hash of it."""

    kek_id: str
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, repr=False)
class Kek:
    id: str
    cipher: AESGCM


def seal(private_key: PrivateKeyTypes, *, bound_to: str) -> Sealed:
    """Encrypt a private key for the row that ``bound_to`` (its kid) names."""
    kek = _keks()[0]
    nonce = os.urandom(NONCE_BYTES)
    der = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Sealed(kek.id, nonce, kek.cipher.encrypt(nonce, der, bound_to.encode()))


def unseal(sealed: Sealed, *, bound_to: str) -> PrivateKeyTypes:
    """Decrypt a private key. Raises ImproperlyConfigured when no configured KEK fits."""
    for kek in _keks():
        if kek.id == sealed.kek_id:
            try:
                der = kek.cipher.decrypt(sealed.nonce, sealed.ciphertext, bound_to.encode())
            except InvalidTag:
                raise ImproperlyConfigured(
                    f"The stored private key {bound_to} does not decrypt: it was changed, or moved from another row."
                ) from None
            return serialization.load_der_private_key(der, password=None)
    raise ImproperlyConfigured(
        f"The private keys are encrypted under KEK {sealed.kek_id}, which BAREMINT_KEK does not hold. "
        "Set BAREMINT_KEK to the key used before; nothing was changed."
    )


def ensure_kek() -> bool:
    """Make the data directory's own KEK when none is configured. True when one was made.

    Raises ImproperlyConfigured when private keys are stored already: a new KEK could not read them.
    """
    if settings.BAREMINT_KEK or settings.HOME.read_secret(KEK_FILE):
        return False
    if KeyPair.objects.exists():
        raise ImproperlyConfigured(
            f"Private keys are stored, but the key-encryption key is gone: set BAREMINT_KEK, or restore "
            f"{settings.HOME.path / KEK_FILE}. No new one was made, nothing was changed."
        )
    settings.HOME.write_secret(KEK_FILE, base64.b64encode(os.urandom(KEK_BYTES)).decode())
    _parse.cache_clear()
    return True


def _keks() -> tuple[Kek, ...]:
    texts = tuple(settings.BAREMINT_KEK) or tuple(filter(None, [settings.HOME.read_secret(KEK_FILE)]))
    if not texts:
        raise ImproperlyConfigured(
            f"There is no key-encryption key: set BAREMINT_KEK, or restore {settings.HOME.path / KEK_FILE}."
        )
    return _parse(texts)


@lru_cache(maxsize=4)
def _parse(texts: tuple[str, ...]) -> tuple[Kek, ...]:
    return tuple(_parse_one(text) for text in texts)


def _parse_one(text: str) -> Kek:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEK_BYTES:
        raise ImproperlyConfigured(
            "Each BAREMINT_KEK must be 32 random bytes in base64. Make one with: openssl rand -base64 32"
        )
    return Kek(hashlib.sha256(b"baremint-kek" + key).hexdigest()[:16], AESGCM(key))
