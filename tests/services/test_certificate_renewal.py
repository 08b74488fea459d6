"""Certificates that are due are renewed once: none lost, none twice, none for whom it was switched off."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent, JobRun
from controlplane.activity.record import Party
from controlplane.jobs import tasks
from controlplane.jobs.registry import CERTIFICATE_RENEWAL, JOBS
from controlplane.jobs.schedule import is_due
from controlplane.kernel import clock, timestamps
from controlplane.kernel.errors import Conflict, NotFound
from controlplane.operations.certificate_renewals import collect
from identity.events import CERTIFICATE_RENEW, CERTIFICATE_ROTATION_UPDATE
from identity.key_cache import NoActiveKey
from identity.models import CertificateRotation, IssuedCertificate, KeyPair, RenewalProgress
from identity.renewal_schedule import MOST_KEYS
from identity.services import certificate_renewal
from identity.services.certificate_renewal import renew_due
from identity.services.certificate_renewal_switch import switch_certificate_rotation
from identity.services.revocation import revoke
from servers.models import BareMetalServer
from servers.services import deletion
from servers.services.metadata_service import switch_account, switch_metadata_service
from tests.build import EC_KEY
from tests.certified import issue, issue_before, parsed
from tests.world import World, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]

BY = Party("IBMid-ALICE00001", "Alice", "User")
HOUR = timedelta(hours=1)
DUE = timedelta(minutes=41)
"""By then an hour's certificate is two thirds through."""
LEAP = timedelta(days=80)
"""Longer than an authority signs, and not as long as its certificate lives."""


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def rotating(server: BareMetalServer) -> BareMetalServer:
    turn(server, on=True)
    return server


def turn(server: BareMetalServer, *, on: bool) -> None:
    switch_certificate_rotation(server, enabled=on, by=BY, now=clock.now())


def another_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def renewals() -> list[IssuedCertificate]:
    return list(IssuedCertificate.objects.filter(renewal_of__isnull=False).order_by("created_at"))


def renew(after: timedelta = DUE) -> list[IssuedCertificate]:
    """What is renewed when so much time has passed."""
    before = {each.pk for each in renewals()}
    while renew_due(now=clock.now() + after):
        continue
    return [each for each in renewals() if each.pk not in before]


# --- what a renewal is ------------------------------------------------------------------------------------------


def test_a_certificate_is_renewed_at_two_thirds_of_its_life_and_not_before(rotating: BareMetalServer) -> None:
    issue(rotating)
    assert len(renew(timedelta(minutes=39))) == 0
    assert len(renew(timedelta(minutes=41))) == 1


def test_a_renewal_is_for_the_same_key_and_subject_under_another_serial_number(rotating: BareMetalServer) -> None:
    old = issue(rotating)
    [new] = renew()
    was, now = parsed(old), parsed(new)
    assert (now.subject, now.public_key()) == (was.subject, was.public_key())
    assert now.serial_number != was.serial_number


def test_a_renewal_lives_as_long_as_was_asked_for(rotating: BareMetalServer) -> None:
    issue(rotating, lifetime=timedelta(seconds=300))
    [new] = renew()
    assert new.not_after - new.created_at.replace(microsecond=0) == timedelta(seconds=300)


