"""Bodies and answers that are larger than memory should hold: kept in files, at the least rate, and let go of."""

import resource
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from controlplane.kernel.awaited_body import KEPT, AwaitedBody
from controlplane.runtime.http import incoming
from controlplane.runtime.http.limits import Limits
from tests.operations.serving_http import GET, LINE, Echo, Wire, serving

pytestmark = pytest.mark.thorough

MEGABYTE = 1024 * 1024
LIMITS = Limits(
    body_seconds=0.5,
    answer_seconds=0.5,
    request_seconds=1.0,
    early_seconds=60,
    idle_seconds=5,
    linger_seconds=0.3,
    spool_above=1024,
)


class Pattern:
    """So many bytes, made when they are read."""

    def __init__(self, size: int, *, fails_at: int = -1) -> None:
        self.left, self.fails_at, self.closed = size, fails_at, Event()

    def read(self, size: int) -> bytes:
        if 0 <= self.fails_at >= self.left:
            raise OSError("the file is gone")
        piece = b"x" * min(size, self.left)
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.closed.set()


class Streaming:
    """Answers with the sources that the test gives it, one after the other."""

    def __init__(self, *sources: Pattern) -> None:
        self.sources = iter(sources)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        source = next(self.sources)
        start_response("200 OK", [("Content-Length", str(source.left))])
        return FromSource(source)


class FromSource(list[bytes]):
    """What StreamedResponse is to the server."""

    def __init__(self, source: Pattern) -> None:
        self.source = source


def received(wire: Wire, size: int) -> int:
    """Bytes of the body that come, of so many that are announced."""
    with wire.connect() as client:
        client.send(GET)
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.socket.recv(65536)
        got = len(head.partition(b"\r\n\r\n")[2])
        while got < size and (piece := client.socket.recv(65536)):
            got += len(piece)
        return got


def test_an_answer_that_is_read_from_a_file_is_never_in_memory() -> None:
    source = Pattern(200 * MEGABYTE)
    with serving(Streaming(source), limits=LIMITS) as wire:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert received(wire, source.left) == 200 * MEGABYTE
        growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert source.closed.wait(5)
    assert growth < 20 * MEGABYTE


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_connection_goes_on_after_an_answer_from_a_file(method: str) -> None:
    answers = Streaming(Pattern(MEGABYTE), Pattern(MEGABYTE))
    with serving(answers, limits=LIMITS) as wire, wire.connect() as client:
        for _ in range(2):
            client.send(GET.replace(b"GET", method.encode()))
            answer = client.answer(to_head=method == "HEAD")
            assert (answer.status, len(answer.body)) == (200, MEGABYTE if method == "GET" else 0)


def test_an_answer_that_cannot_be_read_on_breaks_off() -> None:
    source = Pattern(10 * MEGABYTE, fails_at=5 * MEGABYTE)
    with serving(Streaming(source), limits=LIMITS) as wire, suppress(ConnectionResetError):
        assert received(wire, 10 * MEGABYTE) < 10 * MEGABYTE
    assert source.closed.wait(5)


def test_a_client_that_stops_reading_lets_go_of_the_file() -> None:
    source = Pattern(500 * MEGABYTE)
    with serving(Streaming(source), limits=LIMITS) as wire, wire.connect() as client:
        client.send(GET)
        client.socket.recv(100)
        assert source.closed.wait(20)


def test_a_body_may_take_its_time_at_the_least_rate() -> None:
    """Longer than a request may wait for a thread."""
    echo, size = Echo(), 300_000
    with serving(echo, limits=LIMITS, largest_body=size) as wire, wire.connect() as client:
        client.send(LINE + f"Content-Length: {size}\r\n\r\n".encode())
        total, start = 0, time.monotonic()
        while total < size:
            piece = min(size - total, 8192)
            client.send(b"x" * piece)
            total += piece
            time.sleep(max(0.0, start + 1.5 * LIMITS.request_seconds * total / size - time.monotonic()))
        assert client.answer().status == 200
    assert len(echo.seen[0]["body"]) == size


def test_who_was_fast_for_a_while_must_go_on() -> None:
    with serving(Echo(), limits=LIMITS, largest_body=500 * MEGABYTE) as wire, wire.connect() as client:
        client.send(LINE + f"Content-Length: {400 * MEGABYTE}\r\n\r\n".encode() + b"x" * 10 * MEGABYTE)
        assert client.answer().status == 408


def test_a_large_body_is_asked_about_before_it_has_come() -> None:
    with (
        serving(Echo(refuses_early=True), limits=LIMITS, largest_body=500 * MEGABYTE) as wire,
        wire.connect() as client,
    ):
        client.send(LINE + f"Content-Length: {400 * MEGABYTE}\r\n\r\n".encode())
        client.send(b"x" * 4096)
        client.send(b"x" * 4096)
        assert client.answer().status == 403


def test_a_body_without_a_length_is_asked_about_as_it_grows_and_what_is_kept_for_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(incoming, "ASK_EVERY", 100_000)
    pattern, arrivals = Pattern(0), []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"]
        arrivals.append(body.arrived)
        environ[KEPT].value = pattern
        if len(arrivals) == 3:
            start_response("403 Forbidden", [])
            return [b""]
        body.read()
        raise AssertionError

    with serving(application, limits=LIMITS, largest_body=500 * MEGABYTE) as wire, wire.connect() as client:
        client.send(LINE + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while len(arrivals) < 3:
                client.send(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
        assert client.answer().status == 403
        assert pattern.closed.wait(5)
    assert all(later - earlier >= 100_000 for earlier, later in pairwise(arrivals))


def test_what_is_kept_for_a_body_is_closed_when_its_client_goes_away() -> None:
    pattern, request_event = Pattern(0), Event()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ[KEPT].value = pattern
        request_event.set()
        return [environ["wsgi.input"].read()]

    with serving(application, limits=LIMITS, largest_body=MEGABYTE) as wire:
        with wire.connect() as client:
            client.send(LINE + b"Content-Length: 500000\r\n\r\n" + b"x" * 5000)
            assert request_event.wait(5)
        assert pattern.closed.wait(5)


def test_a_large_body_is_in_the_folder_that_is_named_and_has_no_name(tmp_path: Path) -> None:
    paths: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"]
        if isinstance(body, AwaitedBody):
            body.read()
        paths.append(str(Path(f"/proc/self/fd/{body.fileno()}").readlink()))
        start_response("200 OK", [])
        return [b""]

    limits = Limits(spool_above=1024, spool_folder=tmp_path)
    with serving(application, limits=limits) as wire, wire.connect() as client:
        client.send(LINE + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000)
        assert client.answer().status == 200
    assert (paths[0].startswith(str(tmp_path)), list(tmp_path.iterdir())) == (True, [])
