"""What works in the background, as a person reads it."""

from typing import Any

from controlplane.cli.jobs import as_text

RUN = {
    "job": "key-rotation",
    "outcome": "failed",
    "started_at": "2026-11-24T12:00:00.000Z",
    "duration_ms": 42,
    "attempt": 2,
    "taken": 0,
    "detail": "OperationalError: database is locked",
    "worker": "w1",
    "request_id": "r1",
}
JOB = {"name": "key-rotation", "does": "rotates", "due_at": None, "seconds_until_due": None, "retry_at": None}


def shown(*runs: dict[str, Any], since: float | None = 3.2, **job: Any) -> str:
    last = runs[0] if runs else None
    return as_text({"seconds_since_tick": since, "jobs": [JOB | {"last_run": last} | job], "runs": list(runs)})


def test_the_list_of_jobs_begins_with_the_last_tick() -> None:
    assert shown().startswith("Last tick 3 s ago.")


def test_the_list_of_jobs_without_a_tick_asks_for_a_worker_and_beat() -> None:
    assert shown(since=None).startswith("No tick yet: is a worker running, and beat?")


def test_a_job_is_due_now_later_or_not_at_all() -> None:
    assert "key-rotation   now  " in shown(seconds_until_due=-4.0)
    assert "key-rotation   in 4 s  " in shown(seconds_until_due=4.0)
    assert "key-rotation   -  " in shown(seconds_until_due=None)


def test_a_run_says_how_it_went_and_why() -> None:
    assert "42 ms" in shown(RUN)
    assert "OperationalError: database is locked" in shown(RUN)


def test_a_run_that_goes_on_has_taken_no_time_yet() -> None:
    assert "running" in shown(RUN | {"outcome": "running", "duration_ms": None})


def test_only_the_latest_runs_are_shown() -> None:
    assert shown(*[RUN] * 40).count("database is locked") == 15
