"""Answers of Key Protect, in the form of its API (Key Protect contract, section 2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from django.db.models import prefetch_related_objects

from controlplane.kernel.timestamps import seconds
from controlplane.keyprotect import base64_text
from controlplane.keyprotect.key_requests import KEY_TYPE
from controlplane.keyprotect.models import Key, KeyAlias, KeyPolicy, KeyRing, KeyVersion
from controlplane.keyprotect.policies import ROTATION
from controlplane.keyprotect.services.dual_authorization import authorized_until, has_dual_authorization
from controlplane.keyprotect.states import PURGE_AFTER, PURGED_AFTER, RESTORE_WITHIN, State, elapsed

VERSION, ALIAS, RING = (f"application/vnd.ibm.kms.{each}+json" for each in ("key.version", "alias", "key_ring"))
REASONS = {State.SUSPENDED: 1, State.DEACTIVATED: 2, State.DESTROYED: 3}
"""``nonactiveStateReason`` by state. IBM publishes no values."""


class KeyCollectionMetadata(TypedDict):
    collectionType: str
    collectionTotal: int
    totalCount: NotRequired[int]


class KeySearchQuery(TypedDict):
    query: str
    scopes: list[str]
    exact: NotRequired[bool]


KeySearchQuery.__annotations__["not"] = NotRequired[bool]


class KeyListMetadata(KeyCollectionMetadata):
    searchQuery: NotRequired[KeySearchQuery]
    incompleteSearch: NotRequired[bool]


class KeyVersionBody(TypedDict):
    id: str
    creationDate: NotRequired[str]


class KeyAlgorithm(TypedDict):
    bitLength: str
    mode: Literal["Deprecated"]


class KeyDualAuthDelete(TypedDict):
    """The other members are there while it is enabled, ``authExpiration`` while the deletion is authorized."""

    enabled: bool
    keySetForDeletion: NotRequired[bool]
    authExpiration: NotRequired[str]


class KeyRotation(TypedDict):
    enabled: bool
    interval_month: int


class KeyBody(TypedDict, total=False):
    """A key.

    ``payload``, the material of a standard key in base64, is in the answers to two operations only, ``encryptedNonce``
    and ``iv`` in that of one. The members from ``deletionDate`` on are those of a destroyed key.
    """

    type: str
    id: str
    name: str
    aliases: list[str]
    description: str
    tags: list[str]
    state: int
    extractable: bool
    crn: str
    imported: bool
    keyRingID: str
    creationDate: str
    createdBy: str
    algorithmType: Literal["Deprecated"]
    algorithmMetadata: KeyAlgorithm
    algorithmBitSize: int
    algorithmMode: Literal["Deprecated"]
    lastUpdateDate: str
    lastRotateDate: str
    expirationDate: str
    nonactiveStateReason: int
    keyVersion: KeyVersionBody
    dualAuthDelete: KeyDualAuthDelete
    rotation: KeyRotation
    payload: str
    encryptedNonce: str
    iv: str
    deleted: bool
    deletionDate: str
    deletedBy: str
    restoreAllowed: bool
    restoreExpirationDate: str
    purgeAllowed: bool
    purgeAllowedFrom: str
    purgeScheduledOn: str


class KeyProtectKeys(TypedDict):
    metadata: KeyCollectionMetadata
    resources: list[KeyBody]


class KeyProtectKeyList(TypedDict):
    """Without keys, there are no ``resources``."""

    metadata: KeyListMetadata
    resources: NotRequired[list[KeyBody]]


class KeyVersionList(TypedDict):
    metadata: KeyCollectionMetadata
    resources: NotRequired[list[KeyVersionBody]]


class KeyAliasBody(TypedDict):
    keyId: str
    alias: str
    createdBy: str
    creationDate: str


class KeyAliasCollection(TypedDict):
    metadata: KeyCollectionMetadata
    resources: list[KeyAliasBody]


class KeyRingBody(TypedDict):
    """The key ring ``default`` has no date and no creator."""

    id: str
    creationDate: NotRequired[str]
    createdBy: NotRequired[str]


class KeyRingList(TypedDict):
    metadata: KeyCollectionMetadata
    resources: NotRequired[list[KeyRingBody]]


class WrappedKeyBody(TypedDict):
    """``plaintext`` is the data key that was made, where the request had none."""

    plaintext: NotRequired[str]
    ciphertext: str
    keyVersion: KeyVersionBody


class UnwrappedKeyBody(TypedDict):
    """``ciphertext`` and ``rewrappedKeyVersion`` are there when a version before the latest one wrapped it."""

    plaintext: str
    keyVersion: KeyVersionBody
    ciphertext: NotRequired[str]
    rewrappedKeyVersion: NotRequired[KeyVersionBody]


class RewrappedKeyBody(TypedDict):
    ciphertext: str
    keyVersion: KeyVersionBody
    rewrappedKeyVersion: KeyVersionBody


def collection(type: str, resources: Iterable[Any], **more: Any) -> Any:
    """Return a collection. Without resources, the member is left out, as in IBM's answers."""
    items = list(resources)
    body: dict[str, Any] = {"metadata": {"collectionType": type, "collectionTotal": len(items), **more}}
    return body | ({"resources": items} if items else {})


