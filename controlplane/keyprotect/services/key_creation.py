"""Create keys, generated or imported (Key Protect contract, section 2.2)."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.models import DEFAULT_RING, Key, KeyVersion, bound_to
from controlplane.keyprotect.services.aliases import add_aliases
from controlplane.keyprotect.services.changes import changing
from controlplane.keyprotect.services.key_rings import find_ring
from controlplane.sealing.rows import seal_new

GENERATED_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class KeyPrototype:
    name: str
    extractable: bool
    material: bytes | None = field(default=None, repr=False)
    """The imported material; None to generate it."""
    description: str = ""
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    expires_at: datetime | None = None
    ring: str = DEFAULT_RING


def create_key(instance: ResourceInstance, *, prototype: KeyPrototype, by: Party) -> Key:
    """Create an active key with its first version.

    Raises KeyRingNotFound, AliasNotUnique or AliasQuota, and Unauthorized when the instance was deleted meanwhile; then
    there is no key.
    """
    with changing(instance):
        now = clock.now()
        material = prototype.material or os.urandom(GENERATED_BYTES)
        identifier = str(uuid.uuid4())
        key = Key.objects.create(
            instance=instance,
            identifier=identifier,
            version=identifier,
            name=prototype.name,
            folded_name=prototype.name.casefold(),
            description=prototype.description,
            tags=list(prototype.tags),
            extractable=prototype.extractable,
            imported=prototype.material is not None,
            bits=len(material) * 8,
            ring=find_ring(instance, prototype.ring),
            created_at=now,
            created_by=by.id,
            updated_at=now,
            expires_at=prototype.expires_at,
        )
        add_version(key, material, number=1, now=now)
        add_aliases(key, prototype.aliases, now=now, by=by)
        expiration = {"expirationDate": key.expires_at} if key.expires_at else {}
        data = {name: value.isoformat() for name, value in expiration.items()}
        events.record_change(events.CREATE, key, by=by, status=201, data=data)
    return key


def add_version(key: Key, material: bytes, *, number: int, now: datetime) -> KeyVersion:
    """Store the material of the latest version of a key, encrypted. The first version has the key's id."""
    sealed = seal_new(material, bound_to=bound_to(key.version))
    return KeyVersion.objects.create(key=key, identifier=key.version, number=number, created_at=now, **sealed)
