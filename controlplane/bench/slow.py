"""Many slow clients of one kind, which do not finish their requests, in one process with epoll(7).

    python -m controlplane.bench.slow KIND ADDRESS PORT COUNT [--tls] [--path PATH]

It prints a line when most are connected, and lives until its standard input ends. Then it prints, as JSON, its share of
a CPU since that line, how many connections the server has ended, and how many there are. Whose connection is ended
makes another one.
"""

import heapq
import json
import os
import selectors
import socket
import ssl
import sys
import time
from argparse import ArgumentParser
from dataclasses import dataclass

from controlplane.cli.arguments import argument, arguments
from controlplane.deployment.api_version import API_VERSION

SPOOLED = " " * 300_000
"""A body that is too large for memory."""
OBJECT = "{method} /cos{{path}} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: {{authorization}}\r\n"
HEAD = "PUT {path} HTTP/1.1\r\nHost: {host}\r\nMetadata-Flavor: ibm\r\n"
UNREAD = 2
"""Pipelined requests whose responses are not read."""


@dataclass(frozen=True)
class Kind:
    """The data that a client sends at once, and the pieces that follow; ``{path}`` and ``{host}`` are replaced."""

    first: str
    drip: str = ""
    over_tls: bool = True
    """Whether it is possible after a TLS handshake."""
    reads: bool = True
    of_objects: bool = False
    """Whether it uses an object of the object store, whose bodies and responses are in files."""


KINDS = {
    "nothing": Kind(""),
    "half head": Kind(HEAD, "x-slow: 1\r\n"),
    "half body": Kind(HEAD + "Content-Length: 10000\r\n\r\n", " "),
    "half chunks": Kind(HEAD + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
    "answers unread": Kind("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n" * UNREAD, reads=False),
    "half object": Kind(
        OBJECT.format(method="PUT") + f"Content-Length: 5000000\r\n\r\n{SPOOLED}", " ", of_objects=True
    ),
    "object unread": Kind(OBJECT.format(method="GET") + "\r\n", reads=False, of_objects=True),
    "half handshake": Kind("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", over_tls=False),
}
DRIP_SECONDS = 2.0
AGAIN_SECONDS = 1.0
"""Delay before a client whose connection was ended connects again."""
READY_SECONDS = 5.0
"""Time limit for all clients to connect, because connections may be ended faster than they are made."""
AT_ONCE = 32
"""New connections in one step."""


class Client:
    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.shakes = False


class Clients:
    def __init__(
        self, kind: Kind, address: tuple[str, int], count: int, *, path: str, tls: bool, authorization: str
    ) -> None:
        self.kind = kind
        host = "{}:{}".format(*address)
        self.first = kind.first.format(path=path, host=host, authorization=authorization).encode("latin-1")
        self.drip = kind.drip.encode("latin-1")
        self.address = address
        self.context = _unverified() if tls and kind.over_tls else None
        self.selector = selectors.EpollSelector()
        self.due = [(0.0, number) for number in range(count)]
        """Time of the next action of each client."""
        self.all = [Client() for _ in range(count)]
        self.ended = 0
        """Number of connections that the server has ended."""

    @property
    def connected(self) -> int:
        return sum(client.socket is not None and not client.shakes for client in self.all)

    def step(self, now: float) -> None:
        for _ in range(AT_ONCE):
            if not self.due or self.due[0][0] > now:
                break
            _, number = heapq.heappop(self.due)
            self._act(number, now)
        wait = max(0.0, min(0.5, self.due[0][0] - now)) if self.due else 0.5
        for key, _ in self.selector.select(wait):
            self._readable(key.data, time.monotonic())

    def _act(self, number: int, now: float) -> None:
        client = self.all[number]
        if client.socket is None:
            self._connect(number, now)
        elif self.drip:
            self._send(number, self.drip, now)
            heapq.heappush(self.due, (now + DRIP_SECONDS, number))

    def _connect(self, number: int, now: float) -> None:
        client = self.all[number]
        plain = socket.socket()
        plain.settimeout(5)
        try:
            plain.connect(self.address)
        except OSError:
            plain.close()
            heapq.heappush(self.due, (now + AGAIN_SECONDS, number))
            return
        plain.setblocking(False)
        client.shakes = self.context is not None
        client.socket = self.context.wrap_socket(plain, do_handshake_on_connect=False) if self.context else plain
        self.selector.register(client.socket, selectors.EVENT_READ, number)
        if client.shakes:
            self._shake(number, now)
        else:
            self._begin(number, now)

    def _begin(self, number: int, now: float) -> None:
        if self.first:
            self._send(number, self.first, now)
        heapq.heappush(self.due, (now + DRIP_SECONDS, number))

    def _shake(self, number: int, now: float) -> None:
        client = self.all[number]
        assert isinstance(client.socket, ssl.SSLSocket)  # noqa: S101  it is what shakes hands
        try:
            client.socket.do_handshake()
        except ssl.SSLWantReadError:
            return
        except OSError:
            self._end(number, now)
            return
        client.shakes = False
        self._begin(number, now)

    def _send(self, number: int, data: bytes, now: float) -> None:
        client = self.all[number]
        try:
            if client.socket is not None:
                client.socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self._end(number, now)

    def _readable(self, number: int, now: float) -> None:
        client = self.all[number]
        if client.shakes:
            self._shake(number, now)
            return
        if client.socket is None:
            return
        if not self.kind.reads:
            # Only reading shows whether the server ended the connection, and this kind does not read.
            self.selector.unregister(client.socket)
            return
        try:
            is_closed = not client.socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            is_closed = True
        if is_closed:
            self._end(number, now)

    def _end(self, number: int, now: float) -> None:
        client = self.all[number]
        if client.socket is not None:
            if client.socket in self.selector.get_map():
                self.selector.unregister(client.socket)
            client.socket.close()
            client.socket = None
        client.shakes = False
        self.ended += 1
        self.due = [each for each in self.due if each[1] != number]
        heapq.heapify(self.due)
        heapq.heappush(self.due, (now + AGAIN_SECONDS, number))


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _has_ended(descriptor: int) -> bool:
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False


ARGUMENTS = arguments(
    argument("kind", choices=KINDS),
    argument("address"),
    argument("port", type=int),
    argument("count", type=int),
    argument("--tls", action="store_true"),
    argument("--path", default=f"/identity/v1/token?version={API_VERSION}"),
    argument("--authorization", default=""),
)


def main(words: list[str]) -> None:
    parser = ArgumentParser()
    ARGUMENTS(parser)
    options = parser.parse_args(words)
    address = options.address, options.port
    clients = Clients(
        KINDS[options.kind],
        address,
        options.count,
        path=options.path,
        tls=options.tls,
        authorization=options.authorization,
    )
    is_ready = False
    start, start_cpu = time.monotonic(), 0.0
    os.set_blocking(sys.stdin.fileno(), False)
    while not _has_ended(sys.stdin.fileno()):
        clients.step(time.monotonic())
        if not is_ready and (clients.connected >= options.count * 0.9 or time.monotonic() > start + READY_SECONDS):
            is_ready, start, start_cpu = True, time.monotonic(), time.process_time()
            _tell("ready")
    share = (time.process_time() - start_cpu) / max(time.monotonic() - start, 0.001)
    _tell(json.dumps({"cpu": share, "ended": clients.ended, "connected": clients.connected}))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
