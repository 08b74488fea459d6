"""What happens by time: policies rotate keys, keys expire, destroyed ones are purged after 90 days, and private keys of
expired import tokens are wiped."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from controlplane.activity.record import SYSTEM
from controlplane.kernel.due_rows import take_each
from controlplane.keyprotect import events
from controlplane.keyprotect.models import ImportToken, Key, KeyPolicy
from controlplane.keyprotect.services.changes import lock_key
from controlplane.keyprotect.services.key_rotation import rotate_by_policy
from controlplane.keyprotect.states import PURGED_AFTER, State
from controlplane.sealing.keks import WIPED

EXPIRING = Key.objects.filter(state=State.ACTIVE, expires_at__isnull=False)
DESTROYED = Key.objects.filter(state=State.DESTROYED)
TOKENS = ImportToken.objects.exclude(kek_id="")
ROTATING = KeyPolicy.objects.filter(due_at__isnull=False, key__state=State.ACTIVE)


def run_due(now: datetime) -> int:
    """Deactivate, rotate and purge the keys that are due, and wipe expired import tokens. Returns their number."""
    expired = EXPIRING.filter(expires_at__lte=now).order_by("expires_at", "pk").values_list("pk", flat=True)
    destroyed = DESTROYED.filter(deleted_at__lte=now - PURGED_AFTER).order_by("deleted_at", "pk")
    rotating = ROTATING.filter(due_at__lte=now).order_by("due_at", "pk").values_list("key", flat=True)
    return (
        take_each(expired, _expire, now=now, what="an expired key", key="key")
        + take_each(rotating, _rotate, now=now, what="a key to rotate", key="key")
        + take_each(destroyed.values_list("pk", flat=True), _purge, now=now, what="a destroyed key", key="key")
        + TOKENS.filter(expires_at__lte=now).update(**WIPED)
    )


def due_at(now: datetime) -> datetime | None:
    """Return when the next key expires, is rotated or is purged, or a token expires; None while there is none."""
    expires_at: datetime | None = EXPIRING.aggregate(at=Min("expires_at"))["at"]
    deleted_at: datetime | None = DESTROYED.aggregate(at=Min("deleted_at"))["at"]
    purged_at = deleted_at + PURGED_AFTER if deleted_at else None
    rotated_at: datetime | None = ROTATING.aggregate(at=Min("due_at"))["at"]
    wiped_at: datetime | None = TOKENS.aggregate(at=Min("expires_at"))["at"]
    return min(filter(None, [expires_at, rotated_at, purged_at, wiped_at]), default=None)


@transaction.atomic
def _expire(pk: int, *, now: datetime) -> bool:
    """Deactivate a key. Returns False when another worker or a request changed it first."""
    key = lock_key(pk)
    if key is None or key.state != State.ACTIVE or key.state_at(now) != State.DEACTIVATED:
        return False
    key.state, key.updated_at = State.DEACTIVATED, now
    key.save(update_fields=["state", "updated_at"])
    events.record_change(events.EXPIRE, key, by=SYSTEM, status=200)
    return True


@transaction.atomic
def _rotate(pk: int, *, now: datetime) -> bool:
    """Rotate a key as its policy says. Returns False when a request rotated it or changed its state first."""
    key = lock_key(pk)
    if key is None or key.state_at(now) != State.ACTIVE or not key.policies.filter(due_at__lte=now).exists():
        return False
    rotate_by_policy(key, now=now)
    return True


@transaction.atomic
def _purge(pk: int, *, now: datetime) -> bool:
    """Purge a key. Returns False when another worker purged it, or a request restored it."""
    key = lock_key(pk)
    if key is None or key.state != State.DESTROYED or key.deleted_at is None or key.deleted_at > now - PURGED_AFTER:
        return False
    events.record_change(events.PURGE, key, by=SYSTEM, status=204)
    key.delete()
    return True
