"""When a refusal need not wait for the body of its request, and what happens to the body then."""

import time
from threading import Event
from typing import Any

import pytest

from controlplane.kernel.awaited_body import AwaitedBody
from tests.operations.serving_http import GET, HALF, QUICK, SLOW, Echo, serving

pytestmark = pytest.mark.thorough

POST = HALF["half a body"]


@pytest.mark.parametrize("half", [POST, HALF["half a chunk"]], ids=["length", "chunks"])
def test_a_refusal_does_not_wait_for_the_body(half: bytes) -> None:
    with serving(Echo(refuses_early=True), limits=SLOW) as wire, wire.connect() as client:
        start = time.monotonic()
        client.send(half)
        assert client.answer().status == 403
        assert time.monotonic() - start < SLOW.body_seconds / 2


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


def test_a_whole_body_behind_an_early_question_is_taken_when_the_client_sends_no_more() -> None:
    question = Event()

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if isinstance(environ["wsgi.input"], AwaitedBody):
            question.wait(5)
        content = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [content]

    with serving(application, limits=SLOW) as wire, wire.connect() as client:
        client.send(POST.replace(b"1000", b"5"))
        time.sleep(0.4)
        client.send(b"hello")
        client.socket.shutdown(1)
        time.sleep(0.1)
        question.set()
        assert client.answer().body == b"hello"
