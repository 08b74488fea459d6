"""A WSGI server with any number of listening sockets, each with its own idea of who calls and of TLS.

Granian, which serves everything else, knows one certificate and opens its sockets itself. Cheroot lets a connection be
made from any socket, so this accepts, decides per connection, and leaves HTTP, keep-alive and threads to Cheroot.

Its ``prepare`` replaces the one of ``cheroot.server.HTTPServer``, and so the dependency is pinned to that version.
"""

import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import structlog
from cheroot.connections import ConnectionManager
from cheroot.makefile import MakeFile
from cheroot.server import HTTPConnection
from cheroot.wsgi import Server

from controlplane.operations.tls.strictness import StrictRequest

log = structlog.get_logger(__name__)

BACKLOG = 128
IDLE_SECONDS = 30
LOOK_EVERY = 0.5
LONGEST_HEAD = 65_536
NOWHERE = ("127.0.0.1", 0)
"""Cheroot wants an address; nothing is ever bound to it."""


@dataclass(frozen=True, eq=False)
class Door:
    """A listening socket and what holds for connections through it; both functions are given the accepted socket."""

    listening: socket.socket
    environ: Callable[[socket.socket], Mapping[str, Any]]
    """What the application is told of the connection, beside what requests say."""
    context: Callable[[socket.socket], ssl.SSLContext] | None = None
    """Of a TLS door."""


class DoorConnection(HTTPConnection):
    """A connection whose handshake is done by a worker: a silent client keeps nobody else from being accepted."""

    RequestHandlerClass = StrictRequest
    shaken = False

    def communicate(self) -> bool:
        if isinstance(self.socket, ssl.SSLSocket) and not self.shaken:
            try:
                self.socket.do_handshake()
            except OSError:  # no TLS, an old version, a certificate refused: the client knows why
                return False
            self.shaken = True
        return bool(super().communicate())


class DoorServer(Server):
    ConnectionClass = DoorConnection
    keep_alive_conn_limit = 1_000
    max_request_header_size = LONGEST_HEAD

    def __init__(self, application: Callable[..., Any], *, threads: int) -> None:
        super().__init__(
            ("127.0.0.1", 0), application, numthreads=threads, server_name="Baremint", timeout=IDLE_SECONDS
        )
        self._listening = selectors.DefaultSelector()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Serve in a thread of its own."""
        self.prepare()
        self._serving = threading.Thread(target=self.serve, name="serve", daemon=True)
        self._serving.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        self._serving.join()

    def open(self, door: Door) -> None:
        """Accept at this door from now on."""
        door.listening.setblocking(False)
        door.listening.listen(BACKLOG)
        with self._lock:
            self._listening.register(door.listening, selectors.EVENT_READ, door)

    def shut(self, door: Door) -> None:
        """Accept no more there. The socket is closed."""
        with self._lock:
            self._listening.unregister(door.listening)
            door.listening.close()

    def prepare(self) -> None:
        """Cheroot's own listening socket is one that nobody can connect to: the doors are listened at here."""
        self._interrupt = None
        self.software = self.software or self.server_name
        self.socket, self._nobody = socket.socketpair()
        self._connections = ConnectionManager(self)
        self.requests.start()
        self.ready = True
        threading.Thread(target=self._accept, name="accept", daemon=True).start()

    def stop(self) -> None:
        """Answer what is under way and accept nothing more."""
        nobody, self.socket = self.socket, None  # else Cheroot would connect to it, by an address it has not
        super().stop()
        nobody.close()
        self._nobody.close()

    def _accept(self) -> None:
        while self.ready:
            for key, _ in self._listening.select(LOOK_EVERY):
                with self._lock:
                    self._admit(key.data)

    def _admit(self, door: Door) -> None:
        try:
            sock, (address, port) = door.listening.accept()
        except OSError:  # the client has gone again, or the door is shut
            return
        try:
            sock.settimeout(self.timeout)
            environ = dict(door.environ(sock))
            if door.context is not None:
                sock = door.context(sock).wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                environ["wsgi.url_scheme"] = "https"
        except Exception:
            log.exception("a connection could not be taken", address=address)
            sock.close()
            return
        connection = self.ConnectionClass(self, sock, MakeFile)
        connection.remote_addr, connection.remote_port = address, port
        connection.ssl_env = environ  # Cheroot lays it over the environment of every request
        self.put_conn(connection)  # to a worker as soon as the client has said something

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        log.log(level, msg, exc_info=traceback)
