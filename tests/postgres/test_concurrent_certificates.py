"""Workers and people at the same certificates at the same moment: renewed once, revoked once, listed without a gap."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import key_cache, key_encryption
from identity.events import CERTIFICATE_RENEW, CERTIFICATE_REVOKE
from identity.models import CertificateRotation, IssuedCertificate, RevocationList
from identity.services import certificate_renewal, revocation
from identity.services.certificate_renewal import renew_due
from identity.services.certificate_renewal_switch import switch_certificate_rotation
from identity.services.key_rotation import ensure_keys
from identity.services.revocation import revoke, revoke_due
from identity.services.revocation_lists import fresh_list
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.certified import issue, listed
from tests.world import World, make_server, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
WORKERS = 4
CERTIFICATES = 12
DUE = timedelta(minutes=41)

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def server(on_postgresql: None, keys_from_the_pool: None) -> Iterator[BareMetalServer]:
    key_encryption.ensure_kek()
    key_cache.forget()
    ensure_keys(now=clock.now())
    world: World = make_world()
    server = make_server(world.account, name="web-1", metadata_enabled=True)
    switch_certificate_rotation(server, enabled=True, by=BY, now=clock.now())
    yield server
    key_cache.forget()


@pytest.fixture
def issued(server: BareMetalServer, monkeypatch: pytest.MonkeyPatch) -> list[IssuedCertificate]:
    """As many as there may be, each for a key of its own."""
    monkeypatch.setattr("identity.renewal_schedule.MOST_KEYS", CERTIFICATES)
    return [issue(server, key=ec.generate_private_key(ec.SECP256R1())) for _ in range(CERTIFICATES)]


def succeeded(results: list[Any]) -> list[Any]:
    assert [each for each in results if isinstance(each, Exception)] == []
    return results


def renewed() -> list[str]:
    return list(IssuedCertificate.objects.filter(renewal_of__isnull=False).values_list("renewal_of_id", flat=True))


def test_workers_at_once_renew_each_certificate_once(issued: list[IssuedCertificate], together: Together) -> None:
    later = clock.now() + DUE
    succeeded(together([lambda: renew_due(now=later)] * WORKERS))
    assert sorted(renewed()) == sorted(each.pk for each in issued)
    assert ActivityEvent.objects.filter(action=CERTIFICATE_RENEW).count() == CERTIFICATES


def test_workers_at_once_share_the_work(
    issued: list[IssuedCertificate], together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker waits for rows that another one has, and none signs for nothing."""
    monkeypatch.setattr(certificate_renewal, "CHUNK", CERTIFICATES // WORKERS)
    signatures: list[str] = []
    sign = certificate_renewal.sign_certificate
    monkeypatch.setattr(certificate_renewal, "sign_certificate", lambda *a, **k: signatures.append("") or sign(*a, **k))
    later = clock.now() + DUE
    succeeded(together([lambda: renew_due(now=later)] * WORKERS))
    assert len(signatures) == len(renewed()) == CERTIFICATES


def test_sweeps_at_once_revoke_each_certificate_once(
    issued: list[IssuedCertificate], server: BareMetalServer, together: Together
) -> None:
    switch_metadata_service(server, enabled=False, by=BY)
    succeeded(together([lambda: revoke_due(now=clock.now())] * WORKERS))
    assert IssuedCertificate.objects.filter(revocation_reason="privilegeWithdrawn").count() == CERTIFICATES
    assert ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE).count() == CERTIFICATES


def test_people_at_once_revoke_a_certificate_once(issued: list[IssuedCertificate], together: Together) -> None:
    reasons: list[Any] = ["superseded", "unspecified", "privilegeWithdrawn", "affiliationChanged"]
    calls = [lambda reason=each: revoke(issued[0], reason=reason, by=BY, now=clock.now()) for each in reasons]
    answers = succeeded(together(calls))
    assert len({(each.revoked_at, each.revocation_reason) for each in answers}) == 1
    assert ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE, data__has_key="reason").count() == 1


def test_lists_signed_at_once_follow_one_another(issued: list[IssuedCertificate], together: Together) -> None:
    kid = issued[0].issuer.kid
    calls: list[Callable[[], Any]] = [
        lambda each=each: revoke(each, reason="superseded", by=BY, now=clock.now()) for each in issued[:WORKERS]
    ]
    succeeded(together([*calls, *[lambda: fresh_list(kid, now=clock.now())] * WORKERS]))
    published = fresh_list(kid, now=clock.now())
    assert published is not None
    crl = x509.load_der_x509_crl(bytes(published.der))
    assert {f"{entry.serial_number:x}" for entry in crl} == {each.serial_number for each in issued[:WORKERS]}
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == published.number


def test_no_list_is_published_under_the_number_of_another(issued: list[IssuedCertificate], together: Together) -> None:
    kid = issued[0].issuer.kid
    answers = succeeded(together([lambda: fresh_list(kid, now=clock.now())] * WORKERS))
    assert len({bytes(each.der) for each in answers}) == len({each.number for each in answers})
    assert RevocationList.objects.count() == 1


def test_nothing_is_renewed_after_the_switch_was_turned_off(
    issued: list[IssuedCertificate], server: BareMetalServer, together: Together
) -> None:
    later = clock.now() + DUE
    at_the_switch: list[int] = []

    def turn_off() -> None:
        switch_certificate_rotation(server, enabled=False, by=BY, now=clock.now())
        at_the_switch.append(len(renewed()))

    succeeded(together([turn_off, *[lambda: renew_due(now=later)] * WORKERS]))
    assert at_the_switch == [len(renewed())]
    assert not CertificateRotation.objects.exists()


@pytest.mark.parametrize("attempt", range(5))
def test_a_compromised_key_has_no_good_certificate_though_one_was_just_renewed(
    issued: list[IssuedCertificate], together: Together, attempt: int
) -> None:
    later = clock.now() + DUE
    compromised = issued[0]
    succeeded(
        together(
            [
                lambda: renew_due(now=later),
                lambda: revoke(compromised, reason="keyCompromise", by=BY, now=clock.now()),
            ]
        )
    )
    same_key = IssuedCertificate.objects.filter(public_key_sha256=compromised.public_key_sha256)
    assert set(same_key.values_list("revocation_reason", flat=True)) == {"keyCompromise"}


def test_a_request_for_a_list_waits_for_the_sweep_that_is_under_way(
    issued: list[IssuedCertificate], server: BareMetalServer, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would else publish a list that lacks what another worker is just revoking."""
    switch_metadata_service(server, enabled=False, by=BY)
    has_rows, has_asked = Event(), Event()
    record_all = revocation.record_all

    def linger(events: Any) -> None:
        has_rows.set()
        has_asked.wait(1)
        record_all(events)

    monkeypatch.setattr(revocation, "record_all", linger)

    def ask() -> int:
        assert has_rows.wait(30)
        return len(listed(now=clock.now()))

    swept, status_counts = succeeded(together([lambda: revoke_due(now=clock.now()), ask]))
    assert (swept, status_counts) == (CERTIFICATES, CERTIFICATES)
