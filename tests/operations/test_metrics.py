"""``/metrics``: what Prometheus reads, and what it reads there is so."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from controlplane import __version__
from controlplane.activity import job_runs
from controlplane.activity.models import JobRun
from controlplane.activity.record import Party, record
from controlplane.activity.timings import Timings
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from controlplane.observability.metrics.issuing import KINDS
from identity.events import API_KEY_LOGIN
from identity.models import IssuedCertificate, KeyPair
from tests.databases import default_database
from tests.tables import assert_none, check_each
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys", "broker_is_there")]

ALICE = Party("IBMid-1", "Alice", "User")
Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def broker_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "queue_depth", lambda *, seconds: 3)


@pytest.fixture
def scrape(client: Client) -> Any:
    """Value of a sample, by its name and labels; None when there is none."""

    def read(name: str, **labels: str) -> float | None:
        text = client.get("/metrics").content.decode()
        samples = [
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        assert len(samples) < 2
        return samples[0] if samples else None

    return read


def happen(action: str, times: int = 1, **how: Any) -> None:
    for _ in range(times):
        record(action, initiator=ALICE, target=ALICE, **how)


def test_prometheus_can_read_it(client: Client) -> None:
    happen("is.metadata.identity-token.create")
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=")
    names = [family.name for family in text_string_to_metric_families(answer.content.decode())]
    assert len(names) == len(set(names))
    assert_none([name for name in names if not name.startswith("baremint")], among=names)


def test_every_family_is_explained(client: Client) -> None:
    families = list(text_string_to_metric_families(client.get("/metrics").content.decode()))
    assert_none([family.name for family in families if not family.documentation.endswith(".")], among=families)


def test_what_is_issued_is_counted_by_kind_and_operation(scrape: Any) -> None:
    happen("is.metadata.identity-token.create", 3)
    happen(API_KEY_LOGIN)
    labels = {"kind": "identity_token", "operation": "is.metadata.identity-token.create"}
    assert scrape("baremint_issued_total", **labels) == 3
    assert scrape("baremint_issued_total", kind="iam_token", operation=API_KEY_LOGIN) == 1


def test_what_is_refused_is_counted_by_code(scrape: Any) -> None:
    happen("is.metadata.certificate.create", 2, error=Unauthenticated("The token is refused."))
    labels = {"kind": "certificate", "operation": "is.metadata.certificate.create"}
    assert scrape("baremint_refused_total", **labels, code="unauthenticated") == 2
    assert scrape("baremint_issued_total", **labels) is None


def test_every_operation_of_every_api_is_counted(scrape: Any) -> None:
    happen("is.vpc.vpc.read")
    assert scrape("baremint_events_total", operation="is.vpc.vpc.read", outcome="success", code="") == 1


def test_an_operation_that_issues_has_a_kind() -> None:
    def check(action: str) -> None:
        assert KINDS[action] in ("identity_token", "iam_token", "certificate")

    check_each(KINDS, check)


def test_signing_is_a_histogram(scrape: Any) -> None:
    process = Timings()
    process.add("iam_token", 0.002)
    process.write()
    assert scrape("baremint_signing_seconds_count", kind="iam_token") == 1
    assert scrape("baremint_signing_seconds_sum", kind="iam_token") == pytest.approx(0.002)
    assert scrape("baremint_signing_seconds_bucket", kind="iam_token", le="0.001") == 0
    assert scrape("baremint_signing_seconds_bucket", kind="iam_token", le="0.0025") == 1
    assert scrape("baremint_signing_seconds_bucket", kind="iam_token", le="+Inf") == 1


@pytest.mark.parametrize("purpose", KeyPair.Purpose.values)
def test_keys_are_counted_by_purpose_and_state(scrape: Any, purpose: str) -> None:
    assert scrape("baremint_keys", purpose=purpose, region="us-south", state="active") == 1
    assert scrape("baremint_keys", purpose=purpose, region="us-south", state="prepared") == 1


def test_metrics_tell_when_a_key_changes_next(scrape: Any) -> None:
    labels = {"purpose": "iam", "region": "us-south", "state": "active", "next": "retiring"}
    assert 23 * 3600 < scrape("baremint_key_next_step_seconds", **labels) < 25 * 3600
    clock.follow(lambda last: clock.Setting(timedelta(hours=30)))
    assert scrape("baremint_key_next_step_seconds", **labels) < 0


@pytest.mark.parametrize("purpose", ["root", "intermediate"])
def test_metrics_tell_when_an_authority_expires(scrape: Any, purpose: str) -> None:
    assert scrape("baremint_authority_expiry_seconds", purpose=purpose, region="us-south") > 86_400


def test_certificates_are_counted_by_what_is_left_of_them(scrape: Any, world: World) -> None:
    issuer = KeyPair.objects.get(purpose="intermediate", state="active")
    now = clock.now()
    for number, minutes in enumerate((-5, 5, 30, 90)):
        IssuedCertificate.objects.create(
            id=str(number),
            issuer=issuer,
            serial_number=str(number),
            lifetime=3600,
            requested_at=now,
            created_at=now,
            not_before=now,
            not_after=now + timedelta(minutes=minutes),
        )
    IssuedCertificate.objects.filter(id="2").update(revoked_at=now, revocation_reason="superseded")
    samples = {
        each: scrape("baremint_certificates", validity=each) for each in ("valid", "expiring", "expired", "revoked")
    }
    assert samples == {"valid": 1, "expiring": 1, "expired": 1, "revoked": 1}


def test_runs_of_jobs_are_counted_by_outcome(scrape: Any) -> None:
    with job_runs.recorded("key-rotation", worker="w1"):
        pass
    JobRun.objects.create(job="key-rotation", started_at=clock.wall_clock(), outcome="lost")
    assert scrape("baremint_job_runs_total", job="key-rotation", outcome="done") == 1
    assert scrape("baremint_job_runs_total", job="key-rotation", outcome="lost") == 1


def test_the_queue_is_measured(scrape: Any) -> None:
    assert (scrape("baremint_broker_up"), scrape("baremint_queue_depth")) == (1, 3)


def test_a_broker_that_is_away_is_a_metric_and_no_failure(scrape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*, seconds: float) -> int:
        raise broker.BrokerFailed

    monkeypatch.setattr(broker, "queue_depth", away)
    assert (scrape("baremint_broker_up"), scrape("baremint_queue_depth")) == (0, None)


def test_a_database_that_is_away_is_a_metric_and_no_failure(scrape: Any, tmp_path: Path) -> None:
    assert scrape("baremint_database_up") == 1
    with default_database(f"sqlite:///{tmp_path}/nowhere/none.sqlite3"):
        assert (scrape("baremint_database_up"), scrape("baremint_info", version=__version__)) == (0, 1)
        assert (scrape("baremint_broker_up"), scrape("baremint_queue_depth")) == (1, 3)
        assert scrape("baremint_clock_frozen") is None


def test_messages_that_were_dropped_are_counted(scrape: Any) -> None:
    assert scrape("baremint_dropped_messages_total") == 0
    job_runs.beat("w1", dropped=2)
    job_runs.beat("w2", dropped=3)
    assert scrape("baremint_dropped_messages_total") == 5


def test_the_age_of_the_last_tick_is_told(scrape: Any) -> None:
    assert scrape("baremint_tick_age_seconds") is None
    job_runs.beat("w1")
    assert 0 <= scrape("baremint_tick_age_seconds") < 60


def test_the_clock_is_told(scrape: Any, movable_clock: None) -> None:
    from controlplane.timekeeping.models import ClockSetting

    assert (scrape("baremint_clock_offset_seconds"), scrape("baremint_clock_frozen")) == (0, 0)
    ClockSetting.objects.update(offset=timedelta(hours=1), frozen_at=clock.wall_clock() + timedelta(hours=1))
    assert scrape("baremint_clock_offset_seconds") == pytest.approx(3600, abs=60)
    assert scrape("baremint_clock_frozen") == 1


def test_the_version_is_told(scrape: Any) -> None:
    assert scrape("baremint_info", version=__version__) == 1


def test_metrics_can_be_read_and_nothing_else(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
