"""The lock of a job on PostgreSQL: one run at a time on all machines, free the moment its holder is gone."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from controlplane.activity import job_runs
from controlplane.activity.job_lock import job_lock
from controlplane.activity.models import JobRun

JOB = "test-job"
SECONDS = 20


class Holder(Thread):
    """Holds the lock, over a connection of its own, until it is told to let go."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.held, self.leave = Event(), Event()
        self.is_mine = False
        self.backend = 0

    def run(self) -> None:
        with job_lock(JOB) as self.is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                [self.backend] = cursor.fetchone() or (0,)
            self.held.set()
            self.leave.wait(SECONDS)
        connection.close()

    def __enter__(self) -> "Holder":
        self.start()
        assert self.held.wait(SECONDS)
        return self

    def __exit__(self, *_: Any) -> None:
        self.leave.set()
        self.join(SECONDS)


def is_free() -> bool:
    with job_lock(JOB) as is_mine:
        return is_mine


def test_of_many_workers_at_once_one_gets_the_job_lock(
    together: Callable[[Sequence[Callable[[], Any]]], list[Any]],
) -> None:
    with Holder() as holder:
        assert holder.is_mine
        assert together([is_free] * 4) == [False] * 4
    assert is_free()


@pytest.mark.usefixtures("on_postgresql")
def test_a_job_lock_outlasts_the_transactions_of_the_job() -> None:
    with job_lock(JOB), Holder() as other:
        with transaction.atomic(), job_runs.recorded(JOB, worker="w1"):
            pass
        assert JobRun.objects.get().outcome == "done"
        assert not other.is_mine


@pytest.mark.usefixtures("on_postgresql")
def test_a_job_lock_is_free_when_the_connection_of_its_holder_is_gone() -> None:
    """As when the worker is killed, or its machine is switched off."""
    with Holder() as holder:
        assert not is_free()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [holder.backend])
        assert is_free()


@pytest.mark.usefixtures("on_postgresql")
def test_a_job_whose_connection_was_lost_ends_without_another_error() -> None:
    def work() -> None:
        with job_lock(JOB):
            connection.close()
            raise RuntimeError("the work itself")

    with pytest.raises(RuntimeError, match="the work itself"):
        work()
    with job_lock(JOB, patience=SECONDS) as is_mine:  # PostgreSQL takes a moment to notice
        assert is_mine
