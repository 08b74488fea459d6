"""Where a service listens, and what it knows of whoever connects there."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controlplane.runtime.http.connection import Connection

if TYPE_CHECKING:
    from controlplane.runtime.http.service import Service
    from controlplane.runtime.http.threads import Threads

Made = Callable[["Service", Hashable], asyncio.Protocol]


def nothing(accepted: socket.socket) -> Mapping[str, Any]:
    return {}


def nobody(accepted: socket.socket) -> Hashable:
    """Who connects, where that cannot be told."""
    return None


def anybody(accepted: socket.socket) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Door:
    """A listening socket and what holds for connections through it; the functions are given the accepted socket."""

    listening: socket.socket
    environ: Callable[[socket.socket], Mapping[str, Any]] = nothing
    """What the application is told of the connection, beside what requests say."""
    share: Callable[[socket.socket], Hashable] = nobody
    """The server that connects; None where it cannot be told, such as behind a proxy."""
    context: Callable[[socket.socket], ssl.SSLContext] | None = None
    """Of a TLS door. It is asked in a thread, and may read the database."""
    admits: Callable[[socket.socket], bool] = anybody
    threads: "Threads | None" = None
    """For the requests through this door alone; None: the service's."""
    instead: Made | None = None
    """What speaks through this door, when that is not HTTP."""

    def speak(self, service: "Service", accepted: socket.socket, address: Any) -> tuple[Hashable, asyncio.Protocol]:
        """Whose connection this is, and who speaks on it."""
        share = self.share(accepted)
        if self.instead is not None:
            return share, self.instead(service, share)
        host, port = _host_and_port(accepted.getsockname())
        client, client_port = _host_and_port(address)
        environ = {
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "REMOTE_ADDR": client,
            "REMOTE_PORT": client_port,
            "wsgi.url_scheme": "http" if self.context is None else "https",
            **self.environ(accepted),
        }
        return share, Connection(service, self.threads or service.threads, share, environ)


def _host_and_port(address: Any) -> tuple[str, str]:
    """Of a Unix socket, whose address is a name: this machine."""
    return (address[0], str(address[1])) if isinstance(address, tuple) else ("127.0.0.1", "0")
