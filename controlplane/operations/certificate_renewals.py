"""The certificates of all servers that are due for renewal, as ``baremint certificates --due`` shows them."""

from datetime import datetime
from typing import TypedDict

from controlplane.kernel import timestamps
from identity.certificates import certificates_due, planned_renewals
from identity.models import RenewalProgress


class LastRenewal(TypedDict):
    """``ended_at`` is null while the renewal runs."""

    begun_at: str
    ended_at: str | None
    due: int
    renewed: int
    stopped: int
    failed: int


class Renewals(TypedDict):
    due: int
    later: int
    next_due_at: str | None
    last: LastRenewal | None


def collect(*, now: datetime) -> Renewals:
    later = planned_renewals().filter(renew_at__gt=now)
    next_due_at = later.order_by("renew_at").values_list("renew_at", flat=True).first()
    progress = RenewalProgress.objects.filter(pk=RenewalProgress.THE_ROW).first()
    return {
        "due": certificates_due(now=now).count(),
        "later": later.count(),
        "next_due_at": timestamps.milliseconds(next_due_at) if next_due_at else None,
        "last": _last(progress) if progress else None,
    }


def _last(progress: RenewalProgress) -> LastRenewal:
    return {
        "begun_at": timestamps.milliseconds(progress.begun_at),
        "ended_at": timestamps.milliseconds(progress.ended_at) if progress.ended_at else None,
        "due": progress.due,
        "renewed": progress.renewed,
        "stopped": progress.stopped,
        "failed": progress.failed,
    }
