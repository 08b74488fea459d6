"""The same over TLS: a handshake is a thing that may begin and not end, too."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from controlplane.runtime.http.tls_handshake import AT_ONCE
from tests.operations.serving_http import GET, HALF, LINE, QUICK, SLOW, Client, Echo, Wire, serving

pytestmark = pytest.mark.thorough

TOO_LONG_A_BODY = LINE + b"Content-Length: 100000000\r\n\r\n"
TOO_LONG_A_HEAD = LINE + b"X: " + b"a" * 70_000


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
    tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_context.load_cert_chain(file)
    return tls_context


def shake_hands(wire: Wire) -> Client:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return Client(trusting.wrap_socket(socket.create_connection(("127.0.0.1", wire.port), timeout=10)))


def test_handshakes_that_do_not_end_delay_no_other_client_and_leave_nothing(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, threads=1) as wire:
        clients = [wire.connect() for _ in range(30)]
        for client, greeting in zip(clients, [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", GET] * 10, strict=True):
            client.send(greeting)
        with shake_hands(wire) as good:
            good.send(GET)
            assert good.answer().status == 200
        assert [client.is_closed(within=QUICK.head_seconds * 4) for client in clients] == [True] * 30
        time.sleep(0.2)
        assert len(wire.service.connections) == 0
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
        assert len(wire.service.connections) == 0


def test_what_is_malformed_over_tls_is_refused_and_closed_at_once(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, limits=SLOW) as wire, shake_hands(wire) as client:
        client.send(GET.replace(b"\r", b""))
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert client.is_closed(within=SLOW.linger_seconds / 2)


@pytest.mark.parametrize(
    ("begin", "is_tls"),
    [(TOO_LONG_A_BODY, False), (TOO_LONG_A_BODY, True), (TOO_LONG_A_HEAD, True)],
    ids=["body-plain", "body-tls", "head-tls"],
)
def test_who_reads_no_answer_before_all_is_sent_gets_it(context: ssl.SSLContext, begin: bytes, is_tls: bool) -> None:
    """As browsers do, whose forms take longer than the service waits for a client that is silent."""
    limits = replace(QUICK, linger_seconds=0.1)
    with serving(Echo(), context=context if is_tls else None, limits=limits) as wire:
        client = shake_hands(wire) if is_tls else wire.connect()
        client.send(begin)
        for _ in range(16 if is_tls else 32):  # a deadline may be noticed a second late
            client.send(b"a" * 50_000)
            time.sleep(0.05)
        assert client.answer().headers["connection"] == "close"
        client.__exit__()


def test_who_sends_on_and_on_is_ended(context: ssl.SSLContext) -> None:
    limits = replace(SLOW, linger_size=10_000_000)
    with serving(Echo(), context=context, limits=limits) as wire, shake_hands(wire) as client:
        client.send(TOO_LONG_A_BODY)
        total = 0
        with suppress(OSError):  # which ssl.SSLError is
            while total < 10 * limits.linger_size:
                client.send(b"a" * 100_000)
                total += 100_000
        assert total < 10 * limits.linger_size


def test_a_connection_over_tls_is_kept(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context) as wire, shake_hands(wire) as client:
        for _ in range(3):
            client.send(GET)
            assert client.answer().status == 200


HELLO_HEADER = 5


def hello() -> tuple[bytes, Callable[[Client], None]]:
    """A ClientHello, and what finishes its handshake with a client that has sent it."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    shaking = trusting.wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        shaking.do_handshake()

    def finish(client: Client) -> None:
        while True:
            received = client.socket.recv(65536)
            assert received, "the server has ended the connection"
            incoming.write(received)
            try:
                return shaking.do_handshake()
            except ssl.SSLWantReadError:
                continue

    return outgoing.read(), finish


def in_two_records(said: bytes) -> bytes:
    version, body = said[:3], said[HELLO_HEADER:]
    return b"".join(version + len(part).to_bytes(2, "big") + part for part in (body[:50], body[50:]))


def test_a_client_hello_may_come_byte_by_byte(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, limits=SLOW) as wire, wire.connect() as client:
        greeting, finish = hello()
        for number in range(len(greeting)):
            client.send(greeting[number : number + 1])
        finish(client)


def test_a_client_hello_may_come_in_two_records(context: ssl.SSLContext) -> None:
    with serving(Echo(), context=context, limits=SLOW) as wire, wire.connect() as client:
        greeting, finish = hello()
        client.send(in_two_records(greeting))
        finish(client)


def test_handshakes_are_computed_in_turn_by_server(context: ssl.SSLContext) -> None:
    """Whatever one server has begun at once, another one's comes next."""
    connections, go_on = [], Event()

    def when_allowed(accepted: socket.socket) -> ssl.SSLContext:
        connections.append(accepted.getpeername()[0])
        go_on.wait(10)
        return context

    def share(accepted: socket.socket) -> str:
        return str(accepted.getpeername()[0])

    with serving(Echo(), context=when_allowed, share=share, limits=SLOW) as wire:
        one, other = [wire.connect("127.0.0.2") for _ in range(50)], wire.connect("127.0.0.3")
        hellos = [(client, *hello()) for client in [*one, other]]
        for client, greeting, _ in hellos:
            client.send(greeting)
        time.sleep(0.3)
        go_on.set()
        for client, _, finish in hellos:
            finish(client)
            client.__exit__()
    assert connections.index("127.0.0.3") <= AT_ONCE + 1
    assert len(connections) == 51


def test_a_handshake_that_has_not_begun_takes_no_turn(context: ssl.SSLContext) -> None:
    connections = []

    def context_of(accepted: socket.socket) -> ssl.SSLContext:
        connections.append(accepted)
        return context

    with serving(Echo(), context=context_of, limits=SLOW) as wire:
        half = [wire.connect() for _ in range(20)]
        for client in half:
            client.send(hello()[0][:100])
        with shake_hands(wire):
            assert len(connections) == 1
        for client in half:
            client.__exit__()


def test_a_service_stops_in_the_middle_of_handshakes_and_leaves_nothing_open(context: ssl.SSLContext) -> None:
    """What it left open would be a ResourceWarning, which fails a test."""
    with serving(Echo(), context=context, limits=SLOW) as wire:
        clients = [wire.connect() for _ in range(10)]
        for client in clients:
            client.send(hello()[0])
            assert client.socket.recv(1), "the service has begun to answer"
    assert [client.is_closed() or bool(client.everything()) for client in clients] == [True] * 10
    for client in clients:
        client.__exit__()
