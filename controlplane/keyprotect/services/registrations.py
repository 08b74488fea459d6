"""Registrations: which resources of other services a root key protects (Key Protect contract, sections 2.1 and 2.7;
D-189)."""

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import DeletionPrevented, ProtectsResources, TooEarly, parameter
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.root_keys import require_root
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.states import SYNCHRONIZE_AFTER, elapsed


def release_resources(key: Key, *, force: bool) -> None:
    """Delete the registrations of a key, in the transaction that deletes the key.

    Raises DeletionPrevented for a resource that must be kept, and ProtectsResources without ``force`` for any.
    """
    if key.registrations.filter(prevents_deletion=True).exists():
        raise DeletionPrevented(
            "The key protects a resource that has a retention policy. Delete the resource first; "
            f"GET /api/v2/keys/{key.identifier}/registrations names it."
        )
    if not force and key.registrations.exists():
        raise ProtectsResources(
            f"The key protects cloud resources, which GET /api/v2/keys/{key.identifier}/registrations lists. They "
            "cannot be read without it. To delete it, send force=true.",
            target=parameter("force"),
        )
    key.registrations.all().delete()


def synchronize(key: Key, *, by: Party) -> None:
    """Record that the services with registrations of a root key should read its state and version again.

    Raises RootKeyRequired, and TooEarly within an hour of the last time.
    """
    with changing_key(key) as current:
        now = clock.now()
        require_root(current)
        last = current.synchronized_at
        if last is not None and elapsed(last, now) < SYNCHRONIZE_AFTER:
            raise TooEarly(
                "The key was updated recently: Please wait and try again: Sync cannot be performed until at least "
                f"{last + SYNCHRONIZE_AFTER:%Y-%m-%dT%H:%M:%SZ}"
            )
        current.synchronized_at = now
        current.save(update_fields=["synchronized_at"])
        events.record_change(events.SYNCHRONIZE, current, by=by, status=204)
