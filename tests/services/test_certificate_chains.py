"""What other implementations say of our chains, lists and answers: OpenSSL, and a linter of the standards."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import IssuedCertificate, KeyPair
from identity.services.certificate_status import respond
from identity.services.revocation import revoke
from identity.services.revocation_lists import fresh_list, publish_due
from servers.models import BareMetalServer
from tests.build import EC_KEY, make_issuer
from tests.certified import command, issue, verify, write_chain
from tests.world import World, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]

BY = Party("IBMid-ALICE00001", "Alice", "User")
Ask = Callable[[], str]


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def certificate(server: BareMetalServer, tmp_path: Path) -> IssuedCertificate:
    """A certificate whose chain is in files."""
    certificate = issue(server)
    write_chain(tmp_path, certificate)
    return certificate


def take_back(certificate: IssuedCertificate, folder: Path) -> None:
    revoke(certificate, reason="keyCompromise", by=BY, now=clock.now())
    write_chain(folder, certificate)


@pytest.fixture
def ask(certificate: IssuedCertificate, tmp_path: Path) -> Ask:
    """What ``openssl ocsp`` understands of our answer to its question."""

    def run() -> str:
        chain = ("-issuer", "intermediate.pem", "-cert", "leaf.pem")
        process = command(tmp_path, "openssl", "ocsp", *chain, "-reqout", "question.der")
        assert process.returncode == 0, process.stderr
        answer = respond((tmp_path / "question.der").read_bytes(), now=clock.now())
        (tmp_path / "answer.der").write_bytes(answer.der)
        trust = ("-CAfile", "root.pem", "-verify_other", "intermediate.pem")
        understood = command(tmp_path, "openssl", "ocsp", "-no_nonce", *chain, *trust, "-respin", "answer.der")
        assert "Response verify OK" in understood.stderr, understood.stderr
        return understood.stdout

    return run


# --- OpenSSL ----------------------------------------------------------------------------------------------------


def test_openssl_verifies_a_chain_with_its_revocation_list(certificate: IssuedCertificate, tmp_path: Path) -> None:
    assert verify(tmp_path, "-crl_check").stdout == "leaf.pem: OK\n"


def test_openssl_refuses_a_revoked_certificate(certificate: IssuedCertificate, tmp_path: Path) -> None:
    take_back(certificate, tmp_path)
    process = verify(tmp_path, "-crl_check")
    assert (process.returncode, "certificate revoked" in process.stderr) == (2, True)


def test_openssl_verifies_the_lists_of_the_whole_chain(certificate: IssuedCertificate, tmp_path: Path) -> None:
    publish_due(now=clock.now())
    root = KeyPair.objects.get(purpose="root", state="active")
    (tmp_path / "root.crl").write_bytes(bytes(root.revocation_list.der))
    converted = command(tmp_path, "openssl", "crl", "-inform", "DER", "-in", "root.crl")
    (tmp_path / "list.pem").write_text((tmp_path / "list.pem").read_text() + converted.stdout)
    assert verify(tmp_path, "-crl_check_all").stdout == "leaf.pem: OK\n"


@pytest.mark.parametrize("purpose", ["sslclient", "sslserver"])
def test_openssl_takes_a_certificate_for(purpose: str, certificate: IssuedCertificate, tmp_path: Path) -> None:
    assert verify(tmp_path, "-purpose", purpose).returncode == 0


def test_openssl_understands_that_a_certificate_is_good(ask: Ask) -> None:
    assert "leaf.pem: good" in ask()


def test_openssl_understands_that_a_certificate_is_revoked_and_why(
    ask: Ask, certificate: IssuedCertificate, tmp_path: Path
) -> None:
    take_back(certificate, tmp_path)
    output = ask()
    assert "leaf.pem: revoked" in output
    assert "Reason: keyCompromise" in output


def test_openssl_understands_that_a_certificate_is_unknown(ask: Ask, certificate: IssuedCertificate) -> None:
    IssuedCertificate.objects.all().delete()
    assert "leaf.pem: unknown" in ask()


def test_openssl_finds_its_nonce_in_the_answer(ask: Ask, tmp_path: Path) -> None:
    ask()
    output = command(tmp_path, "openssl", "ocsp", "-respin", "answer.der", "-resp_text", "-noverify").stdout
    assert "OCSP Nonce" in output


# --- The linter -------------------------------------------------------------------------------------------------


def lint(folder: Path, linter: str, *words: str) -> str:
    """Its findings, warnings among them."""
    process = command(folder, linter, "lint", "-s", "WARNING", *words)
    return (process.stdout + process.stderr).strip()


@pytest.mark.parametrize(
    "key",
    [EC_KEY, ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-256", "P-384", "RSA"],
)
def test_the_linter_finds_nothing_in_a_leaf(server: BareMetalServer, key: object, tmp_path: Path) -> None:
    # D-01
    write_chain(tmp_path, issue(server, key=key))
    assert lint(tmp_path, "lint_pkix_cert", "leaf.pem") == ""


@pytest.mark.parametrize("name", ["intermediate", "root"])
def test_the_linter_finds_nothing_in_an_authority(name: str, certificate: IssuedCertificate, tmp_path: Path) -> None:
    assert lint(tmp_path, "lint_pkix_cert", f"{name}.pem") == ""


@pytest.mark.parametrize(("issuer", "subject"), [("root", "intermediate"), ("intermediate", "leaf")])
def test_the_linter_finds_nothing_between(
    issuer: str, subject: str, certificate: IssuedCertificate, tmp_path: Path
) -> None:
    assert lint(tmp_path, "lint_pkix_signer_signee_cert_chain", f"{issuer}.pem", f"{subject}.pem") == ""


@pytest.mark.parametrize("revoked", [False, True], ids=["empty", "with-an-entry"])
def test_the_linter_finds_nothing_in_a_revocation_list(
    revoked: bool, certificate: IssuedCertificate, tmp_path: Path
) -> None:
    if revoked:
        take_back(certificate, tmp_path)
    assert lint(tmp_path, "lint_crl", "-t", "CRL", "-p", "PKIX", "list.pem") == ""


def test_the_linter_finds_nothing_in_the_list_of_the_root(certificate: IssuedCertificate, tmp_path: Path) -> None:
    publish_due(now=clock.now())
    published = fresh_list(KeyPair.objects.get(purpose="root", state="active").kid, now=clock.now())
    assert published is not None
    (tmp_path / "root.crl").write_bytes(bytes(published.der))
    assert lint(tmp_path, "lint_crl", "-t", "ARL", "-p", "PKIX", "root.crl") == ""


@pytest.mark.parametrize("revoked", [False, True], ids=["good", "revoked"])
def test_the_linter_finds_nothing_in_an_answer(
    revoked: bool, ask: Ask, certificate: IssuedCertificate, tmp_path: Path
) -> None:
    if revoked:
        take_back(certificate, tmp_path)
    ask()
    assert lint(tmp_path, "lint_ocsp_response", "answer.der") == ""


def test_the_linter_does_find_what_is_wrong(tmp_path: Path) -> None:
    """A certificate with no usage and no constraints, for an authority."""
    (tmp_path / "careless.pem").write_bytes(make_issuer().certificate.public_bytes(Encoding.PEM))
    assert "(ERROR)" in lint(tmp_path, "lint_pkix_signer_signee_cert_chain", "careless.pem", "careless.pem")


def test_a_leaf_says_where_its_revocation_is_told(certificate: IssuedCertificate, tmp_path: Path) -> None:
    output = command(tmp_path, "openssl", "x509", "-in", "leaf.pem", "-noout", "-text").stdout
    kid = certificate.issuer.kid
    for phrase in (
        f"URI:http://127.0.0.1:8000/pki/{kid}.crl",
        "OCSP - URI:http://127.0.0.1:8000/pki/ocsp",
        f"CA Issuers - URI:http://127.0.0.1:8000/pki/{kid}.cer",
    ):
        assert phrase in output


def test_a_published_list_is_der(certificate: IssuedCertificate) -> None:
    published = fresh_list(certificate.issuer.kid, now=clock.now())
    assert published is not None
    assert x509.load_der_x509_crl(bytes(published.der)).public_bytes(Encoding.DER) == bytes(published.der)
