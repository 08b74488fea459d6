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
from controlplane.keyprotect.material import ImportProof, Material
from controlplane.keyprotect.models import DEFAULT_RING, InstancePolicy, Key, KeyVersion, bound_to
from controlplane.keyprotect.policies import KeyPolicySetting
from controlplane.keyprotect.services.aliases import add_aliases
from controlplane.keyprotect.services.changes import changing
from controlplane.keyprotect.services.import_tokens import imported_bytes
from controlplane.keyprotect.services.instance_policies import policies_of, require_creation
from controlplane.keyprotect.services.key_policies import add_policies
from controlplane.keyprotect.services.key_rings import find_ring
from controlplane.sealing.rows import seal_new

GENERATED_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class KeyPrototype:
    name: str
    extractable: bool
    material: Material | None = field(default=None, repr=False)
    """The imported material; None to generate it."""
    description: str = ""
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    expires_at: datetime | None = None
    ring: str = DEFAULT_RING
    policies: Sequence[KeyPolicySetting] | None = None
    """None for those that the instance has for new keys."""


def create_key(instance: ResourceInstance, *, prototype: KeyPrototype, by: Party) -> Key:
    """Create an active key with its first version.

    Raises CreationDenied by a policy of the instance, what ``imported_bytes`` and ``add_policies`` raise,
    KeyRingNotFound, AliasNotUnique or AliasQuota, and Unauthorized when the instance was deleted meanwhile; then there
    is no key.
    """
    with changing(instance):
        now = clock.now()
        policies = policies_of(instance)
        content, proof = _content(instance, prototype, policies, now)
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
            bits=len(content) * 8,
            ring=find_ring(instance, prototype.ring),
            created_at=now,
            created_by=by.id,
            updated_at=now,
            expires_at=prototype.expires_at,
            encrypted_nonce=proof.nonce_text if proof else "",
            import_iv=proof.iv_text if proof else "",
        )
        add_version(key, content, number=1, now=now)
        add_aliases(key, prototype.aliases, now=now, by=by)
        add_policies(key, overrides=prototype.policies, of_instance=policies, by=by)
        expiration = {"expirationDate": key.expires_at} if key.expires_at else {}
        data = {name: value.isoformat() for name, value in expiration.items()}
        events.record_change(events.CREATE, key, by=by, status=201, data=data)
    return key


def _content(
    instance: ResourceInstance, prototype: KeyPrototype, policies: Sequence[InstancePolicy], now: datetime
) -> tuple[bytes, ImportProof | None]:
    """Return the material of a new key, with the proof of its import.

    Raises CreationDenied and what ``imported_bytes`` raises.
    """
    material = prototype.material
    proof = material.proof if material else None
    require_creation(
        policies, standard=prototype.extractable, imported=material is not None, with_token=proof is not None
    )
    if material is None:
        return os.urandom(GENERATED_BYTES), None
    return imported_bytes(instance, material, now=now), proof


def add_version(key: Key, material: bytes, *, number: int, now: datetime) -> KeyVersion:
    """Store the material of the latest version of a key, encrypted. The first version has the key's id."""
    sealed = seal_new(material, bound_to=bound_to(key.version))
    return KeyVersion.objects.create(key=key, identifier=key.version, number=number, created_at=now, **sealed)
