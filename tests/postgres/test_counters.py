"""Events are counted once on PostgreSQL too, where a smaller id may be committed after a larger one."""

from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from controlplane.activity import counters, job_runs
from controlplane.activity.models import EventTally
from controlplane.activity.record import Party, record
from controlplane.activity.timings import Timings, histograms
from controlplane.kernel import clock

pytestmark = pytest.mark.usefixtures("on_postgresql")

ALICE = Party("IBMid-1", "Alice", "User")
SECONDS = 20


def happen() -> None:
    record("is.vpc.vpc.read", initiator=ALICE, target=ALICE)


def count() -> int:
    return counters.count_settled_events(now=clock.now())


class Undecided(Thread):
    """Records an event, over a connection of its own, and commits it when told to."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.recorded, self.decide = Event(), Event()

    def run(self) -> None:
        with transaction.atomic():
            happen()
            self.recorded.set()
            self.decide.wait(SECONDS)
        connection.close()

    def __enter__(self) -> "Undecided":
        self.start()
        assert self.recorded.wait(SECONDS)
        return self

    def __exit__(self, *_: Any) -> None:
        self.decide.set()
        self.join(SECONDS)


def total() -> int:
    return sum(number for *_, number in counters.events())


def test_an_event_that_is_committed_late_is_counted() -> None:
    with Undecided():
        happen()
        assert [count(), count(), count()] == [0, 0, 0]
        assert total() == 1
    assert total() == 2
    assert sum(count() for _ in range(3)) == 2
    assert (total(), EventTally.objects.get().count) == (2, 2)


def test_counting_and_reading_go_on_together() -> None:
    happen()
    totals = []
    for _ in range(5):
        count()
        happen()
        totals.append(total())
    assert totals == [2, 3, 4, 5, 6]


def test_runs_and_timings_are_summed_on_postgresql() -> None:
    with job_runs.recorded("a", worker="w1"):
        pass
    process = Timings()
    process.add("iam_token", 0.002)
    process.write()
    assert list(counters.job_runs()) == [("a", "done", 1)]
    assert histograms()["iam_token"][0][-1] == 1
