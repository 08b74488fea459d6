"""Counts of events, runs and timings: each thing once, by any process and at any time."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from controlplane.activity import counters, job_runs
from controlplane.activity.models import ActivityEvent, EventTally, JobRun, TallyMark, TimingTally
from controlplane.activity.record import Party, record
from controlplane.activity.timings import BOUNDS, Timings, histograms
from controlplane.kernel import clock
from controlplane.kernel.errors import NotFound

pytestmark = pytest.mark.django_db

ALICE = Party("IBMid-1", "Alice", "User")


def happen(times: int = 1, action: str = "is.vpc.vpc.read", **how: Any) -> None:
    for _ in range(times):
        record(action, initiator=ALICE, target=ALICE, **how)


def count() -> int:
    return counters.count_settled_events(now=clock.now())


def test_events_are_counted_by_action_outcome_and_code() -> None:
    happen(2)
    happen(error=NotFound("There is none."))
    happen(action="is.key.key.read")
    assert list(counters.events()) == [
        ("is.key.key.read", "success", "", 1),
        ("is.vpc.vpc.read", "failure", "not_found", 1),
        ("is.vpc.vpc.read", "success", "", 2),
    ]


def test_counting_changes_nothing_for_who_reads() -> None:
    happen(3)
    before = list(counters.events())
    for _ in range(4):
        count()
        assert list(counters.events()) == before


def test_an_event_is_counted_when_it_has_settled_and_once() -> None:
    happen(3)
    assert [count(), count(), count()] == [0, 3, 0]
    happen(2)
    assert [count(), count(), count()] == [0, 2, 0]
    assert EventTally.objects.get().count == 5


def test_what_is_counted_need_not_be_read_again() -> None:
    happen(3)
    count()
    count()
    assert TallyMark.objects.get().counted_to == ActivityEvent.objects.order_by("-pk")[0].pk


def test_nothing_is_counted_while_nothing_has_happened() -> None:
    assert [count(), count()] == [0, 0]
    assert list(counters.events()) == []


# --- runs of jobs -------------------------------------------------------------------------------------------------


def test_runs_are_counted_whether_or_not_they_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for outcome in ("done", "done", "failed", "done"):
        JobRun.objects.create(job="a", started_at=clock.wall_clock(), outcome=outcome)
    before = list(counters.job_runs())
    assert before == [("a", "done", 3), ("a", "failed", 1)]
    monkeypatch.setattr(job_runs, "KEPT_RUNS", 1)
    assert job_runs.prune(now=clock.now()) == 3
    assert list(counters.job_runs()) == before


def test_a_run_that_goes_on_is_not_counted_yet() -> None:
    with job_runs.recorded("a", worker="w1"):
        assert list(counters.job_runs()) == []


# --- timings ------------------------------------------------------------------------------------------------------


def test_timings_of_all_processes_meet_in_one_histogram() -> None:
    for process in (Timings(), Timings()):
        process.add("iam_token", 0.0007)
        process.add("iam_token", 0.3)
        process.write()
    counts, seconds = histograms()["iam_token"]
    assert dict(zip(BOUNDS, counts, strict=True)) == {
        bound_seconds: 0 if bound_seconds < 0.001 else 2 if bound_seconds < 0.5 else 4 for bound_seconds in BOUNDS
    }
    assert seconds == pytest.approx(0.6014)


def test_a_timing_on_a_bound_is_within_it() -> None:
    process = Timings()
    process.add("x", BOUNDS[3])
    process.write()
    assert histograms()["x"][0][2:4] == [0, 1]


def test_a_timing_longer_than_all_bounds_is_counted() -> None:
    process = Timings()
    process.add("x", 9000)
    process.write()
    assert histograms()["x"][0][-2:] == [0, 1]


def test_what_fails_is_not_timed() -> None:
    process = Timings()
    with pytest.raises(RuntimeError), process.measured("x"):
        raise RuntimeError
    process.write()
    assert histograms() == {}


def test_timings_are_kept_while_the_database_does_not_take_them(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Timings()
    process.add("x", 0.1)

    def refuse(**_: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(TimingTally.objects, "get_or_create", refuse)
        process.write()
    process.add("x", 0.1)
    process.write()
    assert histograms()["x"][0][-1] == 2


@pytest.mark.django_db(transaction=True, available_apps=["controlplane.activity"])  # its tables alone are emptied
def test_timings_are_written_every_few_seconds_and_not_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = [100.0]
    monkeypatch.setattr("controlplane.activity.timings.time.monotonic", lambda: instant[0])
    process = Timings()
    process.add("x", 0.1)
    assert histograms() == {}
    instant[0] += 6
    process.add("x", 0.1)
    assert histograms()["x"][0][-1] == 2


def test_timings_are_not_written_within_the_transaction_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = [100.0]
    monkeypatch.setattr("controlplane.activity.timings.time.monotonic", lambda: instant[0])
    process = Timings()
    instant[0] += 6
    process.add("x", 0.1)  # this test runs in a transaction
    assert histograms() == {}


def test_a_signature_is_timed(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from identity import signing

    process = Timings()
    monkeypatch.setattr(signing, "timings", process)
    signing.sign({"sub": "alice"}, purpose="iam")
    process.write()
    counts, seconds = histograms()["iam_token"]
    assert counts[-1] == 1
    assert 0 < seconds < timedelta(minutes=1).total_seconds()
