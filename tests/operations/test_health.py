"""Health, readiness and the first page."""

import errno
import time
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from controlplane import settings_inside
from controlplane.activity import job_runs
from controlplane.activity.models import Heartbeat
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.kernel.fresh_value import FreshValue
from controlplane.observability import health, readiness, views
from controlplane.observability.last_tick import LastTick, last_tick


@pytest.fixture
def broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "queue_depth", lambda *, seconds: 0)


@pytest.fixture
def ready(broker_answers: None, keys: None) -> None:
    """Nothing is missing: a worker has just taken a tick."""
    job_runs.beat("w1")


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found a moment ago, in the test before or in the same one."""
    for names in (views.WHOLE, views.ANSWERS):
        monkeypatch.setattr(names, "seconds", 0)


def reasons(client: Client) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    reasons_by_part: dict[str, str] = answer.json()["reasons"]
    return reasons_by_part


def silent_for(seconds: float) -> None:
    Heartbeat.objects.update(ticked_at=clock.wall_clock() - timedelta(seconds=seconds))


def test_healthz_answers_without_asking_anything(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_is_ok_when_nothing_is_missing(client: Client, ready: None) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_names_keys_that_are_missing(client: Client, broker_answers: None) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    reason = answer.json()["reasons"]["keys"]
    assert reason.startswith("No active key for root, intermediate, tls, iam, identity. Run: ")
    assert reason.endswith("baremint bootstrap")


@pytest.mark.django_db
def test_readyz_names_a_broker_that_does_not_answer(client: Client, settings: object) -> None:
    answer = client.get("/readyz")

    assert "broker" in answer.json()["reasons"]


@pytest.mark.django_db
def test_readyz_names_migrations_that_are_missing(client: Client, broker_answers: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="servers").latest("id").delete()

    assert "baremint migrate" in client.get("/readyz").json()["reasons"]["database"]


@pytest.mark.django_db
def test_readyz_waits_for_the_first_tick(client: Client, broker_answers: None, keys: None) -> None:
    assert set(reasons(client)) == {"worker"}
    assert reasons(client)["worker"].startswith("No worker has taken a tick yet")


@pytest.mark.django_db
def test_readyz_bears_a_few_ticks_that_are_late(client: Client, ready: None) -> None:
    silent_for(3 * settings.BAREMINT_TICK_SECONDS)
    assert client.get("/readyz").status_code == 200


TICKS = {
    "a tick ago": (5, 5, False),
    "as late as it may be": (5, 30, False),
    "late": (5, 30.1, True),
    "quick ticks on a busy machine": (0.2, 10, False),
    "quick ticks that are late": (0.2, 11, True),
    "slow ticks": (60, 250, False),
    "slow ticks that are late": (60, 251, True),
    "the machine's clock was set back": (5, -3600, False),
}


@pytest.mark.django_db
@pytest.mark.parametrize("moved", [timedelta(0), timedelta(days=1), timedelta(days=-1)], ids=str)
@pytest.mark.parametrize("case", TICKS.values(), ids=TICKS.keys())
def test_readyz_and_the_console_agree_on_whether_a_tick_is_late(
    ready: None,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[float, float, bool],
    moved: timedelta,
) -> None:
    settings.BAREMINT_TICK_SECONDS, seconds, is_late = case
    clock.follow(lambda last: clock.Setting(moved))
    present = clock.wall_clock()
    monkeypatch.setattr(clock, "wall_clock", lambda: present)
    monkeypatch.setattr(broker, "first_worker_to_answer", lambda *, seconds: "w1")
    health.forget()
    silent_for(seconds)
    [beat] = [part for part in health.parts() if part.name == "Beat"]
    assert (not beat.well, "worker" in readiness.of_the_whole().missing) == (is_late, is_late)
    assert last_tick() == LastTick(Heartbeat.objects.get().ticked_at, max(seconds, 0.0), is_late)


@pytest.mark.django_db
@pytest.mark.parametrize(("waiting", "missing"), [(0, "Start beat"), (7, "7 tasks wait. Start a worker")])
def test_readyz_names_what_does_not_tick(
    client: Client, ready: None, monkeypatch: pytest.MonkeyPatch, waiting: int, missing: str
) -> None:
    monkeypatch.setattr(broker, "queue_depth", lambda *, seconds: waiting)
    silent_for(600)
    assert "No worker has taken a tick for 600 s" in reasons(client)["worker"]
    assert missing in reasons(client)["worker"]


@pytest.mark.django_db
def test_one_worker_that_ticks_is_enough(client: Client, ready: None) -> None:
    silent_for(600)
    job_runs.beat("w2")
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_the_age_of_a_tick_is_real_though_the_domains_clock_was_moved(client: Client, ready: None) -> None:
    clock.follow(lambda last: clock.Setting(timedelta(days=1)))
    assert client.get("/readyz").status_code == 200


# --- the metadata service --------------------------------------------------------------------------------------


@pytest.fixture
def inside(settings: Any) -> Client:
    """At the metadata service's own addresses."""
    for name in ("ROOT_URLCONF", "ALLOWED_HOSTS", "MIDDLEWARE"):
        setattr(settings, name, getattr(settings_inside, name))
    return Client()


def test_the_metadata_service_says_that_it_answers(inside: Client) -> None:
    assert inside.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_the_metadata_service_is_ready_without_broker_and_worker(inside: Client, keys: None) -> None:
    assert inside.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_the_metadata_service_is_not_ready_without_keys(inside: Client) -> None:
    assert set(reasons(inside)) == {"keys"}


def test_the_metadata_service_shows_no_metrics(inside: Client) -> None:
    assert inside.get("/metrics").status_code == 404


def test_the_first_page_leads_on(client: Client) -> None:
    assert client.get("/").json()["links"]["admin"] == "http://testserver/admin/"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/"])
def test_health_endpoints_can_be_read_and_nothing_else(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_readyz_tells_of_messages_that_were_dropped_and_stays_ready(client: Client, ready: None) -> None:
    job_runs.beat("w1", dropped=2)
    job_runs.beat("w1", dropped=1)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert "dropped 3 messages" in answer.json()["notes"]["messages"]


@pytest.mark.django_db
def test_readyz_tells_of_dropped_messages_for_an_hour(client: Client, ready: None) -> None:
    job_runs.beat("w1", dropped=2)
    Heartbeat.objects.update(dropped_at=clock.wall_clock() - timedelta(hours=1, seconds=1))
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_tells_of_a_full_disk(client: Client, ready: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    assert "full" in reasons(client)["disk"]


@pytest.mark.django_db
def test_a_folder_that_is_read_only_is_no_full_disk(
    client: Client, ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    assert client.get("/readyz").status_code == 200


def test_requests_that_wait_for_a_check_get_its_answer() -> None:
    ports: list[int] = []

    def ask(last: readiness.Readiness | None) -> readiness.Readiness:
        ports.append(1)
        time.sleep(0.2)
        return readiness.Readiness({}, {})

    fresh_value = FreshValue(ask, seconds=60)
    threads = [Thread(target=fresh_value.get) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ports) == 1
