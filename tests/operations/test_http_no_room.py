"""A body that is kept in a file, and no room for the file."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

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


@pytest.mark.parametrize("over", [1, 100, 40_000])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_that_finds_no_room_is_refused_and_reaches_nobody(over: int, framing: str) -> None:
    """Also when only the last bytes find none, which Python would write when the file is read."""
    application, size = Echo(), ROOM + over
    head = b"Content-Length: %d" % size if framing == "length" else b"Transfer-Encoding: chunked"
    body = b"a" * size if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"a" * size)
    with serving(application, limits=replace(QUICK, spool_above=SPOOL_ABOVE)) as wire:
        with room_in_a_file(ROOM):
            answer = wire.ask(b"POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n%s" % (head, body))
        assert (answer.status, application.seen) == (507, [])
        assert wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
