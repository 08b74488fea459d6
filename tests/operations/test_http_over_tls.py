"""The same over TLS: a handshake is a thing that may begin and not end, too."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.operations.serving_http import GET, HALF, QUICK, SLOW, Client, Echo, Wire, serving


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


def shake_hands(wire: Wire) -> Client:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return Client(trusting.wrap_socket(socket.create_connection(("127.0.0.1", wire.port), timeout=10)))


def test_handshakes_that_do_not_end_keep_nobody_waiting_and_leave_nothing(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, threads=1) as wire:
        clients = [wire.connect() for _ in range(30)]
        for client, said in zip(clients, [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", GET] * 10, strict=True):
            client.send(said)
        with shake_hands(wire) as good:
            good.send(GET)
            assert good.answer().status == 200
        assert [client.is_closed(within=QUICK.head_seconds * 4) for client in clients] == [True] * 30
        time.sleep(0.2)
        assert len(wire.service.crowd) == 0
        for client in clients:
            client.__exit__()


def test_half_requests_over_tls_leave_nothing(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context) as wire:
        clients = [shake_hands(wire) for _ in HALF]
        for client, half in zip(clients, HALF.values(), strict=True):
            client.send(half)
        time.sleep(QUICK.head_seconds + QUICK.linger_seconds + 0.5)
        for client in clients:
            client.__exit__()
        time.sleep(0.2)
        assert len(wire.service.crowd) == 0


def test_what_is_malformed_over_tls_is_refused_and_closed_at_once(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, limits=SLOW) as wire, shake_hands(wire) as client:
        client.send(GET.replace(b"\r", b""))
        assert client.answer().status == 400
        assert client.is_closed(within=0.5)


def test_a_connection_over_tls_is_kept(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context) as wire, shake_hands(wire) as client:
        for _ in range(3):
            client.send(GET)
            assert client.answer().status == 200
