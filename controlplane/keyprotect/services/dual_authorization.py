"""Deletion of keys by two people, one after the other (Key Protect contract, section 2.7; D-187)."""

from datetime import datetime, timedelta

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import AuthorizationsNotMet, NotDualAuthorized
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.policies import DUAL_AUTH_DELETE
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.states import require_state

AUTHORIZED_FOR = timedelta(days=7)


def set_for_deletion(key: Key, *, by: Party, person: str) -> None:
    """Authorize the deletion of a key by another person for seven days. The last authorization counts.

    ``person`` is the IAM id of who logged in, also where ``by`` is a trusted profile. Raises InvalidState, and
    NotDualAuthorized for a key without the policy.
    """
    _record(events.SET_FOR_DELETION, key, person=person, by=by)


def unset_for_deletion(key: Key, *, by: Party) -> None:
    """Take the authorization of a deletion back, if there is one. Raises as ``set_for_deletion``."""
    _record(events.UNSET_FOR_DELETION, key, person="", by=by)


def _record(event: str, key: Key, *, person: str, by: Party) -> None:
    """Store who authorizes the deletion now; empty for no one."""
    with changing_key(key) as current:
        now = clock.now()
        require_state("authorize the deletion of", current.state_at(now))
        _require_policy(current)
        current.set_for_deletion_at = now if person else None
        current.set_for_deletion_by, current.updated_at = person, now
        current.save(update_fields=["set_for_deletion_at", "set_for_deletion_by", "updated_at"])
        events.record_change(event, current, by=by, status=204)


def require_authorization(key: Key, *, person: str, now: datetime) -> None:
    """Raise AuthorizationsNotMet for a deletion that has to be authorized by another person first.

    A person who assumes a trusted profile remains the same person.
    """
    if not has_dual_authorization(key):
        return
    failure = "1 prior authorization(s) are required for deletion: "
    if authorized_until(key, now) is None:
        expired = "The authorization has expired. " if key.set_for_deletion_at else ""
        raise AuthorizationsNotMet(
            f"{failure}{expired}While the key is active, ask another identity to send "
            f"POST /api/v2/keys/{key.identifier}/actions/setKeyForDeletion."
        )
    if key.set_for_deletion_by == person:
        raise AuthorizationsNotMet(
            f"{failure}You authorized it yourself, and the last authorization counts. Ask another identity to delete "
            "the key."
        )


def has_dual_authorization(key: Key) -> bool:
    """Return whether two people have to delete the key. Reads ``policies``, which may have been read before."""
    return any(policy.kind == DUAL_AUTH_DELETE and policy.enabled for policy in key.policies.all())


def authorized_until(key: Key, now: datetime) -> datetime | None:
    """Return when the authorization to delete the key expires; None when there is none at this instant."""
    expires_at = key.set_for_deletion_at + AUTHORIZED_FOR if key.set_for_deletion_at else None
    return expires_at if expires_at is not None and now < expires_at else None


def _require_policy(key: Key) -> None:
    if not has_dual_authorization(key):
        raise NotDualAuthorized(
            "The key has no policy dualAuthDelete, so one identity alone can delete it. Set the policy first."
        )
