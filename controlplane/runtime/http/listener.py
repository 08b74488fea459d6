"""A listening socket and what the service knows of the clients that connect to it."""

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

ProtocolFactory = Callable[["Service", Hashable], asyncio.Protocol]


def no_environ(accepted: socket.socket) -> Mapping[str, Any]:
    return {}


def no_share(accepted: socket.socket) -> Hashable:
    """The share of clients that cannot be told apart."""
    return None


def accept_all(accepted: socket.socket) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Listener:
    """A listening socket and the rules for its connections. The functions get the accepted socket."""

    listening: socket.socket
    environ: Callable[[socket.socket], Mapping[str, Any]] = no_environ
    """Additional entries of the WSGI environ."""
    share: Callable[[socket.socket], Hashable] = no_share
    """The server that connects; None where it is not known, such as behind a proxy."""
    context: Callable[[socket.socket], ssl.SSLContext] | None = None
    """The TLS context; None for plain HTTP. The function runs in a thread and may read the database."""
    accepts: Callable[[socket.socket], bool] = accept_all
    threads: "Threads | None" = None
    """The threads for requests of this listener; None for the service's."""
    protocol_factory: ProtocolFactory | None = None
    """Creates the protocol of a connection when it is not HTTP."""

    def protocol_for(
        self, service: "Service", accepted: socket.socket, address: Any
    ) -> tuple[Hashable, asyncio.Protocol]:
        """Return the share of a connection and the protocol that handles it."""
        share = self.share(accepted)
        if self.protocol_factory is not None:
            return share, self.protocol_factory(service, share)
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
    """Return host and port of a socket address; those of the loopback interface for a Unix socket."""
    return (address[0], str(address[1])) if isinstance(address, tuple) else ("127.0.0.1", "0")
