"""Disable, enable, delete, restore and purge keys, and move them to another key ring (Key Protect contract,
section 2.7). The waiting times are by the deployment's clock."""

from datetime import datetime

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import KeyDeleted, KeyExpired, RestoreExpired
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.root_keys import require_root
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.services.dual_authorization import require_authorization
from controlplane.keyprotect.services.instance_policies import policies_of, require_no_token
from controlplane.keyprotect.services.key_rings import find_ring
from controlplane.keyprotect.services.registrations import release_resources
from controlplane.keyprotect.states import (
    ENABLE_AFTER,
    PURGE_AFTER,
    RESTORE_AFTER,
    RESTORE_WITHIN,
    State,
    elapsed,
    require_elapsed,
    require_state,
)


def disable_key(key: Key, *, by: Party) -> None:
    """Suspend a root key. Raises RootKeyRequired or InvalidState."""
    with changing_key(key) as current:
        now = clock.now()
        require_root(current)
        require_state("disable", current.state_at(now))
        current.state, current.disabled_at, current.updated_at = State.SUSPENDED, now, now
        current.save(update_fields=["state", "disabled_at", "updated_at"])
        events.record_change(events.DISABLE, current, by=by, status=204)


def enable_key(key: Key, *, by: Party) -> None:
    """Make a suspended root key active again.

    Raises RootKeyRequired, InvalidState, or TooEarly within 30 seconds of the suspension.
    """
    with changing_key(key) as current:
        now = clock.now()
        require_root(current)
        require_state("enable", current.state_at(now))
        require_elapsed(
            ENABLE_AFTER,
            since=current.disabled_at,
            now=now,
            refusal="Enable operation is allowed 30s after key is disabled",
        )
        current.state, current.disabled_at, current.updated_at = State.ACTIVE, None, now
        current.save(update_fields=["state", "disabled_at", "updated_at"])
        events.record_change(events.ENABLE, current, by=by, status=204)


def delete_key(key: Key, *, force: bool = False, by: Party, person: str = "", status: int = 204) -> Key:
    """Destroy a key, which can be restored for 30 days. With ``force``, it may protect resources.

    ``person`` is the IAM id of who logged in, if that is not ``by``. Raises KeyDeleted when it is destroyed already,
    AuthorizationsNotMet, DeletionPrevented or ProtectsResources.
    """
    with changing_key(key) as current:
        now = clock.now()
        if current.state == State.DESTROYED:
            raise KeyDeleted("key has already been deleted: Please restore the key if you need it.")
        require_authorization(current, person=person or by.id, now=now)
        release_resources(current, force=force)
        current.state, current.updated_at = State.DESTROYED, now
        current.deleted_at, current.deleted_by, current.disabled_at = now, by.id, None
        current.set_for_deletion_at, current.set_for_deletion_by = None, ""
        current.save(
            update_fields=[
                *("state", "updated_at", "deleted_at", "deleted_by", "disabled_at"),
                *("set_for_deletion_at", "set_for_deletion_by"),
            ]
        )
        events.record_change(events.DELETE, current, by=by, status=status)
    return current


def restore_key(key: Key, *, with_plain_material: bool = False, by: Party) -> Key:
    """Make a destroyed key active again, with its versions, aliases, policies and key ring.

    ``with_plain_material`` is whether the request has key material that is not encrypted with an import token. It
    changes nothing, because the key has its own. Raises InvalidState, RestoreExpired after 30 days, KeyExpired after
    its expiration date, TooEarly within 30 seconds of the deletion, or CreationDenied where a policy of the instance
    demands an import token.
    """
    with changing_key(key) as current:
        now = clock.now()
        require_state("restore", current.state_at(now))
        _require_restorable(current, now)
        if with_plain_material and current.imported:
            require_no_token(policies_of(current.instance))
        current.state, current.updated_at, current.deleted_at, current.deleted_by = State.ACTIVE, now, None, ""
        current.save(update_fields=["state", "updated_at", "deleted_at", "deleted_by"])
        events.record_change(events.RESTORE, current, by=by, status=201)
    return current


def _require_restorable(key: Key, now: datetime) -> None:
    """Raise RestoreExpired, KeyExpired or TooEarly."""
    if key.deleted_at is not None and elapsed(key.deleted_at, now) >= RESTORE_WITHIN:
        raise RestoreExpired(f"The key was deleted more than {RESTORE_WITHIN.days} days ago: Key could not be restored")
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyExpired(f"The key expired on {key.expires_at:%Y-%m-%dT%H:%M:%SZ}: Key could not be restored")
    require_elapsed(
        RESTORE_AFTER, since=key.deleted_at, now=now, refusal="Restore operation is allowed 30s after key is deleted"
    )


def purge_key(key: Key, *, by: Party, status: int = 204) -> None:
    """Delete a destroyed key for ever.

    Raises InvalidState, or TooEarly within four hours of the deletion.
    """
    with changing_key(key) as current:
        now = clock.now()
        require_state("purge", current.state_at(now))
        require_elapsed(
            PURGE_AFTER,
            since=current.deleted_at,
            now=now,
            refusal="Purge operation is allowed 4h0m0s after key is deleted",
        )
        events.record_change(events.PURGE, current, by=by, status=status)
        current.delete()


def move_key(key: Key, *, ring: str, by: Party) -> Key:
    """Move the key to another key ring. Raises KeyRingNotFound, and InvalidState for a destroyed key."""
    with changing_key(key) as current:
        now = clock.now()
        target = find_ring(current.instance, ring)
        require_state("change", current.state_at(now))
        current.ring, current.updated_at = target, now
        current.save(update_fields=["ring", "updated_at"])
        events.record_change(events.PATCH, current, by=by, status=200)
    return current
