"""What no client can take from the others: threads, connections, memory. And when a refusal need not wait."""

import resource
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from controlplane.operations.http.crowd import FOREVER, Crowd
from controlplane.operations.http.limits import Limits
from controlplane.operations.http.threads import Threads
from tests.operations.serving_http import QUICK, Client, Echo, Wire, serving

GET = b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"
HALF = {
    "nothing": b"",
    "half a head": b"POST /a HTTP/1.1\r\nHost: here\r\n",
    "half a body": b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n",
    "half a chunk": b"POST /a HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
}
POST = HALF["half a body"]
SLOW = Limits()


# --- Threads


@pytest.mark.parametrize("half", HALF.values(), ids=HALF.keys())
def test_no_thread_waits_for_a_client(half: bytes) -> None:
    with serving(Echo(), limits=SLOW, threads=1) as wire:
        clients = [wire.connect() for _ in range(50)]
        for client in clients:
            client.send(half)
        time.sleep(0.3)
        assert wire.ask(GET).status == 200
        for client in clients:
            client.__exit__()


def test_no_thread_waits_for_a_client_that_does_not_read() -> None:
    with serving(Echo(answer=b"a" * 5_000_000), limits=SLOW, threads=1) as wire:
        clients = [wire.connect() for _ in range(5)]
        for client in clients:
            client.send(GET)
        with wire.connect() as good:
            good.send(GET)
            assert len(good.answer().body) == 5_000_000
        for client in clients:
            client.__exit__()


def test_no_thread_waits_for_time() -> None:
    class Later(list[bytes]):
        answered_after = 0.5

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return Later([b"late"]) if environ["PATH_INFO"] == "/late" else [b"now"]

    with serving(application, threads=1) as wire, wire.connect() as late:
        begun = time.monotonic()
        late.send(GET.replace(b"/a", b"/late"))
        assert wire.ask(GET).body == b"now"
        assert time.monotonic() - begun < 0.4
        assert late.answer().body == b"late"
        assert time.monotonic() - begun >= 0.5


def test_servers_are_served_in_turn() -> None:
    threads, done, runs, may_go_on, all_done = Threads(1), "", Event(), Event(), Event()

    def first() -> None:
        runs.set()
        may_go_on.wait(5)

    def work(name: str) -> None:
        nonlocal done
        done += name
        if len(done) == 6:
            all_done.set()

    threads.submit("a", first)
    assert runs.wait(5)
    for share in "aaabbc":
        threads.submit(share, lambda share=share: work(share))  # type: ignore[misc]
    may_go_on.set()
    assert all_done.wait(5)
    assert done == "abcaba"
    threads.stop()


def test_a_request_whose_client_has_gone_is_not_worked_on() -> None:
    echo = Echo(waits=Event())
    with serving(echo, threads=1) as wire:
        with wire.connect() as busy, wire.connect() as gone:
            busy.send(GET)
            time.sleep(0.1)
            gone.send(GET.replace(b"/a", b"/gone"))
            gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # so that it is reset
            time.sleep(0.1)
            gone.__exit__()
            time.sleep(0.1)
            assert echo.waits
            echo.waits.set()
            assert busy.answer().status == 200
        wire.ask(GET)
    assert [seen["PATH_INFO"] for seen in echo.seen] == ["/a", "/a"]


def test_a_request_that_waits_too_long_for_a_thread_is_told_to_come_again() -> None:
    echo = Echo(waits=Event())
    limits = replace(QUICK, request_seconds=0.3)
    with serving(echo, limits=limits, threads=1) as wire, wire.connect() as busy, wire.connect() as late:
        busy.send(GET)
        time.sleep(0.1)
        late.send(GET)
        time.sleep(0.5)
        assert echo.waits
        echo.waits.set()
        assert (busy.answer().status, late.answer().status) == (200, 503)
    assert len(echo.seen) == 1


# --- Refusals that need no body


@pytest.mark.parametrize("half", [POST, HALF["half a chunk"]], ids=["length", "chunks"])
def test_a_refusal_does_not_wait_for_the_body(half: bytes) -> None:
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        begun = time.monotonic()
        client.send(half)
        assert client.answer().status == 403
        assert time.monotonic() - begun < SLOW.body_seconds / 2


def test_after_an_early_refusal_the_body_is_read_over_and_the_connection_kept() -> None:
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        client.send(POST)
        assert client.answer().status == 403
        client.send(b"a" * 1000 + GET)
        assert client.answer().body == b"GET /a 0"


def test_after_an_early_refusal_chunks_are_read_over_and_the_connection_kept() -> None:
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        client.send(HALF["half a chunk"])
        assert client.answer().status == 403
        client.send(b"lo\r\n0\r\n\r\n" + GET)
        assert client.answer().body == b"GET /a 0"


