"""A load generator small enough not to be the bottleneck: prebuilt bytes over keep-alive connections."""

import math
import re
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """A request and the address of its server."""

    address: str
    port: int
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def on_the_wire(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.address}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Result:
    answers: int
    refused: int
    """Number of responses other than 2xx."""
    seconds: float
    latencies: Sequence[float]
    """Sorted, in seconds."""

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


class Connection:
    def __init__(self, request: Request) -> None:
        self.wire = request.on_the_wire()
        self.socket = socket.create_connection((request.address, request.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sent_at = 0.0

    def send(self) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(self.wire)

    def receive(self) -> bytes | None:
        """Return the status line of a complete response, or None while it is incomplete."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("The server closed the connection.")
        self.buffer += chunk
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = CONTENT_LENGTH.search(self.buffer, 0, end)
        if length is None:
            raise ConnectionError("The server answered without a Content-Length.")
        if len(self.buffer) < end + 4 + int(length[1]):
            return None
        status, self.buffer = self.buffer[:16], b""
        return status


def run(
    request: Request,
    *,
    connections: int,
    seconds: float = math.inf,
    answers: float = math.inf,
    while_true: Callable[[], bool] = lambda: True,
) -> Result:
    """Keep ``connections`` requests in flight for ``seconds``, until ``answers`` responses, or while ``while_true``."""
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = Connection(request)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send()
    latencies: list[float] = []
    refusals = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds and len(latencies) < answers and while_true():
        for key, _ in selector.select(timeout=1):
            connection = key.data
            if (status := connection.receive()) is None:
                continue
            latencies.append(time.perf_counter() - connection.sent_at)
            refusals += not status.startswith(b"HTTP/1.1 2")
            connection.send()
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return Result(len(latencies), refusals, elapsed, sorted(latencies))
