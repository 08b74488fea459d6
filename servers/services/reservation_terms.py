"""The steps that reservations take as time passes: the end of activation, and the end of a term.

Only the first worker that tries a step takes it.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from controlplane.activity.record import SYSTEM
from controlplane.kernel.due_rows import take_each
from controlplane.kernel.errors import ApiError
from servers import events
from servers import reserved_capacity as rules
from servers.events import record_change
from servers.lifecycle import provoked_failure
from servers.models import Reservation
from servers.services.reservation_affinity import fill, release
from servers.services.row_locks import lock_row
from servers.services.transitions import due, transition_time


def run_due(now: datetime) -> int:
    """Take every step that is due. Returns how many were taken."""
    waiting = _due(now).order_by("number").values_list("pk", flat=True)
    return take_each(waiting, _step, now=now, what="a reservation", key="reservation")


def due_at(now: datetime) -> datetime | None:
    """Return when the next step is due; None while there is none."""
    if _due(now).exists():
        return now
    moving = Reservation.objects.aggregate(at=Min("transition_due_at"))["at"]
    ending = Reservation.objects.filter(status=rules.ACTIVE).aggregate(at=Min("expires_at"))["at"]
    return min(filter(None, (moving, ending)), default=None)


def _due(now: datetime) -> QuerySet[Reservation]:
    """Return the reservations whose step is due, and those whose term is over."""
    return Reservation.objects.filter(due(now) | Q(status=rules.ACTIVE, expires_at__lte=now))


@transaction.atomic
def _step(pk: int, *, now: datetime) -> bool:
    """Take a due step. Returns False when another worker has taken it."""
    row = _due(now).select_related("account").filter(pk=pk).first()
    if row is None:
        return False
    lock_row(row.account)
    reservation = _due(now).select_for_update(no_key=True).filter(pk=pk).first()
    if reservation is None:
        return False
    {rules.ACTIVATING: _activated, rules.ACTIVE: _end, rules.DEACTIVATING: _expired}[reservation.status](
        reservation, now
    )
    return True


def _activated(reservation: Reservation, now: datetime) -> None:
    failure = provoked_failure(rules.CANNOT_ACTIVATE, reservation.name)
    reservation.status = rules.FAILED if failure else rules.ACTIVE
    reservation.transition_due_at = None
    _save(reservation, failure)
    error = ApiError(failure[1], code=failure[0]) if failure else None
    record_change(f"{events.RESERVATION}.activate", reservation, by=SYSTEM, error=error)
    fill(reservation)


def _end(reservation: Reservation, now: datetime) -> None:
    """Renew the reservation at the end of its term, or let it expire."""
    failure = provoked_failure(rules.CANNOT_RENEW, reservation.name)
    if reservation.expiration_policy == rules.RENEW and not failure:
        while reservation.expires_at is not None and reservation.expires_at <= now:
            reservation.expires_at = rules.end_of_term(reservation.expires_at, reservation.term)
        _save(reservation, None)
        record_change(f"{events.RESERVATION}.update", reservation, by=SYSTEM)
        return
    reservation.status = rules.DEACTIVATING
    reservation.transition_due_at = now + transition_time()
    _save(reservation, failure if reservation.expiration_policy == rules.RENEW else None)
    record_change(f"{events.RESERVATION}.expire", reservation, by=SYSTEM, status=202)


def _expired(reservation: Reservation, now: datetime) -> None:
    reservation.status = rules.EXPIRED
    reservation.transition_due_at = None
    reservation.save(update_fields=["status", "transition_due_at"])
    record_change(f"{events.RESERVATION}.expire", reservation, by=SYSTEM)
    release(reservation)


def _save(reservation: Reservation, failure: tuple[str, str] | None) -> None:
    reservation.status_reasons = [{"code": failure[0], "message": failure[1]}] if failure else []
    reservation.save(update_fields=["status", "status_reasons", "expires_at", "transition_due_at"])
