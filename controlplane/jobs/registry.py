"""The jobs. A new job needs an entry here and nothing else: the tick reads when it is due, and sends its task."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from controlplane.activity import counters, job_runs
from controlplane.keyprotect.services import due_changes
from controlplane.resourcecontroller.services import reclamations
from identity.services import certificate_renewal, key_rotation, revocation, revocation_lists
from servers.services import image_exports, images, reservation_terms, transitions


class Work(Protocol):
    def __call__(self, *, now: datetime) -> int:
        """Do what is due and return how many steps were taken. A second or concurrent call does no harm."""


KEY_ROTATION = "key-rotation"
CERTIFICATE_RENEWAL = "certificate-renewal"


@dataclass(frozen=True)
class Job:
    """A job, due when its subject is due by the domain's clock; or, for housekeeping, at intervals of the machine's
    clock."""

    name: str
    does: str
    work: Work
    due_at: Callable[[datetime], datetime | None] | None = None
    """Returns when the next step is due; None when there is none."""
    every: timedelta | None = None


JOBS = {
    job.name: job
    for job in (
        Job("server-transitions", "completes transitions of servers", transitions.run_due, transitions.due_at),
        Job(
            "reservation-terms",
            "activates and ends reservations",
            reservation_terms.run_due,
            reservation_terms.due_at,
        ),
        Job(KEY_ROTATION, "prepares, hands over and retires keys", key_rotation.run_due_steps, key_rotation.due_at),
        Job(
            "revocation",
            "revokes certificates of deleted or switched-off servers",
            revocation.revoke_due,
            revocation.due_at,
        ),
        Job("revocation-lists", "signs revocation lists", revocation_lists.publish_due, revocation_lists.due_at),
        Job(
            CERTIFICATE_RENEWAL,
            "renews certificates",
            certificate_renewal.renew_due,
            certificate_renewal.due_at,
        ),
        Job("image-exports", "writes images into buckets", image_exports.run_due, image_exports.due_at),
        Job("image-retirement", "deprecates images and makes them obsolete", images.retire_due, images.due_at),
        Job(
            "reclamations",
            "removes deleted service instances that were not restored",
            reclamations.reclaim_due,
            reclamations.due_at,
        ),
        Job(
            "key-changes",
            "rotates, expires and purges keys, and wipes expired import tokens",
            due_changes.run_due,
            due_changes.due_at,
        ),
        Job("event-tally", "counts events", counters.count_settled_events, every=timedelta(seconds=30)),
        Job("job-pruning", "deletes old runs of jobs", job_runs.prune, every=timedelta(minutes=10)),
    )
}
