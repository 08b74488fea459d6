"""Bind the listening sockets of the HTTP services, and explain why a port is unavailable."""

import errno
import socket
from dataclasses import dataclass

HIGHEST_PORT = 65_535


class PortUnavailable(Exception):
    """The message names the port and the setting and says what to do."""


@dataclass(frozen=True)
class Endpoint:
    """The address of a service and the setting of its port."""

    service: str
    host: str
    port: int
    setting: str
    loopback_only: bool = False
    """Accept connections from this machine only, whatever ``host`` is."""


def bind(endpoint: Endpoint, *, shared: bool) -> socket.socket:
    """Return a bound socket. ``shared``: several sockets may be bound, and the kernel distributes connections."""
    if not 0 < endpoint.port <= HIGHEST_PORT:
        raise PortUnavailable(f"{endpoint.setting} is {endpoint.port}: a port is a number from 1 to {HIGHEST_PORT}.")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            endpoint.host, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise PortUnavailable(_explanation(endpoint, error.strerror or "unknown host")) from None
    except UnicodeError:
        raise PortUnavailable(_explanation(endpoint, "no name of a host")) from None
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. Otherwise the body of a response may be sent 40 ms after its head (tcp(7)).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if endpoint.loopback_only:  # socket(7); no privilege needed since Linux 5.7
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise PortUnavailable(_explanation(endpoint, error)) from None
    return sock


def check_free(endpoints: list[Endpoint]) -> None:
    """Raise PortUnavailable unless all endpoints can be listened on at the same time."""
    by_port: dict[int, Endpoint] = {}
    sockets: list[socket.socket] = []
    try:
        for endpoint in endpoints:
            if other := by_port.get(endpoint.port):
                raise PortUnavailable(
                    f"{other.setting} and {endpoint.setting} are both {endpoint.port}: give each a port of its own."
                )
            by_port[endpoint.port] = endpoint
            sockets.append(bind(endpoint, shared=False))
            sockets[-1].listen(1)
    except OSError as error:
        raise PortUnavailable(_explanation(endpoint, error)) from None
    finally:
        for sock in sockets:
            sock.close()


def _explanation(endpoint: Endpoint, error: Exception | str) -> str:
    number = error.errno if isinstance(error, OSError) else None
    problem = f"The {endpoint.service} cannot listen on {endpoint.host} port {endpoint.port}"
    if number == errno.EADDRINUSE:
        another = endpoint.port + 1000 if endpoint.port + 1000 <= HIGHEST_PORT else endpoint.port - 1000
        return (
            f"{problem}: port {endpoint.port} is in use. Stop the program that listens on it, "
            f"or choose another port: {endpoint.setting}={another}."
        )
    if number in (errno.EACCES, errno.EPERM):
        return f"{problem}: this user lacks the permission. Choose a port of 1024 or higher: {endpoint.setting}."
    if number == errno.EADDRNOTAVAIL:
        return f"{problem}: this machine has no such address. Set BAREMINT_HOST to one that it has, such as 127.0.0.1."
    if isinstance(error, str):
        return f"{problem}: {error}. Set BAREMINT_HOST to an address of this machine, such as 127.0.0.1."
    return f"{problem}: {error}. Check {endpoint.setting} and BAREMINT_HOST."
