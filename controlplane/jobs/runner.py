"""One run of one job: alone, recorded, and harmless when there is nothing to do."""

import structlog

from controlplane.activity import job_runs
from controlplane.activity.job_lock import job_lock
from controlplane.jobs.registry import Job
from controlplane.jobs.schedule import is_due
from controlplane.kernel import clock

log = structlog.get_logger(__name__)


def run(job: Job, *, worker: str) -> bool:
    """Run a job if it is due and no other worker runs it. Returns whether there is more to do at once.

    A duplicate or late message only adds a line to the log. A failure is recorded, and a tick after its time of retry
    sends the task again.
    """
    with job_lock(job.name) as is_mine:
        if not is_mine:
            log.info("the job runs already", job=job.name)
            return False
        clock.forget()  # a movement of the clock takes this lock too, so the time is right from here on
        if not is_due(job):
            log.info("nothing was due", job=job.name)
            return False
        try:
            with job_runs.recorded(job.name, worker=worker) as row:
                row.taken = job.work(now=clock.now())
        except Exception:
            log.exception("the job failed", job=job.name, attempt=row.attempt, retry_at=row.retry_at)
            return False
        log.info("job done", job=job.name, taken=row.taken, ms=row.duration_ms)
        return row.taken > 0 and is_due(job)
