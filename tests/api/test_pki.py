"""``/pki``: what verifiers fetch over HTTP, and how it may be cached."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from cryptography.x509.oid import AuthorityInformationAccessOID
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.events import REVOCATION_LIST_READ
from identity.key_schedule import BUNDLE_MAX_AGE
from identity.models import IssuedCertificate, KeyPair
from identity.services import key_rotation
from identity.services.revocation import revoke
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.api.calling import refusal
from tests.build import make_issuer
from tests.certified import issue, issue_before, parsed
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

BY = Party("IBMid-ALICE00001", "Alice", "User")
SHA1 = hashes.SHA1()
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def certificate(server: BareMetalServer) -> IssuedCertificate:
    return issue(server)


@pytest.fixture
def issuer(certificate: IssuedCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.issuer.certificate.encode())


def question(certificate: IssuedCertificate, issuer: x509.Certificate, *, serial: int = 0) -> bytes:
    request = ocsp.OCSPRequestBuilder().add_certificate(parsed(certificate), issuer, SHA1).build()
    if serial:
        by_hash = ocsp.OCSPRequestBuilder()
        request = by_hash.add_certificate_by_hash(
            request.issuer_name_hash, request.issuer_key_hash, serial, SHA1
        ).build()
    return request.public_bytes(Encoding.DER)


def post(client: Client, der: bytes) -> Any:
    return client.post("/pki/ocsp", der, content_type="application/ocsp-request")


def read(answer: Any) -> ocsp.OCSPResponse:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(answer.content)


# --- certificates of authorities --------------------------------------------------------------------------------


def test_the_bundle_holds_the_roots(client: Client) -> None:
    answer = client.get("/pki/ca-bundle.pem")
    roots = x509.load_pem_x509_certificates(answer.content)
    published = KeyPair.objects.filter(purpose="root", state__in=["active", "prepared"])
    assert {root.public_bytes(Encoding.PEM).decode() for root in roots} == {key.certificate for key in published}
    assert answer["Content-Type"] == "application/x-pem-file"


@pytest.mark.parametrize(
    ("path", "purpose"), [("/pki/ca-bundle.pem", "root"), ("/pki/intermediates.pem", "intermediate")]
)
def test_the_authority_that_will_sign_next_is_published_before_it_does(client: Client, path: str, purpose: str) -> None:
    key_rotation.run_due_steps(now=clock.now())
    successor = KeyPair.objects.get(purpose=purpose, state="prepared")
    answer = client.get(path)
    assert successor.certificate in answer.content.decode()
    assert answer["Cache-Control"] == f"public, max-age={int(BUNDLE_MAX_AGE.total_seconds())}"


@pytest.mark.parametrize("purpose", ["root", "intermediate"])
def test_an_authoritys_certificate_is_der(client: Client, purpose: str) -> None:
    key = KeyPair.objects.get(purpose=purpose, state="active")
    answer = client.get(f"/pki/{key.kid}.cer")
    actual_certificate = x509.load_der_x509_certificate(answer.content)
    assert actual_certificate.public_bytes(Encoding.PEM).decode() == key.certificate
    assert answer["Content-Type"] == "application/pkix-cert"


def test_the_key_of_tokens_is_no_authority(client: Client) -> None:
    kid = KeyPair.objects.get(purpose="iam", state="active").kid
    assert refusal(client.get(f"/pki/{kid}.cer")) == (404, "not_found")


@pytest.mark.parametrize("name", ["unknown.cer", "unknown.crl"])
def test_an_authority_that_is_not_there_is_not_found(client: Client, name: str) -> None:
    assert refusal(client.get(f"/pki/{name}")) == (404, "not_found")


def test_a_certificate_leads_to_its_issuer(client: Client, certificate: IssuedCertificate) -> None:
    access = parsed(certificate).extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    [url] = [
        each.access_location.value for each in access if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    ]
    actual_certificate = x509.load_der_x509_certificate(client.get(url.removeprefix(ORIGIN)).content)
    parsed(certificate).verify_directly_issued_by(actual_certificate)


# --- revocation lists -------------------------------------------------------------------------------------------


@pytest.fixture
def list_path(certificate: IssuedCertificate) -> str:
    """As the certificate says."""
    [point] = parsed(certificate).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    return str(point.full_name[0].value).removeprefix(ORIGIN)


def test_a_list_is_der_and_signed_by_the_issuer(client: Client, list_path: str, issuer: x509.Certificate) -> None:
    answer = client.get(list_path)
    crl = x509.load_der_x509_crl(answer.content)
    assert answer["Content-Type"] == "application/pkix-crl"
    assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def test_a_list_may_be_kept_for_a_minute(client: Client, list_path: str) -> None:
    assert client.get(list_path)["Cache-Control"] == "public, max-age=60"


def test_a_list_says_when_it_was_signed_and_how_long_it_is_good(client: Client, list_path: str) -> None:
    answer = client.get(list_path)
    assert answer["Last-Modified"].endswith("GMT")
    assert answer["Expires"].endswith("GMT")


def test_an_unchanged_list_is_not_sent_twice(client: Client, list_path: str) -> None:
    tag = client.get(list_path)["ETag"]
    again = client.get(list_path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_list_is_sent(client: Client, list_path: str, certificate: IssuedCertificate) -> None:
    tag = client.get(list_path)["ETag"]
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    assert client.get(list_path, headers={"If-None-Match": tag}).status_code == 200


def test_a_list_names_what_was_revoked_a_moment_ago(
    client: Client, list_path: str, certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    """No tick came in between."""
    client.get(list_path)
    switch_metadata_service(server, enabled=False, by=BY)
    crl = x509.load_der_x509_crl(client.get(list_path).content)
    assert crl.get_revoked_certificate_by_serial_number(parsed(certificate).serial_number) is not None


def test_a_list_is_asked_for_with_head_as_with_get(client: Client, list_path: str) -> None:
    assert client.head(list_path)["Content-Type"] == "application/pkix-crl"


# --- OCSP -------------------------------------------------------------------------------------------------------


def test_only_the_first_request_for_a_revocation_list_leaves_an_event(
    client: Client, list_path: str, certificate: IssuedCertificate
) -> None:
    # D-120
    for _ in range(3):
        client.get(list_path)
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    for _ in range(3):
        client.get(list_path)
    events = ActivityEvent.objects.filter(action=REVOCATION_LIST_READ, target_id=certificate.issuer.kid).order_by("pk")
    assert [event.data for event in events] == [{"number": 1}, {"number": 2}]


def test_a_good_certificate_is_good(client: Client, certificate: IssuedCertificate, issuer: x509.Certificate) -> None:
    assert read(post(client, question(certificate, issuer))).certificate_status == OCSPCertStatus.GOOD


def test_a_revoked_certificate_is_revoked(
    client: Client, certificate: IssuedCertificate, issuer: x509.Certificate
) -> None:
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    assert read(post(client, question(certificate, issuer))).certificate_status == OCSPCertStatus.REVOKED


def test_a_certificate_of_a_server_whose_service_was_switched_off_a_moment_ago_is_revoked(
    client: Client, certificate: IssuedCertificate, issuer: x509.Certificate, server: BareMetalServer
) -> None:
    switch_metadata_service(server, enabled=False, by=BY)
    answer = read(post(client, question(certificate, issuer)))
    assert (answer.certificate_status, answer.revocation_reason) == (
        OCSPCertStatus.REVOKED,
        x509.ReasonFlags.privilege_withdrawn,
    )


@pytest.mark.parametrize("serial", [1, 2**159 + 1, 2**400], ids=["small", "never-issued", "too-large"])
def test_a_certificate_that_was_never_issued_is_unknown(
    client: Client, certificate: IssuedCertificate, issuer: x509.Certificate, serial: int
) -> None:
    answer = read(post(client, question(certificate, issuer, serial=serial)))
    assert answer.certificate_status == OCSPCertStatus.UNKNOWN


def test_an_expired_certificate_stands_as_it_stood(
    client: Client, server: BareMetalServer, issuer: x509.Certificate
) -> None:
    old = issue_before(server, timedelta(hours=2))
    assert read(post(client, question(old, issuer))).certificate_status == OCSPCertStatus.GOOD


def test_a_question_about_a_certificate_of_another_authority_is_unauthorized(client: Client) -> None:
    foreign = make_issuer().certificate
    request = ocsp.OCSPRequestBuilder().add_certificate(foreign, foreign, SHA1).build()
    answer = read(post(client, request.public_bytes(Encoding.DER)))
    assert answer.response_status == OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("der", [b"", b"hello", b"\x30\x00", b"0" * 5000], ids=["empty", "text", "shell", "long"])
def test_what_is_no_request_is_malformed(client: Client, der: bytes) -> None:
    assert read(post(client, der)).response_status == OCSPResponseStatus.MALFORMED_REQUEST


def test_a_posted_question_is_not_cached(
    client: Client, certificate: IssuedCertificate, issuer: x509.Certificate
) -> None:
    assert post(client, question(certificate, issuer))["Cache-Control"] == "no-store"


def by_get(client: Client, der: bytes) -> Any:
    return client.get(f"/pki/ocsp/{quote(base64.b64encode(der).decode(), safe='')}")


def test_a_question_may_be_a_path(client: Client, certificate: IssuedCertificate, issuer: x509.Certificate) -> None:
    answer = by_get(client, question(certificate, issuer))
    assert read(answer).certificate_status == OCSPCertStatus.GOOD
    assert answer["Cache-Control"] == "public, no-transform, must-revalidate, max-age=60"


def test_a_path_may_have_two_slashes_in_a_row(
    client: Client, certificate: IssuedCertificate, issuer: x509.Certificate
) -> None:
    """Everywhere else they are one."""
    serial = next(
        serial
        for serial in range(2**152, 2**152 + 2**24)
        if b"//" in base64.b64encode(question(certificate, issuer, serial=serial * 0x1FFF | 0xFFFFFF))
    )
    der = question(certificate, issuer, serial=serial * 0x1FFF | 0xFFFFFF)
    answer = read(by_get(client, der))
    assert answer.serial_number == serial * 0x1FFF | 0xFFFFFF


@pytest.mark.parametrize("path", ["not-base64!", "aGVsbG8=", "%FF%FE", "A" * 9000], ids=range(4))
def test_a_path_that_is_no_question_is_malformed(client: Client, path: str) -> None:
    answer = client.get(f"/pki/ocsp/{path}")
    assert read(answer).response_status == OCSPResponseStatus.MALFORMED_REQUEST
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path"), [("get", "/pki/ocsp"), ("post", "/pki/ocsp/AA"), ("put", "/pki/x.crl")])
def test_another_method_is_refused(client: Client, method: str, path: str) -> None:
    assert getattr(client, method)(path).status_code == 405
