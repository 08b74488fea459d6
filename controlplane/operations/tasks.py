"""The tick: one beat entry. What is due is a column in the database, so a late, doubled or lost tick does no harm."""

from collections.abc import Callable
from datetime import datetime

import structlog
from celery import shared_task

from controlplane.kernel import clock
from identity.services import rotation
from servers.services import transitions

log = structlog.get_logger(__name__)

STEPS: dict[str, Callable[[datetime], int]] = {
    "transitions": lambda now: transitions.run_due(now),
    "rotation": lambda now: rotation.run_due_steps(now=now),
}


@shared_task(ignore_result=True)
def tick() -> None:
    for name, step in STEPS.items():
        try:
            taken = step(clock.now())
        except Exception:  # one that fails must not keep the others from their turn; the next tick tries again
            log.exception("a step of the tick failed", step=name)
        else:
            if taken:
                log.info("steps taken", step=name, taken=taken)
