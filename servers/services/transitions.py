"""Transitions of servers: each step is a conditional UPDATE, so that a step that is tried twice is taken once.

A Celery task is sent for each step, and the sweep (``run_due``) takes the steps whose task was lost: the due time of a
step is in the row, not in the broker.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from controlplane.activity.record import SYSTEM
from controlplane.kernel import clock
from controlplane.kernel.due_rows import take_each
from controlplane.kernel.enqueue import enqueue
from controlplane.kernel.task_names import SERVER_STEP
from servers import lifecycle
from servers.events import record_end
from servers.models import BareMetalServer
from servers.services import deletion
from servers.services.vlans import let_start

SKEW = timedelta(seconds=60)
"""How much the clocks of two machines may differ."""


def begin(server: BareMetalServer, action: str, *, send: bool = True) -> None:
    """Put a server into the first status of a transition and send a task for the next step.

    Must run in a transaction. Raises Conflict when the action is not possible in the server's status.
    """
    if action == "create":
        definition = lifecycle.ACTIONS[action]
    else:
        reasons = [each["code"] for each in server.status_reasons]
        definition = lifecycle.begin(action, status=server.status, under_way=server.transition, reasons=reasons)
    server.status = definition.first
    server.status_reasons = []
    server.transition = action
    server.transition_due_at = clock.now() + step_delay(action)
    server.revision += 1
    server.save(update_fields=["status", "status_reasons", "transition", "transition_due_at", "revision"])
    if send:
        _send(server)


def finish(server: BareMetalServer) -> None:
    """Take every step of a transition that was begun in this transaction, without waiting and without sending tasks.

    It cannot be used for a deletion, after which there is no server.
    """
    while server.transition and _take_step(server, now=clock.now(), send=False):
        server.refresh_from_db()


def transition_time() -> timedelta:
    """Return how long a transition of a server, or of another provisioned resource, takes."""
    return timedelta(seconds=settings.BAREMINT_PROVISION_SECONDS)


def step_delay(action: str) -> timedelta:
    """Return the time of one step: the time of a transition is divided equally among its steps."""
    return transition_time() / len(lifecycle.ACTIONS[action].then)


def advance(instance_id: str, *, now: datetime) -> bool:
    """Take the next step of a server if it is due. Returns whether this call took it."""
    server = BareMetalServer.objects.filter(due(now), id=instance_id).first()
    return server is not None and _take_step(server, now=now, send=True)


def _take_step(server: BareMetalServer, *, now: datetime, send: bool) -> bool:
    action = server.transition
    step = lifecycle.next_step(action, server.status, name=server.name)
    if step.status == lifecycle.GONE:
        return deletion.remove(server, by=SYSTEM)
    changes: dict[str, Any] = {"status": step.status, "revision": F("revision") + 1}
    if step.at_rest:
        changes |= {"transition": "", "transition_due_at": None}
    else:
        changes["transition_due_at"] = now + step_delay(action)
    if step.reason:
        code, message = step.reason
        changes["status_reasons"] = [{"code": code, "message": message}]
    elif step.at_rest:
        changes |= lifecycle.ACTIONS[action].sets
    with transaction.atomic():
        count = BareMetalServer.objects.filter(
            pk=server.pk,
            status=server.status,
            transition=action,
            transition_due_at=server.transition_due_at,
        ).update(**changes)
        if count and step.at_rest:
            if step.status == BareMetalServer.Status.RUNNING and action != "create":
                let_start(server)
            record_end(server, action, step)
        elif count and send:
            _send(server)
    return count == 1


def run_due(now: datetime) -> int:
    """Take every step that is due: the sweep behind lost tasks. Returns how many were taken."""
    waiting = BareMetalServer.objects.filter(due(now)).order_by("transition_due_at").values_list("id", flat=True)
    return take_each(waiting, advance, now=now, what="a server", key="server_id")


def due_at(now: datetime) -> datetime | None:
    """Return when the next step is due; None while every server is at rest."""
    return next_step_at(BareMetalServer.objects.all(), now)


def due(now: datetime, *, column: str = "transition_due_at") -> Q:
    """Return the condition for the steps whose time has come, and for those too far in the future.

    The latter are further in the future than any step can be: they were begun before the clock was set back, and would
    otherwise wait until the clock reaches their time.
    """
    furthest = now + transition_time() + SKEW
    return Q(**{f"{column}__lte": now}) | Q(**{f"{column}__gt": furthest})


def next_step_at(rows: QuerySet[Any], now: datetime, *, column: str = "transition_due_at") -> datetime | None:
    """Return when the next step of the rows, whose due time is in ``column``, is due; None while all are at rest."""
    moving = rows.filter(**{f"{column}__isnull": False})
    if moving.filter(due(now, column=column)).exists():
        return now
    return moving.order_by(column).values_list(column, flat=True).first()


def _send(server: BareMetalServer) -> None:
    seconds = step_delay(server.transition).total_seconds()
    # robust: a committed request is answered even if sending the task fails. The sweep takes the step then.
    transaction.on_commit(lambda: enqueue(SERVER_STEP, server.id, after_seconds=seconds), robust=True)
