"""The tick: one beat entry. What is due is a column in the database, so a late, doubled or lost tick does no harm."""

import structlog
from celery import shared_task

from controlplane.kernel import clock
from controlplane.operations import bundle
from identity.services import renewal_progress, revocation, revocation_lists, rotation
from servers.services import images, transitions

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def tick() -> None:
    for step in (
        transitions.run_due,
        rotation.run_due_steps,
        images.retire_due,
        revocation.revoke_condemned,
        revocation_lists.publish_due,
        renewal_progress.keep_up,
    ):
        try:
            taken = step(now=clock.now())
        except Exception:  # one that fails must not keep the others from their turn; the next tick tries again
            log.exception("a step of the tick failed", step=step.__module__)
        else:
            if taken:
                log.info("steps taken", step=step.__module__, taken=taken)
    bundle.write()
