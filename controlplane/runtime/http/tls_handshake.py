"""The TLS handshake of a connection."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Hashable

import structlog

from controlplane.runtime.http.client_hello import whole_hello
from controlplane.runtime.http.concurrency_limit import ConcurrencyLimit
from controlplane.runtime.http.connection_limit import ConnectionLimit
from controlplane.runtime.http.limits import Limits

log = structlog.get_logger(__name__)

NEVER = 3600
"""Seconds. ``deadline`` ends a handshake, not asyncio's time limit."""
AT_ONCE = 4
"""How many handshakes are computed at once."""
SLOT_SECONDS = 0.01
"""How long a handshake with a slow client counts among them."""


class Handshake:
    """A connection until its handshake is complete; implements ``LimitedConnection``."""

    def __init__(self, connections: ConnectionLimit, share: Hashable, now: float, limits: Limits) -> None:
        self.share = share
        self.deadline = now + limits.head_seconds
        self._linger_seconds = limits.linger_seconds
        self.task: asyncio.Task[None] | None = None
        self._connections = connections
        connections.add(self)
        connections.begin(self, now)

    def check_deadline(self, now: float) -> None:
        if now >= self.deadline:
            self.abort()

    def abort(self) -> None:
        self._connections.remove(self)
        if self.task is not None:
            self.task.cancel()

    async def shake_hands(
        self,
        loop: asyncio.AbstractEventLoop,
        accepted: socket.socket,
        limit: ConcurrencyLimit,
        context: Callable[[], Awaitable[ssl.SSLContext]],
        then: Callable[[], asyncio.Protocol],
    ) -> None:
        """Complete the handshake and continue with the protocol that ``then`` creates, or close the socket."""
        slot = None
        try:
            await whole_hello(loop, accepted)
            slot = await limit.acquire(self.share)
            tls_context = await context()
            loop.call_later(SLOT_SECONDS, slot.release)
            await loop.connect_accepted_socket(
                then, accepted, ssl=tls_context, ssl_handshake_timeout=NEVER, ssl_shutdown_timeout=self._linger_seconds
            )
        except (OSError, asyncio.CancelledError):  # no TLS, an old version, a certificate refused, or no time left
            accepted.close()
        except Exception:
            log.exception("a connection could not be accepted")
            accepted.close()
        finally:
            if slot is not None:
                slot.release()
            self._connections.remove(self)
