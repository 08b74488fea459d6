"""Record the runs of jobs with their outcome and duration."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import F

from controlplane.activity.counters import prune_runs
from controlplane.activity.job_backoff import delay
from controlplane.activity.models import Heartbeat, JobRun
from controlplane.kernel import clock, context
from controlplane.kernel.redaction import conceal
from controlplane.kernel.text import storable

log = structlog.get_logger(__name__)

TRANSIENT = (OperationalError, InterfaceError)
"""Failures of a database that is locked or away, which are retried."""
LONGEST_DETAIL = 512
KEPT_RUNS = 200
"""Of each job."""
KEPT_HEARTBEATS = timedelta(days=1)

Outcome = JobRun.Outcome


def latest(job: str) -> JobRun | None:
    return JobRun.objects.filter(job=job).order_by("-id").first()


def attempt_after(run: JobRun | None) -> int:
    """Return the number of the next attempt: 1 unless the last run failed or was lost."""
    return run.attempt + 1 if run and run.outcome in (Outcome.FAILED, Outcome.LOST) else 1


@contextmanager
def recorded(job: str, *, worker: str) -> Iterator[JobRun]:
    """Record a run of this job, visible while it lasts. The caller holds the job's lock, and sets ``taken``.

    An exception is recorded as a failure, with the time of the next attempt, and raised again.
    """
    JobRun.objects.filter(job=job, outcome=Outcome.RUNNING).update(outcome=Outcome.LOST, finished_at=clock.wall_clock())
    run = _begin(job, attempt=attempt_after(latest(job)), worker=worker)
    run.save()
    with _ending(run):
        yield run
    run.save()


def noted(job: str) -> Callable[[Callable[..., bool]], Callable[..., None]]:
    """Decorate a bound task of one small step, whose row is written at its end if it did something or failed.

    A duplicate task finds nothing to do and logs that.
    """

    def decorate(work: Callable[..., bool]) -> Callable[..., None]:
        @wraps(work)
        def task(self: Any, *arguments: Any) -> None:
            run = _begin(job, attempt=self.request.retries + 1, worker=self.request.hostname or "")
            with _ending(run):
                run.taken = int(work(self, *arguments))
            if run.taken:
                run.save()
            else:
                log.info("nothing was due", job=job, arguments=arguments)

        return task

    return decorate


def beat(worker: str, *, dropped: int = 0) -> None:
    """Record that this worker took a tick, and how many messages it has dropped since the last one."""
    now = clock.wall_clock()
    Heartbeat.objects.update_or_create(worker=worker, defaults={"ticked_at": now})
    if dropped:
        rows = Heartbeat.objects.filter(worker=worker)
        rows.update(dropped_messages=F("dropped_messages") + dropped, dropped_at=now)


def prune(*, now: datetime) -> int:
    """Delete all but the latest runs of each job, and workers that have ended. Returns how many rows."""
    deleted = 0
    for job in list(JobRun.objects.values_list("job", flat=True).distinct()):
        runs = JobRun.objects.filter(job=job).order_by("-id")
        last_kept = list(runs.values_list("id", flat=True)[KEPT_RUNS - 1 : KEPT_RUNS])
        if last_kept:
            deleted += prune_runs(runs.filter(id__lt=last_kept[0]))
    return deleted + Heartbeat.objects.filter(ticked_at__lt=clock.wall_clock() - KEPT_HEARTBEATS).delete()[0]


def _begin(job: str, *, attempt: int, worker: str) -> JobRun:
    request = context.current.get()
    return JobRun(
        job=job,
        started_at=clock.wall_clock(),
        outcome=Outcome.RUNNING,
        attempt=attempt,
        worker=worker,
        request_id=request.request_id if request else "",
    )


@contextmanager
def _ending(run: JobRun) -> Iterator[None]:
    """Set the outcome and the duration of the run at the end of the block. A failure is saved and raised again."""
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        _end(run, began, error)
        with suppress(DatabaseError):  # then a saved row stays "running", and the next run finds that it was lost
            run.save()
        raise
    _end(run, began, None)


def _end(run: JobRun, began: float, error: Exception | None) -> None:
    run.finished_at = clock.wall_clock()
    run.duration_ms = int((time.monotonic() - began) * 1000)
    run.outcome = Outcome.FAILED if error else Outcome.DONE
    if error:
        transient = isinstance(error, TRANSIENT)
        wait = delay(run.attempt, transient=transient, chance=random.random())  # noqa: S311  no secret
        run.retry_at = run.finished_at + wait
        run.detail = conceal(storable(f"{type(error).__name__}: {error}"))[:LONGEST_DETAIL]
