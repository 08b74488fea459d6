"""What no client can take from the others: threads, connections, memory."""

import resource
import socket
import time
from contextlib import suppress
from dataclasses import replace
from select import select
from threading import Event, Thread
from typing import Any

import pytest

from controlplane.runtime.http.threads import Threads
from tests.operations.serving_http import GET, HALF, QUICK, SLOW, Echo, serving

pytestmark = pytest.mark.thorough

POST = HALF["half a body"]


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


def test_a_thread_for_what_is_not_urgent_rests_longer_than_it_works() -> None:
    threads, all_done = Threads(1, pause_factor=3), Event()
    start = time.monotonic()
    for _ in range(4):
        threads.submit(None, lambda: time.sleep(0.02))
    threads.submit(None, all_done.set)
    assert all_done.wait(10)
    threads.stop()
    assert time.monotonic() - start >= 4 * 0.02 * (1 + 3)


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
        answered_after = 2.0

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return Later([b"late"]) if environ["PATH_INFO"] == "/late" else [b"now"]

    with serving(application, threads=1) as wire, wire.connect() as late:
        start = time.monotonic()
        late.send(GET.replace(b"/a", b"/late"))
        assert wire.ask(GET).body == b"now"
        assert select([late.socket], [], [], 0)[0] == []  # the only thread was free although nothing is answered yet
        assert late.answer().body == b"late"
        assert time.monotonic() - start >= 2.0


def test_servers_are_served_in_turn() -> None:
    threads, order, runs, may_go_on, all_done = Threads(1), "", Event(), Event(), Event()

    def first() -> None:
        runs.set()
        may_go_on.wait(5)

    def work(name: str) -> None:
        nonlocal order
        order += name
        if len(order) == 6:
            all_done.set()

    threads.submit("a", first)
    assert runs.wait(5)
    for share in "aaabbc":
        threads.submit(share, lambda share=share: work(share))  # type: ignore[misc]
    may_go_on.set()
    assert all_done.wait(5)
    assert order == "abcaba"
    threads.stop()


def test_a_request_whose_client_has_gone_is_not_worked_on() -> None:
    echo = Echo(waits=Event())
    with serving(echo, threads=1) as wire:
        with wire.connect() as busy, wire.connect() as connection:
            busy.send(GET)
            time.sleep(0.1)
            connection.send(GET.replace(b"/a", b"/gone"))
            connection.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )  # so that it is reset
            time.sleep(0.1)
            connection.__exit__()
            time.sleep(0.1)
            assert echo.waits
            echo.waits.set()
            assert busy.answer().status == 200
        wire.ask(GET)
    assert [request["PATH_INFO"] for request in echo.seen] == ["/a", "/a"]


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


# --- Connections


def test_more_connections_than_there_is_room_for_keep_no_client_out() -> None:
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


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_who_reads_steadily_has_the_time_that_it_takes(connection: bytes) -> None:
    limits = replace(QUICK, answer_seconds=0.3, least_rate=1_000_000)
    with serving(Echo(answer=b"a" * 20_000_000), limits=limits) as wire, wire.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(GET[:-2] + b"Connection: " + connection + b"\r\n\r\n")
        received = 0
        while received < 20_000_000:
            piece = client.socket.recv(1_000_000)
            assert piece
            received += len(piece)
            time.sleep(len(piece) / 10_000_000)


LARGE = 8_000_000


def test_what_comes_while_an_answer_is_read_is_done_once_and_in_order() -> None:
    echo = Echo(answer=b"a" * LARGE)
    with serving(echo, limits=SLOW) as wire, wire.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        for number in range(5):
            client.send(GET.replace(b"/a", b"/%d" % number))
            time.sleep(0.1)  # it has begun to be answered, and is not read
            client.send(POST.replace(b"/a", b"/post%d" % number).replace(b"1000", b"1") + b"x")
            assert [len(client.answer().body) for _ in range(2)] == [LARGE, LARGE]
    paths = [request["PATH_INFO"] for request in echo.seen]
    assert paths == [path for number in range(5) for path in (f"/{number}", f"/post{number}")]


def test_who_asks_on_and_does_not_read_is_ended() -> None:
    limits = replace(QUICK, least_rate=1_000_000_000)
    echo = Echo(answer=b"a" * LARGE)
    with serving(echo, limits=limits) as wire, wire.connect() as client:
        client.send(GET)
        with suppress(OSError):
            for _ in range(30):
                time.sleep(0.1)
                client.send(GET)
        assert len(wire.service.connections) == 0
    assert len(echo.seen) == 1


def test_who_sends_no_more_while_an_answer_is_read_gets_all_of_it_and_the_next() -> None:
    with serving(Echo(answer=b"a" * LARGE), limits=SLOW) as wire, wire.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(GET + GET)
        time.sleep(0.2)
        client.socket.shutdown(1)
        assert [len(client.answer().body) for _ in range(2)] == [LARGE, LARGE]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body_have_no_length(status: str) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(status, [("Content-Length", "0")])
        return []

    with serving(application) as wire:
        assert "content-length" not in wire.ask(GET).headers


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


def test_who_stops_does_not_wait_for_a_client_that_does_not_read() -> None:
    with serving(Echo(answer=b"a" * 20_000_000), limits=replace(SLOW, linger_seconds=0.3)) as wire:
        client = wire.connect()
        client.send(GET)
        client.socket.recv(1)
        start = time.monotonic()
    assert time.monotonic() - start < 5
    client.__exit__()
