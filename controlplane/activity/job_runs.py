"""Runs of jobs made visible: one row each, with outcome and duration."""

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
"""The database is locked or away: worth another try."""
LONGEST_DETAIL = 512
KEPT_RUNS = 200
"""Of each job."""
KEPT_HEARTBEATS = timedelta(days=1)

Outcome = JobRun.Outcome


def latest(job: str) -> JobRun | None:
    return JobRun.objects.filter(job=job).order_by("-id").first()


def attempt_after(run: JobRun | None) -> int:
    """Which attempt the next run is: 1, unless the one before did not come to its end."""
    return run.attempt + 1 if run and run.outcome in (Outcome.FAILED, Outcome.LOST) else 1


@contextmanager
def recorded(job: str, *, worker: str) -> Iterator[JobRun]:
    """A run of this job, visible while it lasts. The caller holds the job's lock, and sets ``taken``.

    What is raised inside is recorded as a failure, with the time of the next attempt, and raised again.
    """
    JobRun.objects.filter(job=job, outcome=Outcome.RUNNING).update(outcome=Outcome.LOST, finished_at=clock.wall_clock())
    run = _begin(job, attempt=attempt_after(latest(job)), worker=worker)
    run.save()
    began = time.monotonic()
    try:
        yield run
    except Exception as error:
        _end(run, began, error)
        with suppress(DatabaseError):  # then it stays "running", and the next run finds that it was lost
            run.save()
        raise
    _end(run, began, None)
    run.save()


def noted(job: str) -> Callable[[Callable[..., bool]], Callable[..., None]]:
    """For a bound task that takes one small step: its row is written when it is over, and only if it did something or
    failed. A task that comes twice finds nothing to do, and says so in the log."""

    def decorate(work: Callable[..., bool]) -> Callable[..., None]:
        @wraps(work)
        def task(self: Any, *arguments: Any) -> None:
            run = _begin(job, attempt=self.request.retries + 1, worker=self.request.hostname or "")
            began = time.monotonic()
            try:
                run.taken = int(work(self, *arguments))
            except Exception as error:
                _end(run, began, error)
                with suppress(DatabaseError):
                    run.save()
                raise
            if run.taken:
                _end(run, began, None)
                run.save()
            else:
                log.info("nothing was due", job=job, arguments=arguments)

        return task

    return decorate


def beat(worker: str, *, dropped: int = 0) -> None:
    """Note that this worker took a tick, and how many messages it has dropped since the last one."""
    now = clock.wall_clock()
    Heartbeat.objects.update_or_create(worker=worker, defaults={"ticked_at": now})
    if dropped:
        rows = Heartbeat.objects.filter(worker=worker)
        rows.update(dropped_messages=F("dropped_messages") + dropped, dropped_at=now)


def prune(*, now: datetime) -> int:
    """Delete all but the latest runs of each job, and workers that are gone. Returns how many rows."""
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


def _end(run: JobRun, began: float, error: Exception | None) -> None:
    run.finished_at = clock.wall_clock()
    run.duration_ms = int((time.monotonic() - began) * 1000)
    run.outcome = Outcome.FAILED if error else Outcome.DONE
    if error:
        transient = isinstance(error, TRANSIENT)
        wait = delay(run.attempt, transient=transient, chance=random.random())  # noqa: S311  no secret
        run.retry_at = run.finished_at + wait
        run.detail = conceal(storable(f"{type(error).__name__}: {error}"))[:LONGEST_DETAIL]
