"""A body that is kept in a file, and no room for the file."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.operations.serving_http import QUICK, Echo, serving

SPOOL_ABOVE = 1_000
ROOM = 20_000


@contextmanager
def room_in_a_file(size: int) -> Iterator[None]:
    """No file of this process becomes larger than that."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def spooled_files() -> list[str]:
    """Files without a name that this process has open."""
    links = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(each.readlink()))
    return [link for link in links if link.endswith("(deleted)")]


def test_a_body_that_found_no_room_gives_back_what_it_had(tmp_path: Path) -> None:
    """Before its client is done: others may need the room."""
    limits = replace(QUICK, spool_above=SPOOL_ABOVE, linger_seconds=60, spool_folder=tmp_path)
    before = spooled_files()
    with serving(Echo(), limits=limits) as wire, room_in_a_file(ROOM), wire.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + b"a" * 40_000)
        assert client.answer().status == 503
        assert spooled_files() == before


@pytest.mark.parametrize("over", [1, 100, 40_000])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_that_finds_no_room_is_refused_before_the_application(over: int, framing: str) -> None:
    """Also when only the last bytes find none, which Python would write when the file is read."""
    application, size = Echo(), ROOM + over
    head = b"Content-Length: %d" % size if framing == "length" else b"Transfer-Encoding: chunked"
    body = b"a" * size if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"a" * size)
    with serving(application, limits=replace(QUICK, spool_above=SPOOL_ABOVE)) as wire:
        with room_in_a_file(ROOM):
            answer = wire.ask(b"POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n%s" % (head, body))
        assert (answer.status, application.seen) == (503, [])
        assert wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
