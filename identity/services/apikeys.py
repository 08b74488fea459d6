"""API keys: create, change, lock, disable, delete.

The value is answered once and kept as a hash. The value of a service ID's key is also stored, encrypted, when its
creator asks for it.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, OverQuota, ReferenceNotFound, Target, existing
from controlplane.sealing.keks import unseal
from controlplane.sealing.rows import seal_new
from identity import events
from identity.models import ApiKey, StoredValue
from trustedprofiles.limits import API_KEYS_PER_IDENTITY
from trustedprofiles.models import Account, ServiceId
from trustedprofiles.models.service_id import is_service_id
from trustedprofiles.services.revisions import revise
from trustedprofiles.services.service_ids import create_service_id
from trustedprofiles.services.tags import forget

VALUE_BYTES = 33
SHORTEST_VALUE = 32
LONGEST_VALUE = 512


@transaction.atomic
def create_api_key(
    account: Account,
    *,
    iam_id: str,
    name: str,
    by: Party,
    value: str = "",
    store_value: bool = False,
    limited: bool = True,
    **details: Any,
) -> tuple[ApiKey, str]:
    """Create an API key for a person or a service ID. Return the row and the value.

    The value cannot be read again unless ``store_value`` is set, which is for service IDs only.

    ``value`` is the caller's own, if not empty; ``details`` are other columns. ``limited`` is off for keys that the
    product makes for its operator. Raises InvalidValue for a person other than ``by``, for an end in the past and for
    a value to store for a person, ReferenceNotFound when the account has no such service ID, OverQuota beyond 20 keys,
    Conflict when the value is taken.
    """
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    _require_subject(account, iam_id, by)
    if limited and ApiKey.objects.filter(iam_id=iam_id).count() >= API_KEYS_PER_IDENTITY:
        raise OverQuota(f"An identity has at most {API_KEYS_PER_IDENTITY} API keys. Delete one first.")
    _check(iam_id, details, store_value=store_value)
    _require_later(details.get("expires_at"))
    value, now = value or secrets.token_urlsafe(VALUE_BYTES), clock.now()
    key = ApiKey(
        id=ids.prefixed_id("ApiKey"),
        account=account,
        iam_id=iam_id,
        name=name,
        sha256=hashlib.sha256(value.encode()).hexdigest(),
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by=by.id,
        modified_at=now,
        **details,
    )
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "There is an API key of this value already. Send another, or none to have one made.",
            target=Target("apikey"),
        ) from None
    if store_value:
        _store(key, value)
    _record("create", key, by=by, status=201)
    return key, value


@transaction.atomic
def create_service_id_with_key(
    account: Account, *, api_key: dict[str, Any], by: Party, **content: Any
) -> tuple[ServiceId, ApiKey, str]:
    """Create a service ID and its first API key, or neither. Return both and the key's value.

    The arguments are those of ``create_service_id`` and ``create_api_key``.
    """
    service_id = create_service_id(account, by=by, **content)
    key, value = create_api_key(account, iam_id=service_id.iam_id, by=by, **api_key)
    return service_id, key, value


@transaction.atomic
def update_api_key(key: ApiKey, *, changes: dict[str, Any], by: Party) -> ApiKey:
    """Change ``name``, ``description``, ``support_sessions``, ``action_when_leaked`` or ``expires_at``.

    A value of ``expires_at`` in the past ends the key now: IBM's Node SDK has a live test that sends one (D-74). Raises
    Conflict when the key is locked, or was changed since it was read; InvalidValue for sessions of a service ID.
    """
    _require_unlocked(key)
    _check(key.iam_id, changes)
    return _change(key, by=by, **changes)


@transaction.atomic
def lock_api_key(key: ApiKey, *, locked: bool, by: Party) -> ApiKey:
    """Lock an API key against every change but unlocking, or unlock it. A locked key can still be used."""
    return _change(key, by=by, status=204, locked=locked)


@transaction.atomic
def disable_api_key(key: ApiKey, *, disabled: bool, by: Party) -> ApiKey:
    """Disable an API key, whose value is then refused until it is enabled again, or enable it.

    Tokens that were already issued stay valid until they expire. Raises Conflict when the key is locked (D-73).
    """
    _require_unlocked(key)
    return _change(key, by=by, status=204, disabled=disabled)


@transaction.atomic
def delete_api_key(key: ApiKey, *, by: Party) -> None:
    """Delete an API key with its sessions; access tokens that were already issued stay valid until they expire.

    Raises Conflict when the key is locked, NotFound when it was deleted meanwhile.
    """
    current = existing(
        ApiKey.objects.select_for_update().filter(pk=key.pk).first(), "The API key was deleted since it was read."
    )
    _require_unlocked(current)
    _record("delete", current, by=by, status=204)
    forget(current.crn)
    current.delete()


def _require_subject(account: Account, iam_id: str, by: Party) -> None:
    """Require that ``by`` may make a key for this subject, because a key gives all the access of its subject.

    Only the person may make a key of a person, even if policies grant more (IBM API reference, "Create an API key").
    Raises InvalidValue, and ReferenceNotFound when the account has no such service ID.
    """
    target = Target("iam_id")
    if is_service_id(iam_id):
        # The lock prevents the service ID from being deleted before the key exists and can be deleted with it.
        rows = ServiceId.objects.select_for_update(no_key=True).filter(account=account, id=iam_id.removeprefix("iam-"))
        if rows.first() is None:
            raise ReferenceNotFound("There is no service ID of this IAM id in your account.", target=target)
    elif (by.type, by.id) != ("User", iam_id):
        raise InvalidValue(
            "iam_id must be that of a service ID of your account, or your own if you are a person: "
            "an API key of a person is made by that person only.",
            target=target,
        )


def stored_value(key: ApiKey) -> str:
    """Return the value of an API key if it is stored, else an empty text."""
    row = StoredValue.objects.filter(api_key=key).first()
    return unseal(row).decode() if row else ""


def _store(key: ApiKey, value: str) -> None:
    StoredValue.objects.create(api_key=key, **seal_new(value.encode(), bound_to=key.id))


def _check(iam_id: str, values: dict[str, Any], *, store_value: bool = False) -> None:
    if store_value and not is_service_id(iam_id):
        raise InvalidValue(
            "store_value is for API keys of service IDs: the values of people's API keys are not stored.",
            target=Target("store_value"),
        )
    if values.get("support_sessions") and is_service_id(iam_id):
        raise InvalidValue(
            "support_sessions is for API keys of persons: a service ID has no sessions.",
            target=Target("support_sessions"),
        )


def _require_later(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidValue("expires_at is past. A new key must be good for a while.", target=Target("expires_at"))


def _require_unlocked(key: ApiKey) -> None:
    if key.locked:
        raise Conflict(f"The API key {key.id} is locked. Unlock it first: DELETE /v1/apikeys/{key.id}/lock.")


def _change(key: ApiKey, *, by: Party, status: int = 200, **values: Any) -> ApiKey:
    names = sorted(name for name, value in values.items() if getattr(key, name) != value)
    if names:
        revise(key, **values, modified_at=clock.now())
    _record("update", key, by=by, status=status, data={"changed": names})
    return key


def _record(verb: str, key: ApiKey, *, by: Party, status: int = 200, data: dict[str, Any] | None = None) -> None:
    record(
        events.api_key_event(verb, key.iam_id),
        initiator=by,
        target=Party(key.crn, key.name, "ApiKey"),
        account_id=key.account_id,
        status=status,
        data=data,
    )
