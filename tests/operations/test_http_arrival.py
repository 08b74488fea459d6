"""How long a request may take to arrive, and what its end before its time means."""

import time
from threading import Event

import pytest

from tests.operations.serving_http import CHUNKED, LINE, QUICK, Echo, Wire

pytestmark = pytest.mark.thorough

BROKEN_OFF = {
    "its head": LINE,
    "its line": b"POST /a",
    "its body": LINE + b"Content-Length: 5\r\n\r\nhel",
    "its size": CHUNKED + b"5",
    "its chunk": CHUNKED + b"5\r\nhel",
    "its last chunk": CHUNKED + b"5\r\nhello\r\n",
    "its trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n",
    "its end": CHUNKED + b"5\r\nhello\r\n0\r\n",
}


@pytest.mark.parametrize("sent", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_what_breaks_off_is_refused_and_never_seen(wire: Wire, echo: Echo, sent: bytes) -> None:
    with wire.connect() as client:
        client.send(sent)
        client.socket.shutdown(1)
        assert client.answer().status == 400
        assert client.is_closed()
    assert echo.seen == []


def test_what_does_not_come_is_given_up_and_never_seen(wire: Wire, echo: Echo) -> None:
    clients = {what: wire.connect() for what in BROKEN_OFF}
    for what, client in clients.items():
        client.send(BROKEN_OFF[what])
    assert {what: client.answer().status for what, client in clients.items()} == dict.fromkeys(BROKEN_OFF, 408)
    assert {what: client.is_closed() for what, client in clients.items()} == dict.fromkeys(BROKEN_OFF, True)
    assert echo.seen == []
    for client in clients.values():
        client.__exit__()


def test_who_says_nothing_is_left_without_a_word(wire: Wire) -> None:
    with wire.connect() as client:
        assert client.is_closed(within=QUICK.head_seconds * 4)


def test_no_drip_makes_the_time_longer(wire: Wire, echo: Echo) -> None:
    drips = {LINE: b"X: y\r\n", LINE + b"Content-Length: 50\r\n\r\n": b"a", CHUNKED: b"1\r\na\r\n"}
    clients = {begin: wire.connect() for begin in drips}
    for begin, client in clients.items():
        client.send(begin)
    start = time.monotonic()
    while clients and time.monotonic() - start < QUICK.head_seconds * 4:
        for begin in list(clients):
            try:
                clients[begin].send(drips[begin])
            except OSError:  # reset, or a broken pipe
                clients.pop(begin).__exit__()
        time.sleep(0.05)
    assert clients == {}
    assert echo.seen == []


def test_an_idle_connection_is_kept_longer_than_a_head_may_take(wire: Wire) -> None:
    with wire.connect() as client:
        for _ in range(2):
            client.send(LINE + b"\r\n")
            assert client.answer().status == 200
            time.sleep(QUICK.head_seconds * 1.4)


def test_a_client_that_only_sends_no_more_is_answered(wire: Wire, echo: Echo) -> None:
    echo.waits = Event()
    with wire.connect() as client:
        client.send(LINE + b"\r\n")
        client.socket.shutdown(1)
        time.sleep(0.2)
        echo.waits.set()
        assert client.answer().status == 200
    echo.waits = None


def test_requests_in_a_row_are_answered_when_the_client_sends_no_more(wire: Wire) -> None:
    with wire.connect() as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: here\r\n\r\n" * 3)
        client.socket.shutdown(1)
        assert [client.answer().status for _ in range(3)] == [200, 200, 200]
        assert client.is_closed()


def test_of_requests_in_a_row_the_one_that_breaks_off_is_refused(wire: Wire) -> None:
    with wire.connect() as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: here\r\n\r\n" + LINE)
        client.socket.shutdown(1)
        assert [client.answer().status for _ in range(2)] == [200, 400]
