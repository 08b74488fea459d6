"""Key rings (Key Protect contract, section 2.4; D-185)."""

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.errors import existing
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import (
    KeyRingExists,
    KeyRingKeysNotDeleted,
    KeyRingNotEmpty,
    KeyRingNotFound,
    KeyRingQuota,
    LastingKeyRing,
)
from controlplane.keyprotect.models import DEFAULT_RING, KeyRing
from controlplane.keyprotect.services.changes import changing
from controlplane.keyprotect.states import State

MOST_RINGS = 50
"""Of an instance, with ``default``."""


def find_ring(instance: ResourceInstance, ring: str) -> KeyRing | None:
    """Return the key ring of this id; None for ``default``, which has no row. Raises KeyRingNotFound."""
    if ring == DEFAULT_RING:
        return None
    row = KeyRing.objects.filter(instance=instance, name=ring).first()
    return existing(
        row, f"There is no key ring {ring} in the instance. GET /api/v2/key_rings lists them.", refusal=KeyRingNotFound
    )


def create_ring(instance: ResourceInstance, ring: str, *, by: Party) -> KeyRing:
    """Create a key ring. Raises KeyRingExists or KeyRingQuota."""
    with changing(instance):
        rows = KeyRing.objects.filter(instance=instance)
        if ring == DEFAULT_RING or rows.filter(name=ring).exists():
            raise KeyRingExists(f"The key ring {ring} exists already.")
        if rows.count() + 1 >= MOST_RINGS:
            raise KeyRingQuota(f"An instance has at most {MOST_RINGS} key rings. Delete one of them first.")
        row = KeyRing.objects.create(instance=instance, name=ring, created_at=clock.now(), created_by=by.id)
        events.record_instance_change(events.CREATE_RING, instance, by=by, status=201, data={"keyRingId": ring})
    return row


def delete_ring(instance: ResourceInstance, ring: str, *, force: bool, by: Party) -> None:
    """Delete a key ring. With ``force``, destroyed keys in it move to the key ring ``default``.

    Raises KeyRingNotFound, LastingKeyRing for ``default``, KeyRingNotEmpty, and KeyRingKeysNotDeleted for a key in it
    that is not destroyed.
    """
    with changing(instance):
        if (row := find_ring(instance, ring)) is None:
            raise LastingKeyRing("The key ring default is in every instance and cannot be deleted.")
        keys = row.keys.select_for_update(of=("self",))
        if keys.exists() and not force:
            raise KeyRingNotEmpty(
                "The specified key ring contains at least one key (in any state). Move the keys, or delete "
                "them and send force=true."
            )
        if keys.exclude(state=State.DESTROYED).exists():
            raise KeyRingKeysNotDeleted(
                "The specified key ring contains at least one key that is not destroyed. Move or delete it first."
            )
        row.keys.update(ring=None)
        row.delete()
        events.record_instance_change(events.DELETE_RING, instance, by=by, status=204, data={"keyRingId": ring})
