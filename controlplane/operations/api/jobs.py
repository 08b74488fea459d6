"""``/_baremint/jobs``: the background jobs, their last runs, and when they are due next."""

from datetime import datetime
from typing import Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.job_runs import latest
from controlplane.activity.models import JobRun
from controlplane.jobs.registry import JOBS, Job
from controlplane.jobs.schedule import Due, due
from controlplane.kernel import clock, timestamps
from controlplane.kernel.operation import Operation
from controlplane.observability.last_tick import last_tick
from controlplane.operations.events import JOB_LIST
from trustedprofiles.api_view import GuardedView

MOST_RUNS = 50
LIST = "baremint.job.list"


class Run(TypedDict):
    """Times are the machine's. `outcome` is `running`, `done`, `failed`, or `lost` when its worker was killed."""

    job: str
    outcome: str
    started_at: str
    duration_ms: int | None
    attempt: int
    taken: int
    detail: str
    worker: str
    request_id: str


class BackgroundJob(TypedDict):
    """`due_at` is by the domain's clock for what looks after domain things, by the machine's for housekeeping; null
    when nothing is. `seconds_until_due` is by the same clock."""

    name: str
    does: str
    due_at: str | None
    seconds_until_due: float | None
    retry_at: str | None
    last_run: Run | None


class BackgroundJobs(TypedDict):
    """`last_tick_at` is when a worker last took a tick of beat; `runs` are the latest, newest first."""

    last_tick_at: str | None
    seconds_since_tick: float | None
    jobs: list[BackgroundJob]
    runs: list[Run]


class Jobs(GuardedView):
    service_name = "baremint"
    operations = {"GET": Operation("list_jobs", LIST, JOB_LIST, answer=BackgroundJobs)}

    def get(self, request: Request) -> Response:
        wall = clock.wall_clock()
        tick = last_tick()
        answer: BackgroundJobs = {
            "last_tick_at": _instant(tick.at),
            "seconds_since_tick": None if tick.seconds_ago is None else round(tick.seconds_ago, 1),
            "jobs": [_job(job, due(job), wall) for job in JOBS.values()],
            "runs": [_run(run) for run in JobRun.objects.order_by("-id")[:MOST_RUNS]],
        }
        return self.answer(answer)


def _job(job: Job, when: Due, wall: datetime) -> BackgroundJob:
    at, present = (when.in_real_time, wall) if job.every else (when.in_domain_time, clock.now())
    last = latest(job.name)
    return {
        "name": job.name,
        "does": job.does,
        "due_at": _instant(at),
        "seconds_until_due": round((at - present).total_seconds(), 1) if at else None,
        "retry_at": _instant(when.not_before),
        "last_run": _run(last) if last else None,
    }


def _run(run: JobRun) -> Run:
    return {
        "job": run.job,
        "outcome": run.outcome,
        "started_at": timestamps.milliseconds(run.started_at),
        "duration_ms": run.duration_ms,
        "attempt": run.attempt,
        "taken": run.taken,
        "detail": run.detail,
        "worker": run.worker,
        "request_id": run.request_id,
    }


def _instant(instant: Any) -> str | None:
    return timestamps.milliseconds(instant) if instant else None
