"""Write the responses of one connection."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from controlplane.runtime.http.least_rate import LeastRate
from controlplane.runtime.http.request_head import Head
from controlplane.runtime.http.response import encode
from controlplane.runtime.http.streamed_response import StreamedResponse
from controlplane.runtime.http.wsgi_call import Response

if TYPE_CHECKING:
    from controlplane.runtime.http.service import Service


class Outgoing:
    def __init__(self, service: "Service") -> None:
        self.began_at = 0.0
        """When writing of the last response began; of a streamed response, when it ended."""
        self.is_unread = False
        """The client reads more slowly than the response is written."""
        self._service = service
        self._transport: Any = None
        self._size = 0
        self._stream: StreamedResponse | None = None
        self._begin()

    def connect(self, transport: Any) -> None:
        self._transport = transport

    @property
    def is_reading(self) -> bool:
        """Whether the response is being streamed from a file."""
        return self._stream is not None

    @property
    def is_awaited(self) -> bool:
        """Whether the client has yet to read a part of the response."""
        return self.is_unread or self.is_reading

    def write(self, answer: Response, head: Head | None, *, keep_alive: bool) -> None:
        """Write the response, except for a body that is streamed from a file."""
        environ = head.environ if head is not None else {}
        persistence = "keep-alive" if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" else ""
        connection = persistence if keep_alive else "close"
        wire = encode(answer, method=environ.get("REQUEST_METHOD", ""), connection=connection)
        self._size = len(wire)
        self._begin()
        self._transport.write(wire)

    def read_rest(self, answer: Response, head: Head, done: Callable[[bool], None]) -> None:
        """Stream the body that the response has in a file. ``done`` is called with whether all of it was written."""
        if answer.source is None or head.environ["REQUEST_METHOD"] == "HEAD":
            close_source(answer)
            done(True)
            return
        service = self._service
        self._stream = StreamedResponse(
            answer.source,
            self._transport,
            threads=service.readers,
            tell=service.tell,
            done=partial(self._end_download, done),
        )
        self._stream.go_on()

    def pause(self) -> int:
        """Note that the client does not read. Returns the bytes that are buffered for it in memory."""
        self.is_unread = True
        if self._stream is None:
            return self._size
        self._stream.wait()
        return int(self._transport.get_write_buffer_size())

    def resume(self) -> None:
        self.is_unread = False
        if self._stream is not None:
            self._stream.go_on()

    def is_too_slow(self) -> bool:
        """Return whether the client read below the least rate. Called at the end of each ``answer_seconds``."""
        size = self._size + (self._stream.written if self._stream is not None else 0)
        return not self._rate.is_met(size - self._transport.get_write_buffer_size()) and self.is_unread

    def end(self) -> None:
        """Stop after the client has disconnected."""
        if self._stream is not None:
            self._stream.end()

    def _begin(self) -> None:
        self.began_at = self._service.loop.time()
        self._rate = LeastRate(self._service.limits, seconds=self._service.limits.answer_seconds)

    def _end_download(self, done: Callable[[bool], None], is_whole: bool) -> None:
        self._stream = None
        self.began_at = self._service.loop.time()
        done(is_whole)


def close_source(answer: Response | None) -> None:
    """Close the source of a response that is not sent."""
    if answer is not None and answer.source is not None:
        answer.source.close()
