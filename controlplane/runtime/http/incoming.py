"""What a client sends through one connection: a request, and then the next."""

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
    """Append to ``received``, and ``read``: nothing is read of the next request until this one is forgotten."""

    def __init__(self, limits: Limits, largest_body: Callable[[str], int]) -> None:
        """``largest_body`` is given the path of a request."""
        self.received = bytearray()
        self.head: Head | None = None
        self.body: Body | None = None
        self.unwanted: Body | None = None
        """What is left of a body that nobody wants: it is read over."""
        self.kept: Kept[Any] = Kept()
        self._limits = limits
        self._largest_body = largest_body

    def read(self) -> None:
        """Read as much of the request as has arrived. Raises head.Malformed."""
        if self.unwanted is not None:
            self.unwanted.feed(self.received)
            if self.unwanted.complete:
                self.unwanted = None
        if self.head is None and self.received and self.unwanted is None:
            self._read_head()
        if self.body is not None:
            self.body.feed(self.received)

    @property
    def has_arrived(self) -> bool:
        """Whether all of the request is there."""
        return self.head is not None and (self.body is None or self.body.complete)

    @property
    def has_begun(self) -> bool:
        return self.head is not None or bool(self.received and self.unwanted is None)

    @property
    def path(self) -> str:
        """Empty while it is not known."""
        encoded = self.head.environ["PATH_INFO"] if self.head is not None else heads.path_in(self.received)
        return encoded.encode("latin-1").decode(errors="replace")

    @property
    def size(self) -> int:
        """Bytes of the body that have arrived."""
        return self.body.size if self.body is not None else 0

    def is_to_be_asked_about(self, asked_at: int | None) -> bool:
        """Whether it is asked early what becomes of the request, which was asked when so much of the body was there."""
        if self.head is None or self.body is None:
            return False
        if asked_at is None:
            return self.head.expects_continue or self.body.is_spooled
        return self.body.left is None and self.body.size >= asked_at + ASK_EVERY

    @property
    def can_be_read_over(self) -> bool:
        """Whether what is left of the body is short, or may be."""
        return self.body is None or (self.body.left or 0) <= self._limits.unread_size

    def environ(self, body: IO[bytes] | Any = None) -> dict[str, Any]:
        """The request for WSGI; ``body`` stands for one that has not arrived."""
        assert self.head is not None  # noqa: S101  it has arrived
        environ: dict[str, Any] = {**self.head.environ, KEPT: self.kept}
        if self.body is None:
            environ["wsgi.input"] = NOTHING
            return environ
        environ["wsgi.input"] = self.body.open() if body is None else body
        if body is None:
            environ["CONTENT_LENGTH"] = str(self.body.size)
        return environ

    def forget(self) -> None:
        """Be ready for the next request, when the rest of this one has been read over."""
        self.kept.close()
        self.kept = Kept()
        if self.body is not None:
            self.body.close()
            if not self.body.complete:
                self.unwanted = self.body.unwanted(self._limits.unread_size)
        self.head = self.body = None

    def _read_head(self) -> None:
        received = self.received
        while received.startswith(CRLF):  # RFC 9112, section 2.2
            del received[: len(CRLF)]
        end = received.find(heads.END)
        if end < 0:
            if received and received != b"\r":
                heads.refuse_early(received, self._limits)
            return
        self.head = head = heads.parse(bytes(received[:end]), self._limits)
        del received[: end + len(heads.END)]
        if head.has_body:
            self.body = Body(head.length, largest=self._largest_body(self.path), limits=self._limits)
