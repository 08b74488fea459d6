"""The tick sends for every job that is due; a job runs alone, and harmlessly when there is nothing to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.signals import task_prerun

from controlplane.activity.job_lock import job_lock
from controlplane.activity.models import Heartbeat, JobRun
from controlplane.jobs import runner, tasks
from controlplane.jobs.registry import JOBS, Job
from controlplane.jobs.schedule import due, is_due
from controlplane.kernel import clock
from controlplane.kernel.task_names import JOB
from controlplane.timekeeping.models import ClockSetting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]

SECOND = timedelta(seconds=1)
Install = Callable[..., Job]


@pytest.fixture
def home(tmp_path: Any, settings: Any) -> None:
    from controlplane.deployment.home import Home

    settings.HOME = Home(tmp_path / "home")


class Heap:
    """Work that lies on a heap: each run takes one piece off."""

    def __init__(self, pieces: int, *, failing: bool = False) -> None:
        self.pieces = pieces
        self.failing = failing

    def work(self, *, now: datetime) -> int:
        if self.failing:
            raise RuntimeError("no space left")
        self.pieces -= 1
        return 1

    def due_at(self, now: datetime) -> datetime | None:
        return now if self.pieces > 0 else None

    def job(self, name: str = "heap") -> Job:
        return Job(name, "takes a heap away", self.work, self.due_at)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """These jobs, and no others, are known."""

    def installed(*jobs: Job) -> None:
        monkeypatch.setattr(tasks, "JOBS", {job.name: job for job in jobs})
        for job in jobs:
            if JOB + job.name not in current_app.tasks:
                tasks.register(job.name)

    return installed


def outcomes() -> list[tuple[str, str]]:
    return list(JobRun.objects.order_by("id").values_list("job", "outcome"))


def test_the_jobs_of_the_product_move_servers_keys_and_images() -> None:
    assert {"server-transitions", "key-rotation", "image-retirement", "job-pruning"} <= set(JOBS)


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_every_job_can_say_when_it_is_due_and_be_run_at_any_time(job: Job, keys: None) -> None:
    due(job)
    assert job.work(now=clock.now()) >= 0


def test_a_tick_runs_what_is_due_and_leaves_the_rest(install: Callable[..., None]) -> None:
    install(Heap(1).job("full"), Heap(0).job("empty"))
    tasks.tick()
    assert outcomes() == [("full", "done")]


def test_a_tick_sends_for_each_job_by_a_name_of_its_own(install: Callable[..., None]) -> None:
    names: list[str] = []

    def note(task: Any, **_: Any) -> None:
        names.append(task.name)

    install(Heap(1).job("one"), Heap(1).job("two"))
    task_prerun.connect(note)
    tasks.tick()
    assert names == ["baremint.jobs.one", "baremint.jobs.two"]


def test_every_job_of_the_product_has_a_task() -> None:
    assert {f"baremint.jobs.{name}" for name in JOBS} <= set(current_app.tasks)


def test_a_job_goes_on_until_nothing_is_left(install: Callable[..., None]) -> None:
    heap = Heap(3)
    install(heap.job())
    tasks.tick()
    assert heap.pieces == 0
    assert outcomes() == [("heap", "done")] * 3


def test_a_tick_that_comes_twice_does_nothing_more(install: Callable[..., None]) -> None:
    install(Heap(1).job())
    tasks.tick()
    tasks.tick()
    assert outcomes() == [("heap", "done")]


def test_a_message_that_comes_twice_runs_nothing(install: Callable[..., None]) -> None:
    install(Heap(1).job())
    current_app.tasks["baremint.jobs.heap"]()
    current_app.tasks["baremint.jobs.heap"]()
    assert outcomes() == [("heap", "done")]


def test_a_job_that_runs_elsewhere_is_not_run_beside_it() -> None:
    heap = Heap(1)
    with job_lock("heap"):
        assert not runner.run(heap.job(), worker="w1")
    assert heap.pieces == 1


def test_a_job_works_by_the_clock_as_it_is_and_not_as_it_is_remembered(movable_clock: None) -> None:
    remembered = clock.now()
    ClockSetting.objects.update(offset=timedelta(days=1))  # by another process
    times: list[datetime] = []

    def work(*, now: datetime) -> int:
        times.append(now)
        return 0

    runner.run(Job("reader", "reads the clock", work, lambda now: now), worker="w1")
    assert times[0] - remembered > timedelta(hours=23)


def test_a_job_that_fails_does_not_keep_the_next_from_its_turn(install: Callable[..., None]) -> None:
    install(Heap(1, failing=True).job("bad"), Heap(1).job("good"))
    tasks.tick()
    assert outcomes() == [("bad", "failed"), ("good", "done")]


def test_a_job_that_cannot_be_asked_does_not_keep_the_next_from_its_turn(install: Callable[..., None]) -> None:
    def unknown(now: datetime) -> datetime | None:
        raise RuntimeError("no such table")

    install(replace(Heap(1).job("odd"), due_at=unknown), Heap(1).job("good"))
    tasks.tick()
    assert outcomes() == [("good", "done")]


def test_a_job_that_failed_is_left_alone_for_a_while_and_then_tried_again(install: Callable[..., None]) -> None:
    heap = Heap(1, failing=True)
    install(heap.job())
    tasks.tick()
    tasks.tick()
    assert outcomes() == [("heap", "failed")]
    JobRun.objects.update(retry_at=clock.wall_clock() - SECOND)
    heap.failing = False
    tasks.tick()
    assert list(JobRun.objects.order_by("id").values_list("outcome", "attempt")) == [("failed", 1), ("done", 2)]


def test_work_is_due_by_the_domains_clock() -> None:
    in_an_hour = clock.now() + timedelta(hours=1)
    job = Job("later", "waits", Heap(1).work, lambda now: in_an_hour)
    assert not is_due(job)
    clock.follow(lambda last: clock.Setting(timedelta(hours=2)))
    assert is_due(job)


def test_housekeeping_is_due_by_the_machines_clock() -> None:
    job = Job("sweep", "sweeps", Heap(1).work, every=timedelta(minutes=10))
    assert is_due(job)
    runner.run(job, worker="w1")
    clock.follow(lambda last: clock.Setting(timedelta(days=400)))
    assert not is_due(job)
    JobRun.objects.update(started_at=clock.wall_clock() - timedelta(minutes=11))
    assert is_due(job)


def test_a_tick_is_a_sign_of_life_of_its_worker(install: Callable[..., None]) -> None:
    install()
    tasks.tick()
    tasks.tick()
    assert clock.wall_clock() - Heartbeat.objects.get().ticked_at < timedelta(minutes=1)
