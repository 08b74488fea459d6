"""Revocation lists: what stands in them, and when it is time for the next."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from identity import crl
from identity.crl import REASONS, Revoked
from tests.build import make_issuer

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ISSUER = make_issuer()


def build(*revoked: Revoked, number: int = 7) -> x509.CertificateRevocationList:
    return crl.build_list(
        revoked, number=number, issuer=ISSUER.certificate, issuer_key=ISSUER.key, now=NOW, lifetime=HOUR
    )


def test_an_empty_list_is_a_list() -> None:
    assert len(build()) == 0


def test_a_list_is_signed_by_its_issuer() -> None:
    assert build().is_signature_valid(ISSUER.key.public_key())


def test_a_list_says_from_when_and_until_when_it_is_good() -> None:
    assert (build().last_update_utc, build().next_update_utc) == (NOW, NOW + HOUR)


def test_a_list_carries_its_number_and_the_key_that_signed_it() -> None:
    extensions = build(number=7).extensions
    key = ISSUER.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == key


def test_an_entry_has_serial_number_and_instant() -> None:
    entry = build(Revoked(0xABC, NOW - HOUR, "superseded")).get_revoked_certificate_by_serial_number(0xABC)
    assert entry is not None
    assert entry.revocation_date_utc == NOW - HOUR


@pytest.mark.parametrize("reason", [each for each in REASONS if each != "unspecified"])
def test_an_entry_has_its_reason(reason: crl.Reason) -> None:
    [entry] = build(Revoked(1, NOW, reason))
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value == reason


def test_an_unspecified_reason_is_left_out() -> None:
    [entry] = build(Revoked(1, NOW, "unspecified"))
    assert len(entry.extensions) == 0


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (NOW, False),
        (NOW + HOUR / 2 - timedelta(seconds=1), False),
        (NOW + HOUR / 2, True),
        (NOW + 2 * HOUR, True),
        (NOW - timedelta(seconds=1), True),
    ],
    ids=["new", "before-half", "half", "over", "from-the-future"],
)
def test_the_next_list_is_due(at: datetime, due: bool) -> None:
    assert crl.is_due(NOW, NOW + HOUR, now=at) is due
