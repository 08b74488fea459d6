"""A service on a port of this machine, with an application and limits of the test's own; and a client byte by byte."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from controlplane.kernel.awaited_body import AwaitedBody
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.listener import Listener, no_share
from controlplane.runtime.http.service import Service
from controlplane.runtime.http.wsgi_call import Response

QUICK = Limits(
    head_seconds=0.5, body_seconds=0.5, answer_seconds=0.5, idle_seconds=1.0, linger_seconds=0.3, fair_seconds=0.1
)
"""A tenth of the real times, or less."""
SLOW = Limits()
LARGEST = 100_000
GET = b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"
LINE = b"POST /a HTTP/1.1\r\nHost: here\r\n"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n"
HALF = {
    "nothing": b"",
    "half a head": LINE,
    "half a body": LINE + b"Content-Length: 1000\r\n\r\n",
    "half a chunk": CHUNKED + b"5\r\nhel",
}


@dataclass
class Echo:
    """Answers what it was asked, as text, and keeps what it saw."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    refuses_early: bool = False
    waits: Event | None = None
    answer: bytes | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"]
        if self.refuses_early and isinstance(body, AwaitedBody):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"refused"]
        content = body.read()
        self.seen.append({**environ, "body": content})
        if self.waits is not None:
            self.waits.wait(10)
        start_response("200 OK", [("Content-Type", "text/plain")])
        text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(content)}".encode()
        return [self.answer if self.answer is not None else text]


def refuse(status: int, message: str, path: str) -> Response:
    return Response(f"{status} Refused", [("Content-Type", "text/plain"), ("X-Path", path)], message.encode())


@contextmanager
def serving(
    application: Any,
    *,
    limits: Limits = QUICK,
    threads: int = 2,
    most: int = 500,
    largest_body: int = LARGEST,
    share: Callable[[socket.socket], Any] = no_share,
    context: ssl.SSLContext | Callable[[socket.socket], ssl.SSLContext] | None = None,
) -> Iterator["Wire"]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        service = Service(
            application,
            threads=threads,
            largest_body=lambda path: largest_body,
            refuse=refuse,
            most=most,
            limits=limits,
        )
        with service:
            new_context = (lambda _: context) if isinstance(context, ssl.SSLContext) else context
            service.add_listener(Listener(listening, share=share, context=new_context))
            yield Wire(listening.getsockname()[1], service)


@dataclass
class Wire:
    port: int
    service: Service

    def connect(self, source: str = "127.0.0.1") -> "Client":
        return Client(socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(source, 0)))

    def ask(self, sent: bytes) -> "Said":
        """One request, and whatever comes until the server closes, or until nothing more comes for a moment."""
        with self.connect() as client:
            client.send(sent)
            return client.answer()


@dataclass
class Said:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.file = sock.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, to_head: bool = False) -> Said:
        """The next one. Raises ConnectionError when there is none."""
        first = self.file.readline()
        if not first:
            raise ConnectionError("no answer")
        headers = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        size = 0 if to_head else int(headers.get("content-length", 0))
        return Said(int(first.split()[1]), headers, self.file.read(size))

    def everything(self) -> bytes:
        """Until the server ends the connection, in whatever way."""
        received = b""
        with suppress(ConnectionError):
            while chunk := self.socket.recv(1 << 20):
                received += chunk
        return received

    def is_closed(self, *, within: float = 2.0) -> bool:
        """Whether the server has ended the connection, and said nothing more."""
        self.socket.settimeout(within)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False
