"""Certificates of TLS endpoints: a real TLS client, which trusts the CA bundle alone, accepts them."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from controlplane.kernel import clock
from identity.models import KeyPair
from identity.selectors import trusted_roots
from identity.services import key_rotation
from identity.services.endpoint_certificates import chain_version, endpoint_chain

pytestmark = pytest.mark.usefixtures("keys")

NAME, ADDRESS = "api.metadata.cloud.ibm.com", "127.64.0.7"


def handshake(tmp_path: Path, *, now: datetime, host: str) -> str:
    """The protocol that a client and a server of this chain agree on. Raises SSLError when the client refuses."""
    chain, key = endpoint_chain([NAME], [ADDRESS], now)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    (tmp_path / "pair.pem").write_text(chain + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "pair.pem")
    client = ssl.create_default_context(cadata=trusted_roots())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()

    def serve() -> None:
        with far, suppress(ssl.SSLError, OSError):  # when the client refuses, it says why
            server.wrap_socket(far, server_side=True).close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with near, client.wrap_socket(near, server_hostname=host) as secured:
            return str(secured.version())
    finally:
        thread.join()


@pytest.mark.parametrize("host", [NAME, ADDRESS])
def test_a_client_that_trusts_the_bundle_accepts_the_endpoint_under(tmp_path: Path, host: str) -> None:
    assert handshake(tmp_path, now=clock.now(), host=host) == "TLSv1.3"


def test_a_client_refuses_an_address_that_was_not_certified(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        handshake(tmp_path, now=clock.now(), host="127.64.0.8")


@pytest.mark.parametrize("offset", [timedelta(days=-40), timedelta(days=400)], ids=["behind", "ahead"])
def test_a_client_with_the_real_clock_accepts_what_was_made_while_the_domains_was(
    tmp_path: Path, offset: timedelta
) -> None:
    for _ in range(2):
        key_rotation.run_due_steps(now=clock.now() + offset)
    assert handshake(tmp_path, now=clock.now() + offset, host=NAME) == "TLSv1.3"


def test_an_endpoint_certificate_is_valid_for_its_lifetime_by_both_clocks() -> None:
    # D-83
    ahead = clock.now() + timedelta(days=2)
    chain, _ = endpoint_chain([NAME], [], ahead)
    certificate = x509.load_pem_x509_certificate(chain.encode())
    assert certificate.not_valid_before_utc <= datetime.now(UTC) - timedelta(seconds=59)
    assert certificate.not_valid_after_utc == ahead.replace(microsecond=0) + timedelta(hours=24)


def test_an_endpoint_certificate_does_not_outlive_its_issuer() -> None:
    issuer = KeyPair.objects.get(purpose="intermediate", state="active")
    assert issuer.expires_at is not None
    chain, _ = endpoint_chain([NAME], [], issuer.expires_at - timedelta(hours=1))
    assert x509.load_pem_x509_certificate(chain.encode()).not_valid_after_utc == issuer.expires_at


def test_an_endpoint_without_any_name_is_refused() -> None:
    with pytest.raises(ValueError, match="DNS name or an address"):
        endpoint_chain([], [], clock.now())


@pytest.mark.parametrize("purpose", ["tls", "intermediate"])
def test_chains_are_replaced_after_a_rotation_of(purpose: str) -> None:
    before = chain_version()
    key_rotation.rotate_now(purpose, now=clock.now())
    assert chain_version() != before


def test_chains_are_replaced_by_the_real_clock_while_the_deployments_clock_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before: Any = chain_version()
    later = datetime.now(UTC) + timedelta(hours=16)
    monkeypatch.setattr(clock, "wall_clock", lambda: later)
    assert chain_version() != before
