"""OCSP: what is read out of a request, and what stands in an answer."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import (
    OCSPCertStatus,
    OCSPRequestBuilder,
    OCSPResponse,
    OCSPResponseStatus,
    load_der_ocsp_response,
)

from identity import ocsp
from identity.crl import Revoked
from identity.ocsp import LIFETIME, LONGEST_NONCE, CertificateStatus, Malformed, UnknownIssuer
from tests.build import make_issuer

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
ISSUER, OTHER = make_issuer(), make_issuer("Another CA")
SERIAL = 0x7F00FF
ALGORITHMS = (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
REVOKED = Revoked(SERIAL, NOW - timedelta(hours=1), "keyCompromise")


def ask(*, serial: int = SERIAL, algorithm: hashes.HashAlgorithm = ALGORITHMS[0], nonce: bytes | None = None) -> bytes:
    """A request as a client makes it."""
    builder = OCSPRequestBuilder().add_certificate_by_hash(*hashes_of_the_issuer(algorithm), serial, algorithm)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def hashes_of_the_issuer(algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Of its name and of its key, as the library makes them."""
    request = OCSPRequestBuilder().add_certificate(ISSUER.certificate, ISSUER.certificate, algorithm).build()
    return request.issuer_name_hash, request.issuer_key_hash


def answer(standing: CertificateStatus, request: bytes | None = None) -> OCSPResponse:
    question = ocsp.read(request or ask())
    return load_der_ocsp_response(
        ocsp.answer(question, standing, issuer=ISSUER.certificate, issuer_key=ISSUER.key, now=NOW)
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda each: each.name)
def test_a_question_is_about_its_issuer_by_whatever_hash(algorithm: hashes.HashAlgorithm) -> None:
    question = ocsp.read(ask(algorithm=algorithm))
    assert question.is_about(ISSUER.certificate)
    assert not question.is_about(OTHER.certificate)


def test_the_hashes_are_those_that_the_library_makes_from_certificates() -> None:
    request = OCSPRequestBuilder().add_certificate(ISSUER.certificate, ISSUER.certificate, hashes.SHA256()).build()
    question = ocsp.read(request.public_bytes(Encoding.DER))
    assert question.is_about(ISSUER.certificate)
    assert question.serial_number == ISSUER.certificate.serial_number


def test_the_key_alone_does_not_make_an_issuer() -> None:
    """Same key under another name, as after a certificate was renewed."""
    namesake = make_issuer("Another name", key=ISSUER.key)
    assert not ocsp.read(ask()).is_about(namesake.certificate)


@pytest.mark.parametrize("der", [b"", b"hello", b"\x30\x00", ask()[:-1], ask() + b"\0"], ids=range(5))
def test_what_is_no_request_is_malformed(der: bytes) -> None:
    # D-89
    with pytest.raises(Malformed):
        ocsp.read(der)


@pytest.mark.parametrize("bits", [0x01, 0x80, 0xFF])
def test_every_request_with_a_byte_changed_is_read_or_refused(bits: int) -> None:
    good = ask(nonce=b"n" * 16)
    ends = set()
    for position in range(len(good)):
        mutation = bytearray(good)
        mutation[position] ^= bits
        try:
            ocsp.answer(
                ocsp.read(bytes(mutation)),
                CertificateStatus(issued=False),
                issuer=ISSUER.certificate,
                issuer_key=ISSUER.key,
                now=NOW,
            )
            ends.add("read")
        except (Malformed, UnknownIssuer) as error:
            ends.add(type(error).__name__)
    assert ends == {"read", "Malformed", "UnknownIssuer"}


@pytest.mark.parametrize("nonce", [b"", b"n" * (LONGEST_NONCE + 1)], ids=["empty", "too-long"])
def test_a_nonce_of_a_wrong_length_is_malformed(nonce: bytes) -> None:
    with pytest.raises(Malformed):
        ocsp.read(ask(nonce=nonce))


@pytest.mark.parametrize("critical", [True, False])
def test_an_unknown_extension_is_refused_only_when_it_is_critical(critical: bool) -> None:
    name, key = hashes_of_the_issuer(hashes.SHA1())
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    builder = OCSPRequestBuilder().add_certificate_by_hash(name, key, SERIAL, hashes.SHA1())
    der = builder.add_extension(unknown, critical=critical).build().public_bytes(Encoding.DER)
    if critical:
        with pytest.raises(Malformed):
            ocsp.read(der)
    else:
        assert ocsp.read(der).serial_number == SERIAL


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        (CertificateStatus(issued=True), OCSPCertStatus.GOOD),
        (CertificateStatus(issued=True, revoked=REVOKED), OCSPCertStatus.REVOKED),
        (CertificateStatus(issued=False), OCSPCertStatus.UNKNOWN),
    ],
    ids=["good", "revoked", "unknown"],
)
def test_an_answer_says_how_a_certificate_stands(standing: CertificateStatus, status: OCSPCertStatus) -> None:
    assert answer(standing).certificate_status == status


def test_an_answer_is_about_the_certificate_that_was_asked_about() -> None:
    response = answer(CertificateStatus(issued=True), ask(serial=12345, algorithm=hashes.SHA256()))
    assert (response.serial_number, response.hash_algorithm.name) == (12345, "sha256")
    assert response.issuer_key_hash == ocsp.read(ask(algorithm=hashes.SHA256())).issuer_key_hash


def test_an_answer_says_when_and_why_a_certificate_was_revoked() -> None:
    response = answer(CertificateStatus(issued=True, revoked=REVOKED))
    assert (response.revocation_time_utc, response.revocation_reason) == (REVOKED.at, x509.ReasonFlags.key_compromise)


def test_an_unspecified_reason_is_left_out() -> None:
    assert answer(CertificateStatus(issued=True, revoked=Revoked(SERIAL, NOW, "unspecified"))).revocation_reason is None


def test_an_answer_is_good_for_minutes() -> None:
    response = answer(CertificateStatus(issued=True))
    assert (response.this_update_utc, response.next_update_utc) == (NOW, NOW + LIFETIME)


@pytest.mark.parametrize("length", [1, 32, LONGEST_NONCE])
def test_a_nonce_is_returned(length: int) -> None:
    response = answer(CertificateStatus(issued=True), ask(nonce=b"n" * length))
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * length


def test_without_a_nonce_none_is_returned() -> None:
    assert len(answer(CertificateStatus(issued=True)).extensions) == 0


def test_an_answer_is_signed_by_the_issuer_which_it_names_by_its_key() -> None:
    response = answer(CertificateStatus(issued=True))
    assert response.signature_hash_algorithm is not None
    ISSUER.key.public_key().verify(
        response.signature, response.tbs_response_bytes, padding.PKCS1v15(), response.signature_hash_algorithm
    )
    key = ISSUER.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert response.responder_key_hash == key


def test_a_refusal_is_nothing_but_its_status() -> None:
    response = load_der_ocsp_response(ocsp.refusal(OCSPResponseStatus.UNAUTHORIZED))
    assert response.response_status == OCSPResponseStatus.UNAUTHORIZED
