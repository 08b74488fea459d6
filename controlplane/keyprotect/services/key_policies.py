"""Policies of keys: rotation, and the dual authorization of deletion (Key Protect contract, section 2.5; D-186)."""

from collections.abc import Sequence
from datetime import datetime

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.keyprotect import errors, events
from controlplane.keyprotect.errors import GeneratedKeyRequired, InvalidField, LastingPolicy
from controlplane.keyprotect.models import InstancePolicy, Key, KeyPolicy
from controlplane.keyprotect.policies import DUAL_AUTH_DELETE, INTERVAL, MONTH, ROTATION, KeyPolicySetting
from controlplane.keyprotect.root_keys import require_root
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.states import require_state


def set_key_policies(key: Key, settings: Sequence[KeyPolicySetting], *, by: Party) -> Sequence[KeyPolicy]:
    """Set policies of a key, all of them or none. Returns them in the same order.

    Raises InvalidState for a destroyed key, RootKeyRequired and GeneratedKeyRequired for a rotation of another key,
    InvalidField for a new rotation without an interval, and LastingPolicy for dual authorization that is taken back.
    """
    with changing_key(key) as current:
        now = clock.now()
        for setting in settings:
            _require_suitable(current, setting)
        require_state("change", current.state_at(now))
        policies = [_set(current, setting, now=now, by=by) for setting in settings]
        current.updated_at = now
        current.save(update_fields=["updated_at"])
        kinds = {each.kind: {"enabled": each.enabled, "intervalMonth": each.interval_months} for each in policies}
        events.record_change(events.WRITE_POLICIES, current, by=by, status=200, data={"policies": kinds})
    return policies


def add_policies(
    key: Key, *, overrides: Sequence[KeyPolicySetting] | None, of_instance: Sequence[InstancePolicy], by: Party
) -> None:
    """Give a new key its policies, in the transaction of its creation.

    Those are the overrides, for None what the policies of its instance say. Raises as ``set_key_policies``.
    """
    settings = _inherited(key, of_instance) if overrides is None else overrides
    for setting in settings:
        _require_suitable(key, setting)
        _set(key, setting, now=key.created_at, by=by)


def _inherited(key: Key, policies: Sequence[InstancePolicy]) -> Sequence[KeyPolicySetting]:
    """Return the policies that a new key has from its instance: a rotation only for a generated root key."""
    suitable = {DUAL_AUTH_DELETE} if key.extractable or key.imported else {DUAL_AUTH_DELETE, ROTATION}
    return [
        KeyPolicySetting(each.kind, interval_months=each.attributes.get(INTERVAL))
        for each in policies
        if each.enabled and each.kind in suitable
    ]


def _require_suitable(key: Key, setting: KeyPolicySetting) -> None:
    if setting.kind != ROTATION:
        return
    require_root(key)
    if key.imported:
        raise GeneratedKeyRequired(
            "Requested action can only be completed with a generated key, and this one was imported. Rotate it with "
            "new material instead."
        )


def _set(key: Key, setting: KeyPolicySetting, *, now: datetime, by: Party) -> KeyPolicy:
    policy = key.policies.filter(kind=setting.kind).first()
    if policy is None:
        policy = KeyPolicy(key=key, kind=setting.kind, enabled=setting.enabled, created_at=now, created_by=by.id)
    if setting.kind == DUAL_AUTH_DELETE and policy.pk and policy.enabled and not setting.enabled:
        raise LastingPolicy(
            "Dual authorization of the deletion of this key is enabled, and can never be disabled. To delete the key, "
            "one identity sends setKeyForDeletion, and another one deletes it."
        )
    if setting.kind == ROTATION:
        policy.interval_months = setting.interval_months or policy.interval_months
        if policy.interval_months is None:
            message = f"The field `{INTERVAL}` is missing. The key has no interval yet: send a number of months."
            raise InvalidField(message, target=errors.field(INTERVAL))
    policy.enabled, policy.updated_at, policy.updated_by = setting.enabled, now, by.id
    policy.due_at = _due_at(key, policy)
    policy.save()
    return policy


def schedule_rotation(key: Key) -> None:
    """Let the time to the next rotation by a policy begin at the last one, in the transaction of that."""
    for policy in key.policies.filter(kind=ROTATION):
        policy.due_at = _due_at(key, policy)
        policy.save(update_fields=["due_at"])


def _due_at(key: Key, policy: KeyPolicy) -> datetime | None:
    """Return when a policy rotates the key: so long after its last rotation, or after its creation."""
    if policy.interval_months is None or not policy.enabled:
        return None
    return (key.rotated_at or key.created_at) + policy.interval_months * MONTH
