"""The tick: one beat entry. What is due stands in the database, so a late, doubled or lost tick does no harm."""

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
from controlplane.jobs.registry import JOBS
from controlplane.jobs.schedule import is_due

log = structlog.get_logger(__name__)

KEPT_TICKS = 4
"""A message that waited longer than this many ticks is dropped: later ticks have sent for the same job."""


@shared_task(name="controlplane.operations.tasks.tick", bind=True, ignore_result=True)
def tick(self: Any) -> None:
    """Give a sign of life, and send for every job that is due."""
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
        except Exception:  # one that cannot be asked must not keep the others from their turn
            log.exception("nobody knows whether the job is due", job=job.name)
    ca_bundle.write()


@shared_task(name="controlplane.operations.tasks.run_job", bind=True, ignore_result=True)
def run_job(self: Any, name: str) -> None:
    """Run a job by its name, and send for it again while there is more to do: other tasks get their turn meanwhile."""
    if (job := JOBS.get(name)) is None:
        dropped.note("there is no such job", task=self.name)
    elif runner.run(job, worker=worker_of(self)):
        send_for(name, queue=queue_of(self))


def send_for(name: str, *, queue: str) -> None:
    run_job.apply_async((name,), queue=queue, expires=settings.BAREMINT_TICK_SECONDS * KEPT_TICKS)


def queue_of(task: Any) -> str:
    """The queue by which a task came: what it sends for stays there."""
    brought = task.request.delivery_info or {}
    return str(brought.get("routing_key") or current_app.conf.task_default_queue)


def worker_of(task: Any) -> str:
    return str(task.request.hostname or "")
