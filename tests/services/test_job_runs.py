"""Every run of a job leaves a row that says how it went; one that was killed is found by the next."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from controlplane.activity import job_runs
from controlplane.activity.job_lock import job_lock
from controlplane.activity.models import Heartbeat, JobRun
from controlplane.celery import app
from controlplane.kernel import clock, context
from servers.tasks import advance_server

pytestmark = pytest.mark.django_db

JOB = "test-job"
MINUTE = timedelta(minutes=1)


def run(*, taken: int = 0, error: Exception | None = None) -> JobRun:
    with suppress(*([type(error)] if error else [])), job_runs.recorded(JOB, worker="w1") as row:
        row.taken = taken
        if error:
            raise error
    return JobRun.objects.order_by("-id")[0]


def test_a_run_is_visible_while_it_lasts() -> None:
    with job_runs.recorded(JOB, worker="w1"):
        assert JobRun.objects.get().outcome == "running"


def test_a_run_that_ends_well_says_what_it_did_and_how_long_it_took() -> None:
    row = run(taken=3)
    assert (row.job, row.outcome, row.taken, row.attempt, row.worker, row.retry_at) == (JOB, "done", 3, 1, "w1", None)
    assert row.duration_ms is not None
    assert row.finished_at
    assert row.finished_at >= row.started_at


def test_a_run_that_fails_says_why_and_when_it_is_tried_again() -> None:
    row = run(error=RuntimeError("no space left"))
    assert (row.outcome, row.detail) == ("failed", "RuntimeError: no space left")
    assert row.retry_at
    assert clock.wall_clock() < row.retry_at < clock.wall_clock() + MINUTE


def test_attempts_count_on_until_one_ends_well() -> None:
    failure = OperationalError("database is locked")
    attempts = [run(error=failure).attempt, run(error=failure).attempt, run().attempt, run(error=failure).attempt]
    assert attempts == [1, 2, 3, 1]


def test_the_reason_of_a_failure_shows_no_secret() -> None:
    row = run(error=RuntimeError("apikey=abcdefghijklmnopqrstuvwxyz0123456789"))
    assert row.detail.startswith("RuntimeError: apikey=")
    assert "abcdefghijklmnop" not in row.detail


def test_a_run_whose_worker_was_killed_is_found_lost_by_the_next() -> None:
    JobRun.objects.create(job=JOB, started_at=clock.wall_clock(), outcome="running", worker="w0")
    row = run()
    assert list(JobRun.objects.order_by("id").values_list("outcome", flat=True)) == ["lost", "done"]
    assert row.attempt == 2


def test_a_run_carries_the_id_of_the_request_that_sent_for_it() -> None:
    token = context.current.set(context.RequestContext(request_id="req-1"))
    try:
        assert run().request_id == "req-1"
    finally:
        context.current.reset(token)


def test_times_of_runs_are_the_machines_even_while_the_domains_clock_stands_still() -> None:
    clock.follow(lambda last: clock.Setting(frozen_at=clock.wall_clock() - timedelta(days=9)))
    assert clock.wall_clock() - run().started_at < MINUTE


# --- small tasks --------------------------------------------------------------------------------------------------


def note(work: Any) -> None:
    """As a task that is tried for the third time."""

    def small(task: Any, argument: str) -> bool:
        return bool(work(task, argument))

    task = app.task(job_runs.noted("small")(small), bind=True, name="tests.small", shared=False)
    try:
        task.apply(("x",), retries=2, throw=True)
    finally:
        del app.tasks["tests.small"]


def test_a_small_task_that_did_something_leaves_a_row() -> None:
    note(lambda task, argument: True)
    assert JobRun.objects.values_list("job", "outcome", "taken", "attempt").get() == ("small", "done", 1, 3)


def test_a_small_task_that_found_nothing_to_do_leaves_none() -> None:
    note(lambda task, argument: False)
    assert not JobRun.objects.exists()


def test_a_small_task_that_failed_leaves_a_row_and_is_retried() -> None:
    def fail(task: object, argument: str) -> bool:
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        note(fail)
    assert JobRun.objects.get().outcome == "failed"


def test_a_servers_step_is_tried_again_when_the_database_was_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def busy(server_id: str, **_: Any) -> bool:
        tries.append(server_id)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        return True

    monkeypatch.setattr("servers.tasks.transitions.advance", busy)
    monkeypatch.setitem(app.conf, "task_eager_propagates", False)
    advance_server.delay("0717-x")
    outcomes = list(JobRun.objects.order_by("attempt").values_list("job", "outcome", "attempt"))
    assert sorted(outcomes, key=lambda each: each[2]) == [
        ("server-step", "failed", 1),
        ("server-step", "failed", 2),
        ("server-step", "done", 3),
    ]


# --- housekeeping -------------------------------------------------------------------------------------------------


def test_the_latest_runs_of_each_job_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runs, "KEPT_RUNS", 2)
    for _ in range(4):
        run()
    JobRun.objects.create(job="rare", started_at=clock.wall_clock(), outcome="done")
    assert job_runs.prune(now=clock.now()) == 2
    assert list(JobRun.objects.values_list("job", flat=True).order_by("job")) == ["rare", JOB, JOB]


def test_a_worker_that_has_been_gone_for_a_day_is_forgotten() -> None:
    job_runs.beat("w1")
    Heartbeat.objects.create(worker="w0", ticked_at=clock.wall_clock() - timedelta(days=2))
    job_runs.prune(now=clock.now())
    assert Heartbeat.objects.get().worker == "w1"


# --- locks on SQLite (those on PostgreSQL: tests/postgres/test_job_locks.py) ---------------------------------------


def test_a_job_that_runs_is_not_run_beside_it() -> None:
    with job_lock(JOB) as first, job_lock(JOB) as second, job_lock("another") as other:
        assert (first, second, other) == (True, False, True)


def test_the_lock_is_free_when_the_run_is_over_however_it_ended() -> None:
    with pytest.raises(RuntimeError), job_lock(JOB):
        raise RuntimeError
    with job_lock(JOB) as again:
        assert again
