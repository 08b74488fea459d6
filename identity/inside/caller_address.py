"""Identification of the calling server. A caller has no credential; the network determines which server it is.

There are two attachments, chosen by the settings of the serving process (METADATA_ATTACHMENT), never by a request:

- ``loopback``: every server has an address of its own in 127.64.0.0/10. The address that was dialled names the server:
  the listener saw it on the connection (TLS), or it is the Host (plain HTTP, whose listener does not pass it on).
- ``lab``: every server is a network namespace with listening sockets of its own (controlplane/lab), so the
  socket that accepted the connection names the server.

No other header, no path and no token identifies the server.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from controlplane.kernel.errors import InvalidValue, Target, Unauthorized
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.fresh_value import FreshValue
from servers.addressing import server_number
from servers.facts import facts_of
from servers.selectors import server_by_number

FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
SERVICE_NAME = "api.metadata.cloud.ibm.com"
SERVICE_ADDRESS = "169.254.169.254"
FRESH_SECONDS = 1.0
MOST_SERVERS = 10_000

# The facts about a connection that a listener puts into the WSGI environment. Request headers arrive there as
# HTTP_..., so none of them can be mistaken for these.
DIALLED = "baremint.dialled"
"""The address of the accepted socket, as text."""
ATTACHED = "baremint.attached"
"""An Attached."""


@dataclass(frozen=True)
class Attached:
    """The server whose listening socket accepted a connection, and the one address that server calls from."""

    number: int
    address: str


def server_of(request: HttpRequest) -> int:
    """Return the number of the server that sent the request. Raises Unauthorized or InvalidValue when it is none."""
    meta = request.META
    if any(header in meta for header in FORWARDED):
        raise Unauthorized(
            "The request came through a proxy. Call the metadata service directly from the server; "
            "unset http_proxy, or add its address to no_proxy."
        )
    return _attached_server(meta) if settings.METADATA_ATTACHMENT == "lab" else _dialled_server(meta)


def _attached_server(meta: Mapping[str, Any]) -> int:
    attached = meta.get(ATTACHED)
    if not isinstance(attached, Attached) or meta.get("REMOTE_ADDR") != attached.address:
        raise Unauthorized("The metadata service answers a server's own address alone.")
    if _host(meta) not in (SERVICE_ADDRESS, SERVICE_NAME):
        raise InvalidValue(
            f"The Host is not the metadata service. Call http://{SERVICE_ADDRESS} or {SERVICE_NAME}.",
            target=Target("Host", "header"),
        )
    return attached.number


def _dialled_server(meta: Mapping[str, Any]) -> int:
    if not _is_loopback(meta.get("REMOTE_ADDR", "")):
        raise Unauthorized("The metadata service is only reachable from the machine it simulates servers on.")
    host = _host(meta)
    dialled = meta.get(DIALLED, host)
    number = server_number(dialled)
    if number is None or host not in (dialled, SERVICE_NAME):
        raise InvalidValue(
            "The Host is not the address of a server. Dial the server's own address: baremint address SERVER",
            target=Target("Host", "header"),
        )
    return number


def _host(meta: Mapping[str, Any]) -> str:
    """Return the Host without its port; empty when it is not well formed."""
    host, _, port = meta.get("HTTP_HOST", "").partition(":")
    return "" if port and not port.isdigit() else host.lower()


@lru_cache(maxsize=1024)
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def server_facts(number: int, *, seconds: float = FRESH_SECONDS) -> ServerFacts | None:
    """Return the facts of a server, at most so many seconds old, or None when there is no such server. 0 reads the
    database.

    ``identity.services.guarded_event`` reads them again before it records an event.
    """
    return fresh_facts(number).get(seconds=seconds)


@lru_cache(maxsize=MOST_SERVERS)
def fresh_facts(number: int) -> FreshValue[ServerFacts | None]:
    """Return the value in which this process keeps the facts of a server once they were asked for."""

    def read(last: ServerFacts | None) -> ServerFacts | None:
        server = server_by_number(number)
        return facts_of(server) if server else None

    return FreshValue(read, seconds=FRESH_SECONDS)