@pytest.mark.parametrize("rest", [b"lo\r\nzz\r\n", b"lo\r\n" + b"10000\r\n" + b"a" * 65_600], ids=["wrong", "long"])
def test_after_an_early_refusal_what_cannot_be_read_over_ends_the_connection_without_a_word(rest: bytes) -> None:
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        client.send(HALF["half a chunk"])
        assert client.answer().status == 403
        client.send(rest)
        assert client.is_closed()


def test_after_an_early_refusal_a_body_that_does_not_come_ends_the_connection() -> None:
    with serving(Echo(refuses_early=True)) as wire, wire.connect() as client:
        client.send(POST)
        assert client.answer().status == 403
        assert client.is_closed(within=QUICK.body_seconds * 3)


def test_a_long_body_that_is_refused_ends_the_connection_after_the_answer() -> None:
    with serving(Echo(refuses_early=True)) as wire, wire.connect() as client:
        client.send(POST.replace(b"1000", b"90000"))
        time.sleep(0.2)
        client.send(b"a" * 10_000)  # what comes after the answer does not destroy it
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (403, "close")
        assert client.is_closed()


def test_what_is_not_refused_is_asked_again_with_its_body() -> None:
    echo = Echo()
    with serving(echo, limits=SLOW) as wire, wire.connect() as client:
        client.send(POST)
        time.sleep(0.4)
        client.send(b"a" * 1000)
        assert client.answer().body == b"POST /a 1000"
    assert len(echo.seen) == 1


