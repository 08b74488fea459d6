"""Encryption of data keys under the material of a root key: AES-256-GCM, or AES with a shorter imported key (Key
Protect contract, section 4).

What callers get is base64 of a JSON object: the ciphertext with its tag, the initialization vector (12 bytes), a
version of this form, and a handle, which names the version of the key. The handle is a hint: the tag decides whether a
version decrypts it.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controlplane.kernel import strictjson
from controlplane.kernel.errors import InvalidRequest
from controlplane.keyprotect import base64_text
from controlplane.keyprotect.base64_text import IllegalBase64

FORM = "4.0.0"
IV_BYTES = 12
DATA_KEY_BYTES = 32
LONGEST = 16_384
"""Characters of a wrapped key: more than that of the longest plaintext with any handle."""
MEMBERS = frozenset({"ciphertext", "iv", "version", "handle"})


class NotWrapped(ValueError):
    """A text is not what ``wrap`` returned for these data and this key."""


@dataclass(frozen=True)
class WrappedKey:
    ciphertext: bytes
    iv: bytes
    handle: str
    """The id of the key version that it names."""


def new_data_key() -> bytes:
    return os.urandom(DATA_KEY_BYTES)


def wrap(plaintext: bytes, *, material: bytes, version: str, aad: Sequence[str]) -> str:
    """Encrypt under the material of a key version. ``aad`` must be given again to decrypt."""
    iv = os.urandom(IV_BYTES)
    content = {
        "ciphertext": base64_text.encode(AESGCM(material).encrypt(iv, plaintext, _associated(aad))),
        "iv": base64_text.encode(iv),
        "version": FORM,
        "handle": version,
    }
    return base64_text.encode(json.dumps(content).encode())


def parse(text: str) -> WrappedKey:
    """Parse a wrapped key.

    Raises IllegalBase64 for what is not base64, and NotWrapped for anything else that ``wrap`` never returns.
    """
    if len(text) > LONGEST:
        raise NotWrapped
    raw = base64_text.decode(text)
    try:
        content = strictjson.parse_object(raw, limit=LONGEST)
        if content.keys() != MEMBERS or not all(isinstance(each, str) for each in content.values()):
            raise NotWrapped
        if content["version"] != FORM:
            raise NotWrapped
        ciphertext, iv = (base64_text.decode(content[name]) for name in ("ciphertext", "iv"))
    except (InvalidRequest, IllegalBase64):
        raise NotWrapped from None
    if len(iv) != IV_BYTES:
        raise NotWrapped
    return WrappedKey(ciphertext, iv, content["handle"])


def unwrap(wrapped: WrappedKey, *, material: bytes, aad: Sequence[str]) -> bytes | None:
    """Decrypt; None when it was not encrypted under this material with this ``aad``, or was altered since."""
    try:
        return AESGCM(material).decrypt(wrapped.iv, wrapped.ciphertext, _associated(aad))
    except InvalidTag:
        return None


def _associated(aad: Sequence[str]) -> bytes:
    """Return the associated data. JSON keeps the division of the texts: ["a", "b"] is not ["ab"]."""
    return json.dumps(list(aad)).encode() if aad else b""
