"""Rotate root keys (Key Protect contract, section 2.7). The versions before stay: what they wrapped can be
unwrapped."""

import os
import uuid
from datetime import datetime

from controlplane.activity.record import SYSTEM, Party
from controlplane.kernel import clock, failpoints
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import InvalidQuery, PayloadRequired, RotationNotPermitted, field
from controlplane.keyprotect.material import Material
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.root_keys import require_root
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.services.import_tokens import imported_bytes
from controlplane.keyprotect.services.instance_policies import policies_of, require_no_token
from controlplane.keyprotect.services.key_creation import GENERATED_BYTES, add_version
from controlplane.keyprotect.services.key_policies import schedule_rotation
from controlplane.keyprotect.states import ROTATE_AFTER, elapsed, require_state


def rotate_key(key: Key, *, material: Material | None, by: Party) -> None:
    """Add a version, with new material for an imported key and generated material for another.

    Raises RootKeyRequired, InvalidState, RotationNotPermitted within an hour of the rotation before, PayloadRequired,
    InvalidQuery for material of a key that was not imported, CreationDenied where a policy of the instance demands an
    import token, and what ``imported_bytes`` raises.
    """
    with changing_key(key) as current:
        now = clock.now()
        require_root(current)
        require_state("rotate", current.state_at(now))
        if current.rotated_at is not None and elapsed(current.rotated_at, now) < ROTATE_AFTER:
            raise RotationNotPermitted(
                f"A key can be rotated once in an hour, and it was rotated at {current.rotated_at:%Y-%m-%dT%H:%M:%SZ}. "
                "Wait until an hour after that by the deployment's clock."
            )
        if current.imported and material is None:
            raise PayloadRequired("The key was imported. Send new key material to rotate it.", target=field("payload"))
        if material is not None and not current.imported:
            raise InvalidQuery(
                "The query_param `payload` must be: provided only if key is imported", target=field("payload")
            )
        new = _imported(current, material, now) if material else os.urandom(GENERATED_BYTES)
        _add(current, new, now=now, by=by)
        failpoints.reach("before_commit", "rotate-key")


def rotate_by_policy(key: Key, *, now: datetime) -> None:
    """Add a version with generated material to a locked row, in the transaction that locks it."""
    _add(key, os.urandom(GENERATED_BYTES), now=now, by=SYSTEM)


def _add(key: Key, material: bytes, *, now: datetime, by: Party) -> None:
    key.version = str(uuid.uuid4())
    key.rotated_at = key.updated_at = now
    key.bits = len(material) * 8
    key.save(update_fields=["version", "rotated_at", "updated_at", "bits"])
    version = add_version(key, material, number=key.versions.count() + 1, now=now)
    schedule_rotation(key)
    events.record_change(events.ROTATE, key, by=by, status=204, data={"keyVersionId": version.identifier})


def _imported(key: Key, material: Material, now: datetime) -> bytes:
    """Return the new material. Raises CreationDenied and what ``imported_bytes`` raises."""
    if material.proof is None:
        require_no_token(policies_of(key.instance))
    return imported_bytes(key.instance, material, now=now)
