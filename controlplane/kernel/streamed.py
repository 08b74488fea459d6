"""Responses whose body is streamed from a source and is never completely in memory."""

from collections.abc import Iterator
from typing import Any, Protocol

from django.http import StreamingHttpResponse

PIECE = 256 * 1024
"""Bytes that are read at a time."""


class Source(Protocol):
    """The source of a body."""

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end. Raises OSError when the rest cannot be read."""

    def close(self) -> None:
        """Close the source. A second call does nothing."""


class StreamedResponse(StreamingHttpResponse):
    """A response with Content-Length. The HTTP server reads ``source`` and closes it; other WSGI servers and tests
    iterate over the response."""

    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__(pieces_of(source), **options)
        self.source = source


def pieces_of(source: Source) -> Iterator[bytes]:
    """Read all bytes, and close the source at the end."""
    try:
        while piece := source.read(PIECE):
            yield piece
    finally:
        source.close()
