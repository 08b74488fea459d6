"""The tick, which beat sends, and a task for each job, which the tick sends.

What is due is in the database, so a late, duplicate or lost message does no harm.
"""

from typing import Any

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.db import DatabaseError

from controlplane.activity import job_runs
from controlplane.jobs import (
    ca_bundle,
    runner,
    worker_checks,  # noqa: F401  connects what a worker checks when it starts
)
from controlplane.jobs.broker_transport import dropped
from controlplane.jobs.registry import CERTIFICATE_RENEWAL, JOBS
from controlplane.jobs.schedule import is_due
from controlplane.kernel.named_task import named_task
from controlplane.kernel.task_names import FORMER_TICK, JOB, TICK

log = structlog.get_logger(__name__)

KEPT_TICKS = 4
"""A message that waited longer than this many ticks is dropped: later ticks have sent the same task."""

OPTIONS: dict[str, Any] = {"bind": True, "ignore_result": True, "is_routine": True}


@named_task(TICK, former_name=FORMER_TICK, **OPTIONS)
def tick(self: Any) -> None:
    """Record that this worker is alive, and send the task of every job that is due."""
    unread = dropped.take()
    try:
        job_runs.beat(worker_of(self), dropped=unread)
    except DatabaseError:
        dropped.put_back(unread)
        raise
    for job in JOBS.values():
        try:
            if is_due(job):
                send_for(job.name, queue=queue_of(self))
        except Exception:  # a failure for one job must not keep the others from running
            log.exception("the due time of the job cannot be read", job=job.name)
    ca_bundle.write()


def register(name: str) -> None:
    """Make the task of the job with this name."""

    @shared_task(name=JOB + name, **OPTIONS)
    def run_one(self: Any) -> None:
        run(self, name)


for job_name in JOBS:
    register(job_name)


def run(task: Any, name: str) -> None:
    """Run a job, and send its task again while there is more to do, so that other tasks run in between."""
    if (job := JOBS.get(name)) is None:
        dropped.note("there is no such job", task=task.name)
    elif runner.run(job, worker=worker_of(task)):
        send_for(name, queue=queue_of(task))


# Until version 0.2: what workers of earlier builds send.
shared_task(name="controlplane.operations.tasks.run_job", **OPTIONS)(run)


@shared_task(name="identity.tasks.renew_certificates", **OPTIONS)
def renew_certificates(self: Any) -> None:
    run(self, CERTIFICATE_RENEWAL)


def send_for(name: str, *, queue: str) -> None:
    task = current_app.tasks[JOB + name]
    task.apply_async(queue=queue, expires=settings.BAREMINT_TICK_SECONDS * KEPT_TICKS)


def queue_of(task: Any) -> str:
    """Return the queue from which a task came. The tasks that it sends go to the same queue."""
    delivery = task.request.delivery_info or {}
    return str(delivery.get("routing_key") or current_app.conf.task_default_queue)


def worker_of(task: Any) -> str:
    return str(task.request.hostname or "")