def key_body(key: Key, *, now: datetime, payload: bytes | None = None) -> KeyBody:
    """Return a key as the API answers it."""
    prefetch_related_objects([key], "aliases", "policies")
    state = key.state_at(now)
    body: KeyBody = {
        "type": KEY_TYPE,
        "id": key.identifier,
        "name": key.name,
        "state": int(state),
        "extractable": key.extractable,
        "crn": key.crn,
        "imported": key.imported,
        "keyRingID": key.ring_name,
        "creationDate": seconds(key.created_at),
        "createdBy": key.created_by,
        "algorithmType": "Deprecated",
        "algorithmMetadata": {"bitLength": str(key.bits), "mode": "Deprecated"},
        "algorithmBitSize": key.bits,
        "algorithmMode": "Deprecated",
        "lastUpdateDate": seconds(key.updated_at),
        "dualAuthDelete": _dual_auth_delete(key, now),
        "deleted": False,
    }
    if aliases := sorted(each.name for each in key.aliases.all()):
        body["aliases"] = aliases
    if key.description:
        body["description"] = key.description
    if key.tags:
        body["tags"] = key.tags
    if key.rotated_at:
        body["lastRotateDate"] = seconds(key.rotated_at)
    if key.expires_at:
        body["expirationDate"] = seconds(key.expires_at)
    if state in REASONS:
        body["nonactiveStateReason"] = REASONS[state]
    for policy in key.policies.all():
        if policy.kind == ROTATION:
            body["rotation"] = rotation_body(policy)
    if not key.extractable:
        body["keyVersion"] = {"id": key.version, "creationDate": seconds(key.rotated_at or key.created_at)}
    if payload is not None:
        body["payload"] = base64_text.encode(payload)
    return body if key.deleted_at is None else {**body, **_destroyed(key, key.deleted_at, now)}


def _dual_auth_delete(key: Key, now: datetime) -> KeyDualAuthDelete:
    if not has_dual_authorization(key):
        return {"enabled": False}
    if (expires_at := authorized_until(key, now)) is None:
        return {"enabled": True, "keySetForDeletion": False}
    return {"enabled": True, "keySetForDeletion": True, "authExpiration": seconds(expires_at)}


def rotation_body(policy: KeyPolicy) -> KeyRotation:
    """Return a rotation policy, which always has an interval."""
    return {"enabled": policy.enabled, "interval_month": policy.interval_months or 0}


def import_members(key: Key) -> KeyBody:
    """Return what a key has that was created with an import token: without them, Terraform would replace it."""
    return {"encryptedNonce": key.encrypted_nonce, "iv": key.import_iv} if key.encrypted_nonce else {}


def _destroyed(key: Key, deleted_at: datetime, now: datetime) -> KeyBody:
    age = elapsed(deleted_at, now)
    has_expired = key.expires_at is not None and key.expires_at <= now
    return {
        "deleted": True,
        "deletionDate": seconds(deleted_at),
        "deletedBy": key.deleted_by,
        "restoreAllowed": age < RESTORE_WITHIN and not has_expired,
        "restoreExpirationDate": seconds(deleted_at + RESTORE_WITHIN),
        "purgeAllowed": age >= PURGE_AFTER,
        "purgeAllowedFrom": seconds(deleted_at + PURGE_AFTER),
        "purgeScheduledOn": seconds(deleted_at + PURGED_AFTER),
    }


def identifying_body(key: Key) -> KeyBody:
    """Return the members that identify a key, for callers that prefer the least."""
    return {"type": KEY_TYPE, "id": key.identifier, "crn": key.crn, "name": key.name}


def version_body(version: KeyVersion) -> KeyVersionBody:
    return {"id": version.identifier, "creationDate": seconds(version.created_at)}


def alias_body(alias: KeyAlias) -> KeyAliasBody:
    return {
        "keyId": alias.key.identifier,
        "alias": alias.name,
        "createdBy": alias.created_by,
        "creationDate": seconds(alias.created_at),
    }


def ring_body(ring: KeyRing) -> KeyRingBody:
    return {"id": ring.name, "creationDate": seconds(ring.created_at), "createdBy": ring.created_by}
