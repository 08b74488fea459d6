"""Reclamation: a deleted instance is restored, or removed with what is left in it, on request or by time
(D-174)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from controlplane.activity.record import SYSTEM, Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.due_rows import take_each
from controlplane.kernel.errors import Unprocessable
from controlplane.resourcecontroller import events
from controlplane.resourcecontroller.services.changes import lock_instance, rules_for
from trustedprofiles.services import tags

State = ResourceInstance.State
WAITING = ResourceInstance.objects.filter(state=State.PENDING_RECLAMATION)


@transaction.atomic
def restore_instance(instance: ResourceInstance, *, by: Party) -> ResourceInstance:
    """Make a deleted instance active again. Raises Unprocessable when its reclamation is over."""
    instance, now = _lock_waiting(instance), clock.now()
    instance.state = State.ACTIVE
    instance.deleted_at, instance.deleted_by, instance.reclaim_at = None, "", None
    instance.restored_at, instance.restored_by = now, by.id
    instance.updated_at, instance.updated_by = now, by.id
    instance.save()
    events.record_change(f"{events.INSTANCE}.restore", instance, by=by)
    return instance


@transaction.atomic
def reclaim_instance(instance: ResourceInstance, *, by: Party) -> ResourceInstance:
    """Remove a deleted instance before its time. Raises Unprocessable when its reclamation is over."""
    return _remove(_lock_waiting(instance), now=clock.now(), by=by)


def reclaim_due(now: datetime) -> int:
    """Remove the instances whose time has come. Returns how many were removed."""
    due = WAITING.filter(reclaim_at__lte=now).order_by("reclaim_at", "pk")
    return take_each(due.values_list("pk", flat=True), _step, now=now, what="an instance", key="instance")


def due_at(now: datetime) -> datetime | None:
    """Return when the next instance is removed; None while none waits."""
    first: datetime | None = WAITING.aggregate(at=Min("reclaim_at"))["at"]
    return first


@transaction.atomic
def _step(pk: int, *, now: datetime) -> bool:
    """Remove an instance that is due. Returns False when another worker removed it, or a request restored it."""
    instance = WAITING.select_for_update().filter(pk=pk, reclaim_at__lte=now).first()
    if instance is None:
        return False
    _remove(instance, now=now, by=SYSTEM)
    return True


def _lock_waiting(instance: ResourceInstance) -> ResourceInstance:
    """Return the current row, locked. Raises Unprocessable when the reclamation that ``instance`` has is over, also
    when another one has begun since."""
    row = lock_instance(instance)
    if row.state != State.PENDING_RECLAMATION or row.reclamation_id != instance.reclamation_id:
        raise Unprocessable(f"The reclamation is over: the instance {row.guid} is {row.state}.")
    return row


def _remove(instance: ResourceInstance, *, now: datetime, by: Party) -> ResourceInstance:
    if rules := rules_for(instance):
        rules.remove_content(instance)
    tags.forget(instance.crn)
    instance.state = State.REMOVED
    instance.reclaim_at = None
    instance.updated_at, instance.updated_by = now, by.id
    instance.save()
    events.record_change(f"{events.INSTANCE}.reclaim", instance, by=by)
    return instance