def test_who_expects_to_be_told_to_continue_is_told() -> None:
    with serving(Echo(), limits=SLOW) as wire, wire.connect() as client:
        client.send(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert client.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert client.file.readline() == b"\r\n"
        client.send(b"a" * 1000)
        assert client.answer().body == b"POST /a 1000"


def test_who_is_not_told_to_continue_is_refused_and_the_connection_ends() -> None:
    """The next bytes may be the body or another request, as the client pleases (RFC 9110, section 10.1.1)."""
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        client.send(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (403, "close")
        assert client.is_closed()


def test_no_malformed_chunk_behind_an_early_question_is_ever_taken() -> None:
    echo = Echo()
    with serving(echo, limits=SLOW) as wire, wire.connect() as client:
        client.send(HALF["half a chunk"])
        time.sleep(0.3)
        client.send(b"lo\r\nzz\r\n")
        assert client.answer().status == 400
        assert client.is_closed()
    assert echo.seen == []


# --- Connections


class Someone:
    """A member of the crowd that only waits."""

    def __init__(self, share: Any, deadline: float = 1.0, waiting: int = 0) -> None:
        self.share, self.deadline, self.waiting, self.aborted = share, deadline, waiting, False

    def look(self, now: float) -> None: ...

    def abort(self) -> None:
        self.aborted = True
        self.crowd.leave(self)

    def waiting_size(self) -> int:
        return self.waiting

    crowd: Crowd


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(Limits(unfinished_of_one=3, fair_seconds=1, waiting_answers=100), most=8, wake=lambda: None)


def join(crowd: Crowd, *members: Someone) -> None:
    for member in members:
        member.crowd = crowd
        crowd.join(member)


def test_what_is_unfinished_of_one_server_ends_with_its_oldest(crowd: Crowd) -> None:
    mine, others = [Someone("a") for _ in range(4)], [Someone("b") for _ in range(3)]
    join(crowd, *mine, *others)
    for now, member in enumerate([*others, *mine]):
        crowd.arriving(member, float(now * 2))
    assert [member.aborted for member in mine] == [True, False, False, False]
    assert not any(member.aborted for member in others)


def test_a_burst_of_one_server_is_given_time(crowd: Crowd) -> None:
    burst = [Someone("a") for _ in range(6)]
    join(crowd, *burst)
    for member in burst:
        crowd.arriving(member, 0.5)
    assert not any(member.aborted for member in burst)


def test_unfinished_requests_of_callers_who_cannot_be_told_apart_are_not_counted_together(crowd: Crowd) -> None:
    all_of_them = [Someone(None) for _ in range(7)]
    join(crowd, *all_of_them)
    for now, member in enumerate(all_of_them):
        crowd.arriving(member, now * 10.0)
    assert not any(member.aborted for member in all_of_them)


def test_room_is_made_by_whoever_has_most_of_it(crowd: Crowd) -> None:
    few, many = [Someone("few", 1.0), Someone("few", 1.0)], [Someone("many", deadline) for deadline in range(2, 8)]
    join(crowd, *few, *many, Someone("new"))
    assert [member.aborted for member in few] == [False, False]
    assert [member.aborted for member in many] == [True, *[False] * 5]


def test_room_is_made_by_what_is_unfinished_before_what_is_idle(crowd: Crowd) -> None:
    idle, unfinished = [Someone(None, 1.0) for _ in range(4)], [Someone(None, 2.0) for _ in range(4)]
    join(crowd, *idle, *unfinished)
    for member in unfinished:
        crowd.arriving(member, 0.0)
    join(crowd, Someone(None))
    assert [member.aborted for member in unfinished] == [True, False, False, False]
    assert not any(member.aborted for member in idle)


def test_no_room_is_made_by_what_a_thread_works_on(crowd: Crowd) -> None:
    busy = [Someone(None, FOREVER) for _ in range(8)]
    join(crowd, *busy, Someone(None))
    assert not any(member.aborted for member in busy)


def test_unread_answers_have_an_end(crowd: Crowd) -> None:
    members = [Someone("a", waiting=size) for size in (30, 60, 20)]
    join(crowd, *members)
    for member in members:
        crowd.unread(member)
    assert [member.aborted for member in members] == [False, True, False]


def test_more_connections_than_there_is_room_for_keep_nobody_out() -> None:
    with serving(Echo(), limits=SLOW, most=20) as wire:
        clients = [wire.connect() for _ in range(60)]
        for client in clients:
            client.send(HALF["half a head"])
        time.sleep(0.2)
        assert [wire.ask(GET).status for _ in range(10)] == [200] * 10
        for client in clients:
            client.__exit__()


def test_half_requests_of_one_server_keep_no_other_one_from_it() -> None:
    with serving(
        Echo(), limits=replace(SLOW, fair_seconds=-1), share=lambda accepted: accepted.getpeername()[0]
    ) as wire:
        good = [wire.connect("127.0.0.2") for _ in range(5)]
        for client in good:
            client.send(HALF["half a head"])
        bad = [wire.connect("127.0.0.3") for _ in range(SLOW.unfinished_of_one + 20)]
        for client in bad:
            client.send(HALF["half a head"])
        time.sleep(0.3)
        for client in good:
            client.send(b"\r\n")
            assert client.answer().status == 200
        assert sum(client.is_closed(within=0.01) for client in bad) == 20
        for client in (*good, *bad):
            client.__exit__()


def test_a_process_without_descriptors_answers_when_there_are_some_again() -> None:
    with serving(Echo(), limits=SLOW) as wire:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        waiting = [socket.socket() for _ in range(3)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(each.fileno() for each in waiting) + 1, limits[1]))
        try:
            for each in waiting:
                each.settimeout(5)
                each.connect(("127.0.0.1", wire.port))
                each.sendall(GET)
            time.sleep(0.2)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert [each.recv(12) for each in waiting] == [b"HTTP/1.1 200"] * 3
        for each in waiting:
            each.close()


def test_who_does_not_read_is_ended() -> None:
    limits = replace(QUICK, least_rate=1_000_000_000)  # the kernel takes some megabytes of it at once
    with serving(Echo(answer=b"a" * 20_000_000), limits=limits) as wire, wire.connect() as client:
        client.send(GET)
        time.sleep(QUICK.answer_seconds * 3)
        assert len(client.everything()) < 20_000_000


def test_who_stops_answers_what_is_under_way_and_waits_for_nothing_else() -> None:
    echo = Echo(waits=Event())
    with serving(echo, limits=SLOW) as wire:
        busy, half, idle = wire.connect(), wire.connect(), wire.connect()
        busy.send(GET)
        half.send(HALF["half a body"])
        time.sleep(0.1)
        stopping = Thread(target=lambda: wire.service.loop.call_soon_threadsafe(wire.service._stop))
        stopping.start()
        assert half.is_closed()
        assert idle.is_closed()
        assert echo.waits
        echo.waits.set()
        answer = busy.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        for client in (busy, half, idle):
            client.__exit__()
        stopping.join()


# --- TLS


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


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", GET], ids=["none", "half", "no TLS"])
def test_a_handshake_that_does_not_end_keeps_nobody_waiting_and_leaves_nothing(
    context: ssl.SSLContext, said: bytes
) -> None:
    with serving(Echo(), context=context, threads=1) as wire:
        clients = [wire.connect() for _ in range(30)]
        for client in clients:
            client.send(said)
        with shake_hands(wire) as good:
            good.send(GET)
            assert good.answer().status == 200
        assert [client.is_closed(within=QUICK.head_seconds * 4) for client in clients] == [True] * 30
        time.sleep(0.2)
        assert len(wire.service.crowd) == 0
        for client in clients:
            client.__exit__()


@pytest.mark.parametrize("half", HALF.values(), ids=HALF.keys())
def test_half_requests_over_tls_leave_nothing(context: ssl.SSLContext, half: bytes) -> None:
    with serving(Echo(), context=context) as wire:
        with shake_hands(wire) as client:
            client.send(half)
            time.sleep(QUICK.head_seconds + QUICK.linger_seconds + 0.5)
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
