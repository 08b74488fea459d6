"""Celery tasks of the servers, which only call services."""

from typing import Any

from celery import shared_task

from controlplane.activity.job_runs import TRANSIENT, noted
from controlplane.kernel import clock
from servers.services import image_exports, transitions

MOST_RETRIES = 5
LONGEST_WAIT = 30


STEP: dict[str, Any] = {
    "bind": True,
    "ignore_result": True,
    "autoretry_for": TRANSIENT,
    "max_retries": MOST_RETRIES,
    "retry_backoff": True,
    "retry_backoff_max": LONGEST_WAIT,
    "retry_jitter": True,
}


@shared_task(**STEP)
@noted("server-step")
def advance_server(task: Any, server_id: str) -> bool:
    """Take the next step of a server's transition, if it is due."""
    return transitions.advance(server_id, now=clock.now())


@shared_task(**STEP)
@noted("image-export-step")
def advance_image_export(task: Any, job_id: str) -> bool:
    """Take the next step of an image export job, if it is due."""
    return image_exports.advance(job_id, now=clock.now())
