"""Rows of keys that tests store directly: in any state, with any date, and thousands at once."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import DEFAULT_RING, Key, KeyAlias, KeyRing, KeyVersion, Registration
from tests.keyprotect.made import ALICE, START

NOW: datetime = START
STORE_CRN = "crn:v1:bluemix:public:cloud-object-storage:global:a/abc:00000000-0000-4000-8000-00000000000c"
DAY = timedelta(days=1)


def key_row(instance: ResourceInstance, **columns: Any) -> Key:
    """A key that is not stored: an active root key without a version unless the columns say otherwise."""
    identifier = columns.pop("identifier", "") or str(uuid.uuid4())
    name = columns.pop("name", "a key")
    content = {
        "version": identifier,
        "folded_name": name.casefold(),
        "extractable": False,
        "imported": False,
        "bits": 256,
        "created_at": NOW - DAY,
        "created_by": ALICE.id,
        "updated_at": NOW - DAY,
        **columns,
    }
    return Key(instance=instance, identifier=identifier, name=name, **content)


def store_key(instance: ResourceInstance, *, aliases: tuple[str, ...] = (), ring: str = "", **columns: Any) -> Key:
    """A stored key with these aliases, in the key ring of this name, which is made if need be."""
    if ring not in ("", DEFAULT_RING):
        columns["ring"] = store_ring(instance, ring)
    key = key_row(instance, **columns)
    key.save()
    for name in aliases:
        KeyAlias.objects.create(instance=instance, key=key, name=name, created_at=NOW, created_by=ALICE.id)
    return key


def store_keys(instance: ResourceInstance, number: int, **columns: Any) -> None:
    """So many keys, ``key 0`` and so on, each with an alias."""
    keys = Key.objects.bulk_create(key_row(instance, name=f"key {each}", **columns) for each in range(number))
    KeyAlias.objects.bulk_create(
        KeyAlias(instance=instance, key=key, name=f"alias-{key.pk}", created_at=NOW, created_by=ALICE.id)
        for key in keys
    )


def store_ring(instance: ResourceInstance, name: str) -> KeyRing:
    defaults = {"created_at": NOW, "created_by": ALICE.id}
    return KeyRing.objects.get_or_create(instance=instance, name=name, defaults=defaults)[0]


def register(key: Key, bucket: str, *, prevents_deletion: bool = False) -> Registration:
    """A bucket that the key protects."""
    by = f"crn-{STORE_CRN}::"
    return Registration.objects.create(
        key=key,
        resource_crn=f"{STORE_CRN}:bucket:{bucket}",
        version=KeyVersion.objects.get(key=key, identifier=key.version),
        prevents_deletion=prevents_deletion,
        created_at=NOW,
        created_by=by,
        updated_at=NOW,
        updated_by=by,
    )


def identifier(number: int) -> str:
    """A UUID v4; a larger number is a later one."""
    return f"00000000-0000-4000-8000-{number:012x}"
