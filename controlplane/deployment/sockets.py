"""Listening sockets of the two HTTP services, and what to say when a port is not to be had."""

import errno
import socket
from dataclasses import dataclass

HIGHEST_PORT = 65_535


class PortUnavailable(Exception):
    """Says which port, which setting, and what to do."""


@dataclass(frozen=True)
class Endpoint:
    """Where a service listens, and the setting that moves its port."""

    service: str
    host: str
    port: int
    setting: str
    loopback_only: bool = False
    """Whatever ``host`` is: nothing that comes from outside this machine gets in."""


def bind(endpoint: Endpoint, *, shared: bool) -> socket.socket:
    """A bound socket. ``shared``: several may be bound at once, and the kernel spreads connections over them."""
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
        # Accepted connections inherit it: head and body of an answer go out at once, not 40 ms apart (tcp(7)).
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
    """Raise PortUnavailable unless every endpoint can be listened on, one beside the other, right now."""
    by_port: dict[int, Endpoint] = {}
    held: list[socket.socket] = []
    try:
        for endpoint in endpoints:
            if other := by_port.get(endpoint.port):
                raise PortUnavailable(
                    f"{other.setting} and {endpoint.setting} are both {endpoint.port}: give each a port of its own."
                )
            by_port[endpoint.port] = endpoint
            held.append(bind(endpoint, shared=False))
            held[-1].listen(1)
    except OSError as error:
        raise PortUnavailable(_explanation(endpoint, error)) from None
    finally:
        for sock in held:
            sock.close()


def _explanation(endpoint: Endpoint, error: Exception | str) -> str:
    number = error.errno if isinstance(error, OSError) else None
    wanted = f"The {endpoint.service} cannot listen on {endpoint.host} port {endpoint.port}"
    if number == errno.EADDRINUSE:
        another = endpoint.port + 1000 if endpoint.port + 1000 <= HIGHEST_PORT else endpoint.port - 1000
        return (
            f"{wanted}: port {endpoint.port} is taken. Stop the program that listens there, "
            f"or choose another port: {endpoint.setting}={another}."
        )
    if number in (errno.EACCES, errno.EPERM):
        return f"{wanted}: this user may not. Choose a port from 1024 on: {endpoint.setting}."
    if number == errno.EADDRNOTAVAIL:
        return f"{wanted}: this machine has no such address. Set BAREMINT_HOST to one it has, such as 127.0.0.1."
    if isinstance(error, str):
        return f"{wanted}: {error}. Set BAREMINT_HOST to an address of this machine, such as 127.0.0.1."
    return f"{wanted}: {error}. Check {endpoint.setting} and BAREMINT_HOST."
