"""Activity events of Key Protect (IBM Cloud docs, "Activity tracking events for Key Protect").

An event names the instance, the request, the key ring and versions. No event has key material, a plaintext, a wrapped
key or additional authenticated data in it.
"""

from collections.abc import Mapping
from typing import Any

from controlplane.activity.record import Party, record
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock, context
from controlplane.keyprotect.models import Key, key_crn

CREATE = "kms.secrets.create"
DELETE = "kms.secrets.delete"
PURGE = "kms.secrets.purge"
RESTORE = "kms.secrets.restore"
ROTATE = "kms.secrets.rotate"
DISABLE = "kms.secrets.disable"
ENABLE = "kms.secrets.enable"
EXPIRE = "kms.secrets.expire"
PATCH = "kms.secrets.patch"
LIST = "kms.secrets.list"
HEAD = "kms.secrets.head"
READ = "kms.secrets.read"
READ_METADATA = "kms.secrets-metadata.read"
LIST_VERSIONS = "kms.secrets-key-versions.list"
WRAP = "kms.secrets.wrap"
UNWRAP = "kms.secrets.unwrap"
REWRAP = "kms.secrets.rewrap"
CREATE_ALIAS = "kms.secrets-alias.create"
DELETE_ALIAS = "kms.secrets-alias.delete"
LIST_RINGS = "kms.key-rings.list"
CREATE_RING = "kms.key-rings.create"
DELETE_RING = "kms.key-rings.delete"
SET_FOR_DELETION = "kms.secrets.setkeyfordeletion"
UNSET_FOR_DELETION = "kms.secrets.unsetkeyfordeletion"
SYNCHRONIZE = "kms.secrets.sync"
READ_POLICIES = "kms.policies.read"
WRITE_POLICIES = "kms.policies.write"
READ_INSTANCE_POLICIES = "kms.instance-policies.read"
WRITE_INSTANCE_POLICIES = "kms.instance-policies.write"
READ_ALLOWED_PORT = "kms.instance-allowed-ip-port.read"
CREATE_IMPORT_TOKEN = "kms.import-token.create"  # noqa: S105  the name of an event
READ_IMPORT_TOKEN = "kms.import-token.read"  # noqa: S105  the name of an event
LIST_REGISTRATIONS = "kms.registrations.list"
CREATE_REGISTRATION = "kms.registrations.create"
WRITE_REGISTRATION = "kms.registrations.write"
DELETE_REGISTRATION = "kms.registrations.delete"
LONGEST_URI = 512


def key_party(instance: ResourceInstance, identifier: str, name: str = "") -> Party:
    return Party(key_crn(instance, identifier), name or identifier, "key")


def instance_data(instance: ResourceInstance) -> dict[str, Any]:
    """Return the data of every event about an instance or something in it."""
    request = context.current.get()
    uri = {"requestURI": request.path[:LONGEST_URI]} if request else {}
    return {"instanceID": instance.guid, **uri}


def key_data(key: Key) -> dict[str, Any]:
    """Return the data of every event about a key."""
    state = key.state_at(clock.now())
    return {**instance_data(key.instance), "keyRingId": key.ring_name, "keyState": int(state)}


def record_change(event: str, key: Key, *, by: Party, status: int, data: Mapping[str, Any] | None = None) -> None:
    """Record a change of a key, in the transaction of the change."""
    record(
        event,
        initiator=by,
        target=key_party(key.instance, key.identifier, key.name),
        account_id=key.instance.account_id,
        status=status,
        data={**key_data(key), **(data or {})},
    )


def record_instance_change(
    event: str, instance: ResourceInstance, *, by: Party, status: int, data: Mapping[str, Any]
) -> None:
    """Record a change in an instance that is not one of a key, in the transaction of the change."""
    record(
        event,
        initiator=by,
        target=Party(instance.crn, instance.name, "instance"),
        account_id=instance.account_id,
        status=status,
        data={**instance_data(instance), **data},
    )
