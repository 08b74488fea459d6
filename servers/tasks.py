"""Celery tasks of the servers, which only call services."""

from typing import Any

from controlplane.activity.job_runs import TRANSIENT, noted
from controlplane.kernel import clock
from controlplane.kernel.named_task import named_task
from controlplane.kernel.task_names import IMAGE_EXPORT_STEP, SERVER_STEP
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


@named_task(SERVER_STEP, former_name="servers.tasks.advance_server", **STEP)
@noted("server-step")
def advance_server(task: Any, instance_id: str) -> bool:
    """Take the next step of a server's transition, if it is due."""
    return transitions.advance(instance_id, now=clock.now())


@named_task(IMAGE_EXPORT_STEP, former_name="servers.tasks.advance_image_export", **STEP)
@noted("image-export-step")
def advance_image_export(task: Any, job_id: str) -> bool:
    """Take the next step of an image export job, if it is due."""
    return image_exports.advance(job_id, now=clock.now())
