"""The certificates of all servers that are due for renewal, as ``baremint certificates --due`` shows them."""

from datetime import datetime
from typing import TypedDict

from controlplane.kernel import timestamps
from identity.models import RenewalProgress
from identity.services.renewal_progress import outlook


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
    renewals = outlook(now=now)
    return {
        "due": renewals.due,
        "later": renewals.later,
        "next_due_at": timestamps.milliseconds(renewals.next_due_at) if renewals.next_due_at else None,
        "last": _last(renewals.progress) if renewals.progress else None,
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
