"""What is written to a client through one connection: an answer, and then the next."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from controlplane.runtime.http.least_rate import Pace
from controlplane.runtime.http.request_head import Head
from controlplane.runtime.http.response import on_the_wire
from controlplane.runtime.http.streamed_response import Download
from controlplane.runtime.http.wsgi_call import Answer

if TYPE_CHECKING:
    from controlplane.runtime.http.service import Service


class Outgoing:
    def __init__(self, service: "Service") -> None:
        self.began_at = 0.0
        """When the last answer began to be written; of one that is read from a file, when the last of it was."""
        self.is_unread = False
        """The client does not read as fast as it is answered."""
        self._service = service
        self._transport: Any = None
        self._size = 0
        self._download: Download | None = None
        self._begin()

    def connect(self, transport: Any) -> None:
        self._transport = transport

    @property
    def is_reading(self) -> bool:
        """Whether the answer is being read from a file."""
        return self._download is not None

    @property
    def is_awaited(self) -> bool:
        """Whether the client is to take something of it."""
        return self.is_unread or self.is_reading

    def write(self, answer: Answer, head: Head | None, *, keep_alive: bool) -> None:
        """All of it but what is read from a file."""
        environ = head.environ if head is not None else {}
        kept = "keep-alive" if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" else ""
        connection = kept if keep_alive else "close"
        wire = on_the_wire(answer, method=environ.get("REQUEST_METHOD", ""), connection=connection)
        self._size = len(wire)
        self._begin()
        self._transport.write(wire)

    def read_rest(self, answer: Answer, head: Head, done: Callable[[bool], None]) -> None:
        """Write what the answer has in a file. ``done`` is told whether all of it was written."""
        if answer.source is None or head.environ["REQUEST_METHOD"] == "HEAD":
            let_go(answer)
            done(True)
            return
        service = self._service
        self._download = Download(
            answer.source,
            self._transport,
            threads=service.readers,
            tell=service.tell,
            done=partial(self._end_download, done),
        )
        self._download.go_on()

    def pause(self) -> int:
        """The client does not read. Returns how much is kept for it in memory."""
        self.is_unread = True
        if self._download is None:
            return self._size
        self._download.wait()
        return int(self._transport.get_write_buffer_size())

    def resume(self) -> None:
        self.is_unread = False
        if self._download is not None:
            self._download.go_on()

    def is_too_slow(self) -> bool:
        """Asked at the end of each ``answer_seconds``: whether the client did not read at the least rate."""
        written = self._size + (self._download.written if self._download is not None else 0)
        return not self._pace.is_kept(written - self._transport.get_write_buffer_size()) and self.is_unread

    def end(self) -> None:
        """The client is gone."""
        if self._download is not None:
            self._download.end()

    def _begin(self) -> None:
        self.began_at = self._service.loop.time()
        self._pace = Pace(self._service.limits, seconds=self._service.limits.answer_seconds)

    def _end_download(self, done: Callable[[bool], None], is_whole: bool) -> None:
        self._download = None
        self.began_at = self._service.loop.time()
        done(is_whole)


def let_go(answer: Answer | None) -> None:
    """Of what a body was to be read from that is not sent."""
    if answer is not None and answer.source is not None:
        answer.source.close()