def test_a_renewal_of_what_its_issuer_cut_short_is_as_long_as_was_asked_for(
    rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intermediate was near its end then; there is another one now."""
    issuer = x509.load_pem_x509_certificate(
        KeyPair.objects.get(purpose="intermediate", state="active").certificate.encode()
    )
    old = issue(rotating, now=issuer.not_valid_after_utc - timedelta(minutes=10))
    assert old.not_after - old.created_at < HOUR / 2
    IssuedCertificate.objects.update(renew_at=clock.now())
    [new] = renew(timedelta(0))
    assert new.not_after - new.created_at.replace(microsecond=0) == HOUR


def test_a_renewal_is_renewed_in_its_turn(rotating: BareMetalServer) -> None:
    issue(rotating)
    [first] = renew()
    [second] = renew(2 * DUE)
    assert second.renewal_of_id == first.pk


def test_a_renewal_leaves_one_event_that_names_both(rotating: BareMetalServer) -> None:
    old = issue(rotating)
    [new] = renew()
    [event] = ActivityEvent.objects.filter(action=CERTIFICATE_RENEW)
    assert (event.outcome, event.target_id, event.initiator_id) == ("success", rotating.crn, "baremint")
    assert (event.data["id"], event.data["renewal_of"], event.data["sha256"]) == (new.id, old.id, new.sha256)


def test_a_certificate_that_expired_while_no_worker_ran_is_renewed(rotating: BareMetalServer) -> None:
    issue(rotating)
    assert len(renew(LEAP)) == 1


def test_a_clock_that_leaps_makes_one_renewal_not_many(rotating: BareMetalServer) -> None:
    issue(rotating)
    assert [len(renew(LEAP)) for _ in range(3)] == [1, 0, 0]


def test_an_expired_authority_renews_nothing_and_loses_nothing(rotating: BareMetalServer) -> None:
    """A tick replaces it first, unless it fails."""
    issue(rotating)
    with pytest.raises(NoActiveKey, match="has expired"):
        renew_due(now=clock.now() + timedelta(days=400))
    assert len(renew()) == 1


def test_each_key_of_a_server_is_renewed(rotating: BareMetalServer) -> None:
    key_hashes = {issue(rotating, key=key).public_key_sha256 for key in (EC_KEY, another_key())}
    assert {each.public_key_sha256 for each in renew()} == key_hashes


def test_of_one_key_the_last_certificate_is_renewed_alone(rotating: BareMetalServer) -> None:
    issue(rotating)
    last = issue(rotating)
    assert [each.renewal_of_id for each in renew()] == [last.pk]


def test_a_server_that_makes_a_key_for_each_certificate_has_the_latest_ones_renewed(rotating: BareMetalServer) -> None:
    certificates = [issue(rotating, key=another_key()) for _ in range(MOST_KEYS + 3)]
    assert {each.renewal_of_id for each in renew()} == {each.pk for each in certificates[3:]}


# --- what stops it ----------------------------------------------------------------------------------------------


def test_nothing_is_renewed_for_a_server_whose_rotation_is_off(server: BareMetalServer) -> None:
    issue(server)
    assert renew() == []


def test_nothing_is_renewed_once_rotation_is_off_again(rotating: BareMetalServer) -> None:
    issue(rotating)
    turn(rotating, on=False)
    assert renew() == []


def test_what_was_issued_before_rotation_was_on_is_renewed(server: BareMetalServer) -> None:
    issue(server)
    turn(server, on=True)
    assert len(renew()) == 1


def test_what_had_expired_before_rotation_was_on_is_not_renewed(server: BareMetalServer) -> None:
    issue_before(server, 2 * HOUR)
    turn(server, on=True)
    assert renew() == []


def test_nothing_is_renewed_once_the_service_is_off(rotating: BareMetalServer) -> None:
    issue(rotating)
    switch_metadata_service(rotating, enabled=False, by=BY)
    assert renew() == []


def test_nothing_is_renewed_once_the_service_is_off_for_the_account(rotating: BareMetalServer, world: World) -> None:
    issue(rotating)
    switch_account(world.account, enabled=False, by=BY)
    assert renew() == []


def test_what_is_from_before_the_service_was_off_is_not_renewed_though_it_is_on_again(
    rotating: BareMetalServer,
) -> None:
    issue(rotating)
    for enabled in (False, True):
        switch_metadata_service(rotating, enabled=enabled, by=BY)
    assert renew() == []


def test_a_setting_has_certificates_renewed_when_the_service_is_on_again(
    rotating: BareMetalServer, settings: Any
) -> None:
    settings.BAREMINT_REVOKE_ON_DISABLE = False
    issue(rotating)
    for enabled in (False, True):
        switch_metadata_service(rotating, enabled=enabled, by=BY)
    assert len(renew()) == 1


def test_nothing_is_renewed_for_a_server_that_is_gone(rotating: BareMetalServer) -> None:
    issue(rotating)
    BareMetalServer.objects.update(status="deleting")
    assert deletion.remove(rotating, by=BY)
    assert renew() == []


def test_a_revoked_certificate_is_not_renewed(rotating: BareMetalServer) -> None:
    revoke(issue(rotating), reason="superseded", by=BY, now=clock.now())
    assert renew() == []


def test_what_is_not_to_be_renewed_is_not_looked_at_twice(rotating: BareMetalServer) -> None:
    issue(rotating)
    switch_metadata_service(rotating, enabled=False, by=BY)
    renew()
    assert not IssuedCertificate.objects.filter(renew_at__isnull=False).exists()


def test_a_request_that_is_no_longer_signed_is_told_of_and_delays_no_other(rotating: BareMetalServer) -> None:
    bad, good = issue(rotating, key=another_key()), issue(rotating)
    IssuedCertificate.objects.filter(pk=bad.pk).update(csr="gone bad")
    assert [each.renewal_of_id for each in renew()] == [good.pk]
    [failure] = ActivityEvent.objects.filter(action=CERTIFICATE_RENEW, outcome="failure")
    assert (failure.reason_type, failure.data) == ("invalid_value", {"renewal_of": bad.id})
    assert renew() == []


# --- once -------------------------------------------------------------------------------------------------------


def test_a_chunk_that_is_done_twice_renews_once(rotating: BareMetalServer) -> None:
    issue(rotating)
    for _ in range(2):
        renew_due(now=clock.now() + DUE)
    assert len(renewals()) == 1


def test_a_chunk_that_another_worker_did_meanwhile_writes_nothing(rotating: BareMetalServer) -> None:
    """As on SQLite, where no row is locked while a chunk is signed."""
    issue(rotating)
    now = clock.now() + DUE
    rows = list(certificate_renewal.with_renewal_facts(certificate_renewal.certificates_due(now=now)))
    chunk = certificate_renewal._prepare(rows, now=now)
    renew_due(now=now)
    certificate_renewal._write(rows, chunk, now=now)
    assert len(renewals()) == 1
    assert ActivityEvent.objects.filter(action=CERTIFICATE_RENEW).count() == 1


@pytest.mark.parametrize("change", ["rotation-off", "server-gone", "revoked"])
def test_what_changes_while_a_chunk_is_signed_is_respected(rotating: BareMetalServer, change: str) -> None:
    certificate = issue(rotating)
    now = clock.now() + DUE
    rows = list(certificate_renewal.with_renewal_facts(certificate_renewal.certificates_due(now=now)))
    chunk = certificate_renewal._prepare(rows, now=now)
    match change:
        case "rotation-off":
            turn(rotating, on=False)
        case "server-gone":
            BareMetalServer.objects.update(status="deleting")
            deletion.remove(rotating, by=BY)
        case "revoked":
            revoke(certificate, reason="superseded", by=BY, now=clock.now())
    certificate_renewal._write(rows, chunk, now=now)
    assert renewals() == []


def test_the_database_refuses_a_second_renewal_of_the_same_certificate(rotating: BareMetalServer) -> None:
    issue(rotating)
    [first] = renew()
    another = issue(rotating)
    with pytest.raises(IntegrityError), transaction.atomic():
        IssuedCertificate.objects.filter(pk=another.pk).update(renewal_of=first.renewal_of_id)


def test_more_than_one_chunk_is_renewed_to_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_renewal, "CHUNK", 2)
    for name in ("web-1", "web-2", "web-3"):
        server = make_server(world.account, name=name, metadata_enabled=True)
        turn(server, on=True)
        issue(server)
    assert len(renew()) == 3


def test_a_chunk_takes_as_many_queries_for_many_as_for_one(world: World, rotating: BareMetalServer) -> None:
    counts = []
    for names in (["web-2"], ["web-3", "web-4", "web-5"]):
        for name in names:
            server = make_server(world.account, name=name, metadata_enabled=True)
            turn(server, on=True)
            for _ in range(3 if len(names) > 1 else 1):
                issue(server, key=another_key())
        now = clock.now() + DUE
        RenewalProgress.objects.update_or_create(pk=1, defaults={"begun_at": now, "ended_at": None, "due": 1})
        with CaptureQueriesContext(connection) as queries:
            renew_due(now=now)
        counts.append(len(queries))
    assert counts == [counts[0]] * 2
    assert len(renewals()) == 10


# --- the tick, and how far it has come --------------------------------------------------------------------------


def due(server: BareMetalServer) -> datetime:
    issue(server)
    return clock.now() + DUE


def many_due(server: BareMetalServer, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a chunk of its own."""
    monkeypatch.setattr(certificate_renewal, "CHUNK", 1)
    for _ in range(count):
        issue(server, key=another_key())
    IssuedCertificate.objects.update(renew_at=clock.now())


def runs() -> list[tuple[str, int]]:
    return list(JobRun.objects.filter(job=CERTIFICATE_RENEWAL).order_by("id").values_list("outcome", "taken"))


def test_a_tick_renews_all_that_is_due_one_run_after_the_other(
    rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_due(rotating, 3, monkeypatch)
    tasks.tick()
    assert len(renewals()) == 3
    assert runs() == [("done", 1)] * 3


def test_a_tick_renews_nothing_that_is_not_due(rotating: BareMetalServer) -> None:
    issue(rotating)
    assert not is_due(JOBS[CERTIFICATE_RENEWAL])
    tasks.tick()
    assert (renewals(), runs()) == ([], [])


def test_the_next_tick_goes_on_with_the_renewal_of_a_worker_that_died(
    rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_due(rotating, 3, monkeypatch)
    now = clock.now()
    JobRun.objects.create(job=CERTIFICATE_RENEWAL, started_at=now, outcome="running")  # its worker is no more
    certificate_renewal.renew_due(now=now)
    tasks.tick()
    progress = RenewalProgress.objects.get()
    assert (progress.begun_at, progress.due, progress.renewed) == (now, 3, 3)
    assert progress.ended_at
    assert runs()[0] == ("lost", 0)


def test_a_renewal_that_failed_is_tried_again_when_the_job_is(
    rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_due(rotating, 1, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(certificate_renewal.key_cache, "signer", lambda *_, **__: 1 / 0)
        tasks.tick()
    assert (renewals(), runs()) == ([], [("failed", 0)])
    tasks.tick()
    assert len(runs()) == 1  # not at once
    JobRun.objects.update(retry_at=clock.wall_clock())
    tasks.tick()
    assert len(renewals()) == 1


def test_a_last_chunk_that_is_full_ends_the_renewal(rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    many_due(rotating, 2, monkeypatch)
    now = clock.now()
    certificate_renewal.renew_due(now=now)
    assert RenewalProgress.objects.get().ended_at is None
    certificate_renewal.renew_due(now=now)
    assert RenewalProgress.objects.get().ended_at == now


def test_a_renewal_that_was_begun_by_another_worker_meanwhile_is_not_counted_from_the_beginning(
    rotating: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of an older version takes no lock. It began after this one had read that none goes on."""
    now = due(rotating)
    RenewalProgress.objects.create(pk=1, begun_at=now, ended_at=now, due=9)

    def begun_by_another(**_: Any) -> Any:
        RenewalProgress.objects.update(begun_at=now - HOUR, ended_at=None, due=5, renewed=2)
        return IssuedCertificate.objects.none()

    monkeypatch.setattr(certificate_renewal, "abandoned_renewals", begun_by_another)
    certificate_renewal.renew_due(now=now)
    progress = RenewalProgress.objects.get()
    assert (progress.begun_at, progress.due, progress.renewed) == (now - HOUR, 5, 3)


def test_progress_tells_how_many_were_due_and_what_became_of_them(rotating: BareMetalServer, world: World) -> None:
    off = make_server(world.account, name="web-2", metadata_enabled=True)
    turn(off, on=True)
    issue(off)
    switch_metadata_service(off, enabled=False, by=BY)
    bad = issue(rotating, key=another_key())
    IssuedCertificate.objects.filter(pk=bad.pk).update(csr="gone bad")
    now = due(rotating)
    renew_due(now=now)
    progress = RenewalProgress.objects.get()
    assert (progress.due, progress.renewed, progress.stopped, progress.failed) == (3, 1, 1, 1)
    assert progress.ended_at == now


def test_progress_begins_again_the_next_time(rotating: BareMetalServer) -> None:
    now = due(rotating)
    for later in (now, now + DUE):
        renew_due(now=later)
    progress = RenewalProgress.objects.get()
    assert (progress.begun_at, progress.renewed) == (now + DUE, 1)


def test_an_operator_sees_what_is_due_and_what_comes_next(rotating: BareMetalServer, server: BareMetalServer) -> None:
    now = due(rotating)
    before = collect(now=now)
    assert (before["due"], before["later"], before["next_due_at"]) == (1, 0, None)
    renew_due(now=now)
    after = collect(now=now)
    assert (after["due"], after["later"]) == (0, 1)
    assert after["next_due_at"] == timestamps.milliseconds(renewals()[0].renew_at)


def test_expired_certificates_that_no_server_renews_are_forgotten(server: BareMetalServer) -> None:
    issue(server)
    renew_due(now=clock.now() + DUE)
    assert IssuedCertificate.objects.filter(renew_at__isnull=False).count() == 1
    renew_due(now=clock.now() + 2 * HOUR)
    assert IssuedCertificate.objects.filter(renew_at__isnull=False).count() == 0


# --- the switch -------------------------------------------------------------------------------------------------


def test_the_switch_leaves_an_event_each_time(server: BareMetalServer) -> None:
    for on in (True, False):
        turn(server, on=on)
    events = ActivityEvent.objects.filter(action=CERTIFICATE_ROTATION_UPDATE).order_by("pk")
    assert [event.data["certificate_rotation"]["enabled"] for event in events] == [True, False]
    assert {event.target_id for event in events} == {server.crn}


def test_switching_on_twice_keeps_the_first_instant(rotating: BareMetalServer) -> None:
    first = CertificateRotation.objects.get().enabled_at
    turn(rotating, on=True)
    assert CertificateRotation.objects.get().enabled_at == first


def test_the_switch_goes_with_its_server(rotating: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="deleting")
    deletion.remove(rotating, by=BY)
    assert not CertificateRotation.objects.exists()


def test_a_server_that_is_being_deleted_is_not_switched(server: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="deleting")
    with pytest.raises(Conflict):
        turn(server, on=True)


def test_a_server_that_is_gone_is_not_switched(server: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="deleting")
    deletion.remove(BareMetalServer.objects.get(), by=BY)
    with pytest.raises(NotFound):
        turn(server, on=True)
