"""When a job is due, by its subject and by the outcome of its last run."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.activity.job_runs import latest
from controlplane.activity.models import JobRun
from controlplane.jobs.registry import Job
from controlplane.kernel import clock


@dataclass(frozen=True)
class Due:
    """When a job is to run next; None where there is nothing to wait for."""

    in_domain_time: datetime | None = None
    in_real_time: datetime | None = None
    not_before: datetime | None = None
    """Real time: the last run failed, and the next one does not begin before this."""

    def is_now(self, *, now: datetime, wall: datetime) -> bool:
        if self.not_before and wall < self.not_before:
            return False
        by_domain = self.in_domain_time is not None and self.in_domain_time <= now
        return by_domain or (self.in_real_time is not None and self.in_real_time <= wall)


def due(job: Job) -> Due:
    """Read from the database when a job is due."""
    last = latest(job.name)
    not_before = last.retry_at if last and last.outcome == JobRun.Outcome.FAILED else None
    if job.every:
        return Due(in_real_time=_next_round(last, job.every), not_before=not_before)
    return Due(in_domain_time=job.due_at(clock.now()) if job.due_at else None, not_before=not_before)


def is_due(job: Job) -> bool:
    return due(job).is_now(now=clock.now(), wall=clock.wall_clock())


def _next_round(last: JobRun | None, every: timedelta) -> datetime:
    return last.started_at + every if last else clock.wall_clock()
