"""Celery tasks of the servers: doorbells, without logic."""

from typing import Any

from celery import shared_task

from controlplane.activity.jobruns import TRANSIENT, noted
from controlplane.kernel import clock
from servers.services import transitions

MOST_RETRIES = 5
LONGEST_WAIT = 30


@shared_task(
    bind=True,
    ignore_result=True,
    autoretry_for=TRANSIENT,
    max_retries=MOST_RETRIES,
    retry_backoff=True,
    retry_backoff_max=LONGEST_WAIT,
    retry_jitter=True,
)
@noted("server-step")
def advance_server(task: Any, server_id: str) -> bool:
    """Take the next step of a server's transition, if it is due."""
    return transitions.advance(server_id, now=clock.now())
