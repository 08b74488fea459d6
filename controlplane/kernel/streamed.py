"""Answers whose body is read from somewhere while the client takes it, and never whole in memory."""

from collections.abc import Iterator
from typing import Any, Protocol

from django.http import StreamingHttpResponse

PIECE = 256 * 1024
"""Bytes that are read at a time."""


class Source(Protocol):
    """What a body is read from."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end. Raises OSError when the rest cannot be had."""

    def close(self) -> None:
        """Let go of it. It may be closed twice."""


class StreamedAnswer(StreamingHttpResponse):
    """Its headers say how long the body is. The HTTP server takes ``source`` and closes it; other WSGI servers, and
    tests, iterate over the answer."""

    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__(_all_of(source), **options)
        self.source = source


def _all_of(source: Source) -> Iterator[bytes]:
    try:
        while piece := source.read(PIECE):
            yield piece
    finally:
        source.close()
