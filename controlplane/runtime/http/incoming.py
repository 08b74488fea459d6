"""Read the requests that arrive on one connection."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any

from controlplane.kernel.awaited_body import ASK_EVERY, KEPT, Kept
from controlplane.runtime.http import request_head as heads
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.request_body import Body
from controlplane.runtime.http.request_head import CRLF, Head

NOTHING = BytesIO()


class Incoming:
    """Append data to ``received`` and call ``read``. The next request is read once ``forget`` was called."""

    def __init__(self, limits: Limits, largest_body: Callable[[str], int]) -> None:
        """``largest_body`` returns the limit for the path of a request."""
        self.received = bytearray()
        self.head: Head | None = None
        self.body: Body | None = None
        self.discarded: Body | None = None
        """The rest of a body that is not needed. It is read and discarded."""
        self.kept: Kept[Any] = Kept()
        self._limits = limits
        self._largest_body = largest_body

    def read(self) -> None:
        """Read as much of the request as has arrived. Raises Malformed."""
        if self.discarded is not None:
            self.discarded.feed(self.received)
            if self.discarded.complete:
                self.discarded = None
        if self.head is None and self.received and self.discarded is None:
            self._read_head()
        if self.body is not None:
            self.body.feed(self.received)

    @property
    def has_arrived(self) -> bool:
        """Whether the whole request has arrived."""
        return self.head is not None and (self.body is None or self.body.complete)

    @property
    def has_begun(self) -> bool:
        return self.head is not None or bool(self.received and self.discarded is None)

    @property
    def path(self) -> str:
        """The decoded path; empty before it has arrived."""
        latin = self.head.environ["PATH_INFO"] if self.head is not None else heads.path_in(self.received)
        return latin.encode("latin-1").decode(errors="replace")

    @property
    def size(self) -> int:
        """Bytes of the body that have arrived."""
        return self.body.size if self.body is not None else 0

    def needs_early_call(self, called_at: int | None) -> bool:
        """Whether the application is to be called before the body is complete.

        ``called_at`` is the size of the body at the last such call; None when there was none.
        """
        if self.head is None or self.body is None:
            return False
        if called_at is None:
            return self.head.expects_continue or self.body.is_spooled
        return self.body.left is None and self.body.size >= called_at + ASK_EVERY

    @property
    def can_be_drained(self) -> bool:
        """Whether the rest of the body is, or may be, short enough to be discarded."""
        return self.body is None or (self.body.left or 0) <= self._limits.unread_size

    def environ(self, body: IO[bytes] | Any = None) -> dict[str, Any]:
        """Return the WSGI environ of the request. ``body`` replaces a body that has not arrived."""
        assert self.head is not None  # noqa: S101  callers check that it has arrived
        environ: dict[str, Any] = {**self.head.environ, KEPT: self.kept}
        if self.body is None:
            environ["wsgi.input"] = NOTHING
            return environ
        environ["wsgi.input"] = self.body.open() if body is None else body
        if body is None:
            environ["CONTENT_LENGTH"] = str(self.body.size)
        return environ

    def forget(self) -> None:
        """Get ready for the next request, which follows the discarded rest of this one."""
        self.kept.close()
        self.kept = Kept()
        if self.body is not None:
            self.body.close()
            if not self.body.complete:
                self.discarded = self.body.discarded(self._limits.unread_size)
        self.head = self.body = None

    def _read_head(self) -> None:
        buffer = self.received
        while buffer.startswith(CRLF):  # RFC 9112, section 2.2
            del buffer[: len(CRLF)]
        end = buffer.find(heads.END)
        if end < 0:
            if buffer and buffer != b"\r":
                heads.refuse_early(buffer, self._limits)
            return
        self.head = head = heads.parse(bytes(buffer[:end]), self._limits)
        del buffer[: end + len(heads.END)]
        if head.has_body:
            self.body = Body(head.length, largest=self._largest_body(self.path), limits=self._limits)
