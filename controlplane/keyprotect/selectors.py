"""Reads of keys, versions and key rings."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Case, F, PositiveSmallIntegerField, Q, QuerySet, Value, When

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.key_names import is_uuid
from controlplane.keyprotect.models import DEFAULT_RING, Key, KeyRing, KeyVersion
from controlplane.keyprotect.states import PURGED_AFTER, State
from controlplane.sealing.keks import unseal


class StateColumn(PositiveSmallIntegerField):
    """A computed column whose values are states."""

    def from_db_value(self, value: int, *details: Any) -> State:
        return State(value)


def keys_of(instance: ResourceInstance, *, now: datetime) -> QuerySet[Key]:
    """Return the keys of an instance. ``state_now`` of each is its state at this instant, as of states.state_at.

    Those that were destroyed 90 days ago are purged, whether or not the job has deleted them.
    """
    purged = Q(state=State.DESTROYED, deleted_at__lte=now - PURGED_AFTER)
    expired = When(state=State.ACTIVE, expires_at__lte=now, then=Value(State.DEACTIVATED.value))
    state_now = Case(expired, default=F("state"), output_field=StateColumn())
    keys = Key.objects.filter(instance=instance).exclude(purged)
    return keys.select_related("instance", "ring").annotate(state_now=state_now)


def find_key(instance: ResourceInstance, word: str, *, now: datetime) -> Key | None:
    """Return the key with this id, in upper or lower case, or with this alias; None when the instance has none."""
    rows = keys_of(instance, now=now)
    name = {"identifier": word.lower()} if is_uuid(word) else {"aliases__name": word}
    return rows.filter(**name).first()


def versions_of(key: Key) -> QuerySet[KeyVersion]:
    """Return the versions of a key without their material, the latest one first."""
    return KeyVersion.objects.filter(key=key).order_by("-number").only("identifier", "number", "created_at")


def payload_of(key: Key) -> bytes | None:
    """Return the material of a standard key; None for a root key, whose material never leaves, and for a destroyed
    key."""
    if not key.extractable or key.state == State.DESTROYED:
        return None
    return unseal(KeyVersion.objects.get(key=key))


def rings_of(instance: ResourceInstance) -> QuerySet[KeyRing]:
    """Return the key rings that were created, in the order of their creation."""
    return KeyRing.objects.filter(instance=instance).order_by("pk")


def in_rings(rings: Collection[str], *, of: str = "") -> Q:
    """Return the condition that a key is in one of the key rings. ``of`` is what stands before its columns."""
    in_default = Q(**{f"{of}ring__isnull": True}) if DEFAULT_RING in rings else Q(pk__in=())
    return in_default | Q(**{f"{of}ring__name__in": rings})


def has_keys(instance: ResourceInstance, ring: str) -> bool:
    """Return whether there is a key in a key ring, in any state."""
    return Key.objects.filter(instance=instance, ring__name=ring).exists()
