"""``/_baremint/jobs``: what works in the background, how it went, and what is due next."""

from datetime import datetime, timedelta

import pytest

from controlplane.activity import job_runs
from controlplane.activity.models import JobRun
from controlplane.activity.record import Party
from controlplane.jobs.registry import JOBS
from controlplane.kernel import clock
from servers.services.actions import act
from tests.api.calling import call, caller_of
from tests.policies import make_content
from tests.world import World, make_profile, make_server
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("world", "keys")

PATH = "/_baremint/jobs"
BY = Party("IBMid-ALICE00001", "Alice", "User")


def listed(name: str) -> dict[str, object]:
    [actual_job] = [job for job in call("GET", PATH).json()["jobs"] if job["name"] == name]
    return dict(actual_job)


def test_every_job_is_listed_with_what_it_does() -> None:
    answer = call("GET", PATH).json()
    assert [job["name"] for job in answer["jobs"]] == list(JOBS)
    assert all(job["does"] for job in answer["jobs"])


def test_keys_are_due_when_the_first_of_them_changes() -> None:
    until = listed("key-rotation")["seconds_until_due"]
    assert isinstance(until, float)
    assert 15 * 3600 < until < 25 * 3600


def test_what_is_due_moves_with_the_domains_clock() -> None:
    before = listed("key-rotation")["seconds_until_due"]
    clock.follow(lambda last: clock.Setting(timedelta(hours=1)))
    after = listed("key-rotation")["seconds_until_due"]
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert 3590 < before - after < 3610


def test_servers_are_due_while_one_is_being_moved_on(world: World) -> None:
    server = make_server(world.account, name="web-1")
    assert listed("server-transitions")["due_at"] is None
    act(server, action="stop", by=BY)
    assert isinstance(listed("server-transitions")["due_at"], str)


def test_the_latest_run_of_a_job_says_how_it_went() -> None:
    with job_runs.recorded("key-rotation", worker="w1") as row:
        row.taken = 2
    run = listed("key-rotation")["last_run"]
    assert isinstance(run, dict)
    assert (run["outcome"], run["taken"], run["worker"]) == ("done", 2, "w1")


def test_a_job_that_failed_says_when_it_is_tried_again() -> None:
    with pytest.raises(RuntimeError), job_runs.recorded("key-rotation", worker="w1"):
        raise RuntimeError("no space left")
    retry_at = listed("key-rotation")["retry_at"]
    assert isinstance(retry_at, str)
    assert datetime.fromisoformat(retry_at) > clock.wall_clock()


def test_runs_are_listed_newest_first_and_not_without_end() -> None:
    for number in range(60):
        JobRun.objects.create(job=f"job-{number}", started_at=clock.wall_clock(), outcome="done")
    runs = call("GET", PATH).json()["runs"]
    assert [run["job"] for run in runs] == [f"job-{number}" for number in range(59, 9, -1)]


def test_the_list_of_jobs_says_how_long_ago_a_worker_took_a_tick() -> None:
    assert call("GET", PATH).json()["seconds_since_tick"] is None
    job_runs.beat("w1")
    assert 0 <= call("GET", PATH).json()["seconds_since_tick"] < 60


def test_with_one_account_a_viewer_may_list_jobs_and_a_caller_without_a_policy_may_not(world: World) -> None:
    world.other_account.delete()
    profile = make_profile(world.account)
    caller = caller_of(profile.iam_id)
    assert call("GET", PATH, caller=caller).status_code == 403
    create_policy(world.account, content=make_content(profile.iam_id, service="baremint"), api_version="v1", by=BY)
    assert call("GET", PATH, caller=caller).status_code == 200
