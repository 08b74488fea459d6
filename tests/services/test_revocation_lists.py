"""Revocation lists are fresh, complete and numbered, whichever process signs them and whenever."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from pytest_django import DjangoCaptureOnCommitCallbacks

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import key_cache
from identity.models import IssuedCertificate, KeyPair, RevocationList
from identity.services import revocation_lists
from identity.services.key_rotation import rotate_now
from identity.services.revocation import revoke
from identity.services.revocation_lists import ROOT_LIFETIME, fresh_list, publish_due
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.certified import issue, list_of, listed
from tests.world import World, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]

BY = Party("IBMid-ALICE00001", "Alice", "User")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def kid() -> str:
    return key_cache.signer("intermediate").kid


def number(kid: str) -> int:
    return RevocationList.objects.get(issuer__kid=kid).number


def take_back(certificate: IssuedCertificate) -> IssuedCertificate:
    return revoke(certificate, reason="superseded", by=BY, now=clock.now())


def test_an_authority_has_a_list_from_the_first_tick_on(kid: str) -> None:
    publish_due(now=clock.now())
    assert number(kid) == 1


def test_a_root_has_a_list_that_lasts_longer() -> None:
    now = clock.now()
    publish_due(now=now)
    root = RevocationList.objects.get(issuer__purpose="root", issuer__state="active")
    assert root.next_update - root.this_update == ROOT_LIFETIME


def test_roots_are_asked_to_sign_when_it_is_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    publish_due(now=now)
    decrypted: list[str] = []
    load = key_cache.load_private_key
    monkeypatch.setattr(key_cache, "load_private_key", lambda row: decrypted.append(row.purpose) or load(row))
    for age in (ROOT_LIFETIME / 3, ROOT_LIFETIME / 2):
        publish_due(now=now + age)
        assert ("root" in decrypted) is (age == ROOT_LIFETIME / 2)


def test_a_list_is_signed_when_it_is_first_asked_for(kid: str) -> None:
    assert fresh_list(kid, now=clock.now()) is not None
    assert number(kid) == 1


def test_a_list_is_signed_again_at_half_of_its_time_and_not_before(kid: str) -> None:
    now = clock.now()
    publish_due(now=now)
    authorities = len(key_cache.authorities())
    assert [publish_due(now=now + age) for age in (29 * MINUTE, 30 * MINUTE, 31 * MINUTE)] == [0, authorities, 0]


def test_the_lifetime_of_a_list_is_a_setting(kid: str, settings: Any) -> None:
    settings.BAREMINT_CRL_SECONDS = 600
    crl = list_of()
    assert crl.next_update_utc is not None
    assert crl.next_update_utc - crl.last_update_utc == timedelta(seconds=600)


def test_a_list_from_the_future_is_signed_again_when_the_clock_was_turned_back(kid: str) -> None:
    publish_due(now=clock.now() + HOUR)
    list_of(now=clock.now())
    assert number(kid) == 2


def test_a_revocation_makes_a_new_list_at_once(
    kid: str, server: BareMetalServer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    certificate = issue(server)
    publish_due(now=clock.now())
    with django_capture_on_commit_callbacks(execute=True):
        take_back(certificate)
    assert number(kid) == 2
    der = bytes(RevocationList.objects.get(issuer__kid=kid).der)
    assert x509.load_der_x509_crl(der).get_revoked_certificate_by_serial_number(int(certificate.serial_number, 16))


def test_a_revocation_whose_list_was_never_signed_is_on_the_next_one_asked_for(server: BareMetalServer) -> None:
    """The process died between the two."""
    publish_due(now=clock.now())
    certificate = take_back(issue(server))
    assert listed() == {certificate.serial_number}


def test_a_list_includes_servers_that_no_sweep_has_looked_at(kid: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    switch_metadata_service(server, enabled=False, by=BY)
    assert listed() == {certificate.serial_number}


def test_an_unchanged_list_is_answered_as_it_is(kid: str) -> None:
    first, second = fresh_list(kid, now=clock.now()), fresh_list(kid, now=clock.now() + MINUTE)
    assert first is not None
    assert second is not None
    assert bytes(first.der) == bytes(second.der)


def test_numbers_grow_by_one(kid: str, server: BareMetalServer) -> None:
    numbers = []
    for _ in range(3):
        take_back(issue(server))
        numbers.append(list_of().extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    assert numbers == [1, 2, 3]


def test_a_certificate_knows_the_first_list_that_names_it(server: BareMetalServer) -> None:
    certificates = []
    for _ in range(2):
        certificates.append(take_back(issue(server)))
        list_of()
    assert [IssuedCertificate.objects.get(pk=each.pk).listed_in for each in certificates] == [1, 2]


def test_a_list_that_another_process_published_meanwhile_is_not_published_twice(kid: str) -> None:
    publish_due(now=clock.now())
    signer, published = key_cache.authorities()[kid], RevocationList.objects.get(issuer__kid=kid)
    arguments: dict[str, Any] = {"scheduled": False, "now": clock.now(), "lifetime": HOUR}
    assert revocation_lists._sign(signer, published, **arguments) is not None
    assert revocation_lists._sign(signer, published, **arguments) is None
    assert number(kid) == 2


def test_a_first_list_that_another_process_published_meanwhile_is_not_published_twice(kid: str) -> None:
    signer = key_cache.authorities()[kid]
    arguments: dict[str, Any] = {"scheduled": True, "now": clock.now(), "lifetime": HOUR}
    assert revocation_lists._sign(signer, None, **arguments) is not None
    assert revocation_lists._sign(signer, None, **arguments) is None


def test_each_authority_lists_its_own(kid: str, server: BareMetalServer) -> None:
    """A retiring authority keeps its key for this."""
    old = take_back(issue(server))
    rotate_now("intermediate", now=clock.now())
    young = key_cache.signer("intermediate")
    new = take_back(issue(server))
    assert (listed(kid), listed(young.kid)) == ({old.serial_number}, {new.serial_number})


def test_an_authority_that_signs_no_more_leaves_its_last_list(kid: str) -> None:
    publish_due(now=clock.now())
    KeyPair.objects.filter(kid=kid).update(state="retired", ciphertext=b"")
    key_cache.forget()
    crl_row = fresh_list(kid, now=clock.now() + 2 * HOUR)
    assert crl_row is not None
    assert crl_row.number == 1


def test_an_unknown_authority_has_no_list() -> None:
    assert fresh_list("intermediate_unknown", now=clock.now()) is None


# --- RFC 5280, section 5: an entry stays on one scheduled list beyond the end of its certificate ------------------


def test_an_expired_certificate_leaves_the_list_after_one_scheduled_list(server: BareMetalServer) -> None:
    now = clock.now()
    certificate = take_back(issue(server, lifetime=timedelta(seconds=300)))
    is_listed = [certificate.serial_number in listed(now=now + age * MINUTE) for age in (0, 31, 62, 93)]
    assert is_listed == [True, True, False, False]


def test_a_list_in_between_does_not_count_as_the_scheduled_one(server: BareMetalServer) -> None:
    now = clock.now()
    early = take_back(issue(server, lifetime=timedelta(seconds=300)))
    assert early.serial_number in listed(now=now)
    late = revoke(issue(server, now=now + 6 * MINUTE), reason="superseded", by=BY, now=now + 7 * MINUTE)
    for minutes in (8, 31):
        assert listed(now=now + minutes * MINUTE) >= {early.serial_number, late.serial_number}
    assert early.serial_number not in listed(now=now + 62 * MINUTE)


def test_a_certificate_that_expires_before_it_is_listed_is_listed_once(server: BareMetalServer) -> None:
    now = clock.now()
    listed(now=now)
    certificate = take_back(issue(server, lifetime=timedelta(seconds=300)))
    listed(now=now + 3 * HOUR)
    assert IssuedCertificate.objects.get(pk=certificate.pk).listed_in == 2
