"""What ``baremint certificates --due`` shows: certificates of all servers that are to be renewed."""

from datetime import datetime
from typing import TypedDict

from controlplane.kernel import timestamps
from identity.models import RenewalProgress
from identity.services.renewal_progress import outlook


class LastRenewal(TypedDict):
    """``ended_at`` is null while it goes on."""

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
    found = outlook(now=now)
    return {
        "due": found.due,
        "later": found.later,
        "next_due_at": timestamps.milliseconds(found.next_due_at) if found.next_due_at else None,
        "last": _last(found.progress) if found.progress else None,
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
