"""Seeing to it that what is due is renewed: the tick's part, and how far it has come."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from controlplane.kernel.enqueue import ring
from identity.certificates import abandoned_renewals, certificates_due, planned_renewals
from identity.models import RenewalProgress

RENEW = "identity.tasks.renew_certificates"
"""By name: the task calls into this app's services, so they do not import it."""
MOST_QUIET_TICKS = 6
"""Whoever renewed is taken for dead after so many ticks without a chunk. Should it live, two are at it, and no harm."""


def keep_up(*, now: datetime) -> int:
    """Send for a worker when certificates are due and none is at it. Returns how many were sent for.

    One task follows the other until nothing is due; a chain that broke, with its worker or the broker, is begun anew.
    """
    abandoned_renewals(now=now).update(renew_at=None)
    if not certificates_due(now=now).exists() or not _begin(now=now):
        return 0
    ring(RENEW)
    return 1


def due_at(now: datetime) -> datetime | None:
    """When the next renewal is due; None while none is planned."""
    return planned_renewals().order_by("renew_at").values_list("renew_at", flat=True).first()


def _begin(*, now: datetime) -> bool:
    """Whether the caller is to send for a worker. Decided by row counts: of two ticks at once, one is told so."""
    count = certificates_due(now=now).count()
    progress, is_first = RenewalProgress.objects.get_or_create(
        pk=RenewalProgress.THE_ROW, defaults={"begun_at": now, "due": count}
    )
    if is_first:
        return True
    rows = RenewalProgress.objects.filter(pk=progress.pk, ended_at=progress.ended_at, quiet_ticks=progress.quiet_ticks)
    if progress.ended_at is not None:
        anew = {"begun_at": now, "ended_at": None, "due": count, "renewed": 0, "stopped": 0, "failed": 0}
        return rows.update(**anew, quiet_ticks=0) == 1
    if progress.quiet_ticks + 1 >= MOST_QUIET_TICKS:
        return rows.update(quiet_ticks=0) == 1
    rows.update(quiet_ticks=F("quiet_ticks") + 1)
    return False


@dataclass(frozen=True)
class Outlook:
    """What is due, what comes next, and how the last renewal went."""

    due: int
    later: int
    """Certificates whose renewal is not due yet."""
    next_due_at: datetime | None
    progress: RenewalProgress | None


def outlook(*, now: datetime) -> Outlook:
    """Of the whole deployment."""
    later = planned_renewals().filter(renew_at__gt=now)
    return Outlook(
        due=certificates_due(now=now).count(),
        later=later.count(),
        next_due_at=later.order_by("renew_at").values_list("renew_at", flat=True).first(),
        progress=RenewalProgress.objects.filter(pk=RenewalProgress.THE_ROW).first(),
    )
