"""Who is calling? A caller has no credential; the network says which server it is.

Loopback attachment: every server has an address of its own in 127.64.0.0/10, and the address that was dialled (Host)
names the server. Nothing else does: no header, no path, no token.
"""

import ipaddress
import time
from collections import OrderedDict
from functools import lru_cache
from threading import Lock

from django.http import HttpRequest

from controlplane.kernel.errors import InvalidValue, Target, Unauthorized
from controlplane.kernel.facts import ServerFacts
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
FRESH_SECONDS = 1.0
MOST_SERVERS = 10_000


def server_of(request: HttpRequest) -> int:
    """The number of the server this request comes from. Raises Unauthorized or InvalidValue when it is none."""
    meta = request.META
    if any(header in meta for header in FORWARDED):
        raise Unauthorized(
            "The request came through a proxy. Call the metadata service directly from the server; "
            "unset http_proxy, or add its address to no_proxy."
        )
    if not _is_loopback(meta.get("REMOTE_ADDR", "")):
        raise Unauthorized("The metadata service is only reachable from the machine it simulates servers on.")
    host, _, port = meta.get("HTTP_HOST", "").partition(":")
    number = server_number(host)
    if number is None or (port and not port.isdigit()):
        raise InvalidValue(
            "The Host is not the address of a server. Dial the server's own address: baremint address SERVER",
            target=Target("Host", "header"),
        )
    return number


@lru_cache(maxsize=1024)
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class Snapshots:
    """What is known of each server, at most a second old. Never the last word: see identity/services/ledger.py."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[float, ServerFacts]] = OrderedDict()
        self._lock = Lock()

    def get(self, number: int, *, anew: bool = False) -> ServerFacts | None:
        """Facts of a server, or None when there is none. ``anew`` reads the database whatever is known."""
        instant = time.monotonic()
        known = self._known.get(number)
        if known and not anew and instant - known[0] < FRESH_SECONDS:
            return known[1]
        server = server_by_number(number)
        with self._lock:
            self._known.pop(number, None)
            if server is None:
                return None
            facts = facts_of(server)
            self._known[number] = (instant, facts)
            if len(self._known) > MOST_SERVERS:
                self._known.popitem(last=False)
        return facts


snapshots = Snapshots()
