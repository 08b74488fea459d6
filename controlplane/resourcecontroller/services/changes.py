"""Change, lock and delete service instances."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.cloudservice.instance_rules import InstanceRules, rules_of
from controlplane.cloudservice.registry import services
from controlplane.instances.models import RECLAMATION_PERIOD, ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, Gone, Unprocessable
from controlplane.resourcecontroller import events
from controlplane.resourcecontroller.services.creation import plan_change

State = ResourceInstance.State


@transaction.atomic
def update_instance(instance: ResourceInstance, *, changes: Mapping[str, Any], by: Party) -> ResourceInstance:
    """Change ``name``, ``parameters``, ``plan`` or ``allow_cleanup``.

    Raises Unprocessable for a locked or deleted instance, Gone for a removed one.
    """
    instance, now = lock_instance(instance), clock.now()
    _require_active(instance)
    _require_unlocked(instance)
    if changes.get("plan", instance.plan) != instance.plan:
        entry = plan_change(changes["plan"], at=now.isoformat(), by=by)
        instance.plan_history = [*instance.plan_history, entry]
    for name, value in changes.items():
        setattr(instance, name, value)
    return _save(instance, f"{events.INSTANCE}.update", now=now, by=by)


@transaction.atomic
def switch_lock(instance: ResourceInstance, *, locked: bool, by: Party) -> ResourceInstance:
    """Lock the instance against changes and deletion, or unlock it. Raises Unprocessable for a deleted instance, Gone
    for a removed one."""
    instance, now = lock_instance(instance), clock.now()
    _require_active(instance)
    instance.is_locked = locked
    instance.locked_at, instance.locked_by = (now, by.id) if locked else (None, "")
    return _save(instance, f"{events.INSTANCE}.{'lock' if locked else 'unlock'}", now=now, by=by)


@transaction.atomic
def delete_instance(instance: ResourceInstance, *, by: Party) -> ResourceInstance:
    """Delete the instance: it can be restored until it is reclaimed.

    Raises Gone when it is deleted already, Unprocessable when it is locked, and Conflict when its service refuses, for
    example because of what is in it.
    """
    instance, now = lock_instance(instance), clock.now()
    if instance.state != State.ACTIVE:
        raise Gone(f"The instance {instance.guid} is deleted already: its state is {instance.state}.")
    _require_unlocked(instance)
    rules = rules_for(instance)
    if rules and (refusal := rules.refusal_of_deletion(instance)):
        raise Conflict(refusal)
    instance.state = State.PENDING_RECLAMATION
    instance.deleted_at, instance.deleted_by = now, by.id
    instance.reclamation_id, instance.reclaim_at = str(uuid4()), now + RECLAMATION_PERIOD
    return _save(instance, f"{events.INSTANCE}.delete", now=now, by=by, status=204)


def lock_instance(instance: ResourceInstance) -> ResourceInstance:
    """Keep other transactions from changing the instance, and services from creating something in it, until this
    transaction ends. Returns the current row."""
    return ResourceInstance.objects.select_for_update().get(pk=instance.pk)


def rules_for(instance: ResourceInstance) -> InstanceRules | None:
    """Return the rules of the instance's service; None when it has none, or is not served any more."""
    service = services().get(instance.service)
    return rules_of(service) if service else None


def _require_active(instance: ResourceInstance) -> None:
    if instance.state == State.REMOVED:
        raise Gone(f"The instance {instance.guid} is removed. Create another one.")
    if instance.state != State.ACTIVE:
        raise Unprocessable(f"The instance {instance.guid} is deleted and waits to be reclaimed. Restore it first.")


def _require_unlocked(instance: ResourceInstance) -> None:
    if instance.is_locked:
        raise Unprocessable(
            f"The instance {instance.guid} is locked against changes and deletion. Unlock it first: "
            f"DELETE /v2/resource_instances/{instance.guid}/lock."
        )


def _save(instance: ResourceInstance, event: str, *, now: datetime, by: Party, status: int = 200) -> ResourceInstance:
    instance.updated_at, instance.updated_by = now, by.id
    instance.save()
    events.record_change(event, instance, by=by, status=status)
    return instance
