"""The values of requests about keys: material, names, dates (Key Protect contract, sections 2.2 and 4)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from controlplane.kernel.errors import Target
from controlplane.kernel.text import echoed
from controlplane.keyprotect import base64_text, errors, instants, key_names
from controlplane.keyprotect.base64_text import IllegalBase64
from controlplane.keyprotect.errors import BadBody, InvalidField
from controlplane.keyprotect.material import (
    ALGORITHMS,
    DEFAULT_ALGORITHM,
    IV_BYTES,
    NONCE_BYTES,
    ImportProof,
    Material,
    check_root_bytes,
)
from controlplane.keyprotect.policies import KeyPolicySetting
from controlplane.keyprotect.services.key_creation import KeyPrototype

KEY_TYPE = "application/vnd.ibm.kms.key+json"
MOST_STANDARD_BYTES = 7_500
MOST_PLAINTEXT_BYTES = 4_096
SHORTEST_TEXT = 2
TAG = re.compile(r"[^<>,:&|]*")
IMPORT_MEMBERS = ("encryptedNonce", "iv", "encryptionAlgorithm")


def prototype_of(
    content: Mapping[str, Any], *, ring: str, now: datetime, overrides: Sequence[KeyPolicySetting] | None = None
) -> KeyPrototype:
    """Return the key that the body of a request describes.

    ``overrides`` are its policies, None for those that its instance has for new keys. Raises BadBody for a wrong
    collection, and InvalidField for a wrong value.
    """
    key = _only_key(content)
    _check_type(key.get("type", ""))
    is_standard = key.get("extractable", True)
    description = key.get("description", "")
    if description and len(description) < SHORTEST_TEXT:
        raise InvalidField("The field `description` must be: 2 to 240 characters", target=errors.field("description"))
    for name in ("name", "description"):
        if not key.get(name, "").isprintable():
            raise InvalidField(f"The field `{name}` must be: printable characters only", target=errors.field(name))
    return KeyPrototype(
        name=key["name"],
        description=description,
        extractable=is_standard,
        material=material_of(key, is_standard=is_standard),
        aliases=_aliases(key.get("aliases", [])),
        tags=_tags(key.get("tags", [])),
        expires_at=_expiration(key.get("expirationDate", ""), now),
        ring=ring,
        policies=overrides,
    )


def _only_key(content: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(content["resources"]) != 1 or content["metadata"]["collectionTotal"] != 1:
        raise BadBody("Request body is not valid: Only creation of one key per request is supported")
    if content["metadata"]["collectionType"] != KEY_TYPE:
        raise BadBody(f"Request body is not valid: collectionType must be {KEY_TYPE}")
    key: Mapping[str, Any] = content["resources"][0]
    return key


def _check_type(type: str) -> None:
    if type not in ("", KEY_TYPE):
        raise InvalidField(f"The field `type` must be: {KEY_TYPE}", target=errors.field("type"))


def material_of(content: Mapping[str, Any], *, is_standard: bool = False) -> Material | None:
    """Return the imported material; None without one. Raises InvalidField."""
    proof = _proof(content)
    if not (text := content.get("payload", "")):
        if proof:
            message = "The field `payload` is missing. Send the key material, encrypted for the import token."
            raise InvalidField(message, target=errors.field("payload"))
        return None
    material = Material(_decoded(text, "payload"), proof)
    if is_standard and proof:
        message = "The field `encryptedNonce` is not for standard keys: import tokens import root keys. Leave it out."
        raise InvalidField(message, target=errors.field("encryptedNonce"))
    if is_standard and len(material.content) > MOST_STANDARD_BYTES:
        raise InvalidField(
            f"The field `payload` must be: at most {MOST_STANDARD_BYTES} bytes before encoding",
            target=errors.field("payload"),
        )
    if not is_standard and proof is None:
        check_root_bytes(material.content)
    return material


def _proof(content: Mapping[str, Any]) -> ImportProof | None:
    """Return the proof that material was encrypted for the import token; None without one. Raises InvalidField."""
    if not any(content.get(name) for name in IMPORT_MEMBERS):
        return None
    for name in ("encryptedNonce", "iv"):
        if not content.get(name):
            message = f"The field `{name}` is missing. Send it with material that is encrypted for an import token."
            raise InvalidField(message, target=errors.field(name))
    nonce, iv = (_decoded(content[name], name) for name in ("encryptedNonce", "iv"))
    algorithm = content.get("encryptionAlgorithm") or DEFAULT_ALGORITHM
    requirements = {
        "encryptedNonce": (len(nonce) in NONCE_BYTES, "the nonce of the import token, encrypted with AES-GCM"),
        "iv": (len(iv) == IV_BYTES, f"an initialization vector of {IV_BYTES} bytes before encoding"),
        "encryptionAlgorithm": (algorithm in ALGORITHMS, f"one of {', '.join(ALGORITHMS)}"),
    }
    for name, (is_met, words) in requirements.items():
        if not is_met:
            raise InvalidField(f"The field `{name}` must be: {words}", target=errors.field(name))
    return ImportProof(nonce, iv, algorithm)


def plaintext_of(content: Mapping[str, Any]) -> bytes | None:
    """Return the data key to wrap; None without one. Raises InvalidField."""
    if not (text := content.get("plaintext", "")):
        return None
    plaintext = _decoded(text, "plaintext")
    if len(plaintext) > MOST_PLAINTEXT_BYTES:
        raise InvalidField(
            f"The field `plaintext` must be: at most {MOST_PLAINTEXT_BYTES} bytes before encoding",
            target=errors.field("plaintext"),
        )
    return plaintext


def _decoded(text: str, name: str) -> bytes:
    try:
        content = base64_text.decode(text)
    except IllegalBase64 as problem:
        message = f"The field `{name}` must be: a base64 encoded key material: {problem}"
        raise InvalidField(message, target=errors.field(name)) from None
    return content


def _aliases(aliases: Sequence[str]) -> Sequence[str]:
    for alias in aliases:
        check_alias(alias, errors.field("aliases"))
    if len(set(aliases)) != len(aliases):
        raise InvalidField("The field `aliases` must be: different aliases", target=errors.field("aliases"))
    return aliases


def check_alias(alias: str, target: Target | None = None) -> str:
    """Return the alias. Raises InvalidField when it cannot be one."""
    if refusal := key_names.refusal_of_alias(alias):
        target = target or errors.field("alias")
        raise InvalidField(f"The field `{target.name}` must be: {refusal}. It has {echoed(alias)!r}", target=target)
    return alias


def check_ring(ring: str) -> str:
    """Return the id of a key ring. Raises InvalidField when it cannot be one."""
    if not key_names.is_ring(ring):
        message = "The field `key_ring_id` must be: 2 to 100 letters, digits and hyphens"
        raise InvalidField(message, target=errors.field("key_ring_id"))
    return ring


def _tags(tags: Sequence[str]) -> Sequence[str]:
    if not all(TAG.fullmatch(tag) and tag.isprintable() for tag in tags):
        message = "The field `tags` must be: printable characters other than < > , : & |"
        raise InvalidField(message, target=errors.field("tags"))
    return tags


def _expiration(text: str, now: datetime) -> datetime | None:
    """Return the instant at which a key expires. Raises InvalidField for one that is not in the future."""
    if not text:
        return None
    target = errors.field("expirationDate")
    message = "The field `expirationDate` must be: a time in the future in RFC 3339, such as 2030-12-31T00:00:00Z"
    expires_at = instants.parse(text)
    if expires_at is None or expires_at <= now:
        raise InvalidField(message, target=target)
    return expires_at
