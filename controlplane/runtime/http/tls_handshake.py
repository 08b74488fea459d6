"""A connection before its TLS handshake is done."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Hashable

import structlog

from controlplane.runtime.http.client_hello import whole_hello
from controlplane.runtime.http.concurrency_limit import ConcurrencyLimit
from controlplane.runtime.http.connection_limit import Crowd
from controlplane.runtime.http.limits import Limits

log = structlog.get_logger(__name__)

NEVER = 3600
"""Seconds. ``deadline`` is what ends a handshake."""
AT_ONCE = 4
"""So many handshakes are computed before the loop does something else."""
SLOT_SECONDS = 0.01
"""How long a handshake keeps its slot when its client is slow; it goes on afterwards."""


class Handshake:
    """A member of the crowd; see ``crowd.Member``."""

    def __init__(self, crowd: Crowd, share: Hashable, now: float, limits: Limits) -> None:
        self.share = share
        self.deadline = now + limits.head_seconds
        self._linger_seconds = limits.linger_seconds
        self.task: asyncio.Task[None] | None = None
        self._crowd = crowd
        crowd.join(self)
        crowd.arriving(self, now)

    def look(self, now: float) -> None:
        if now >= self.deadline:
            self.abort()

    def abort(self) -> None:
        self._crowd.leave(self)
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
        """Go on with the protocol that ``then`` makes; or close the socket."""
        slot = None
        try:
            await whole_hello(loop, accepted)
            slot = await limit.acquire(self.share)
            made = await context()
            loop.call_later(SLOT_SECONDS, slot.release)
            await loop.connect_accepted_socket(
                then, accepted, ssl=made, ssl_handshake_timeout=NEVER, ssl_shutdown_timeout=self._linger_seconds
            )
        except (OSError, asyncio.CancelledError):  # no TLS, an old version, a certificate refused, or no time left
            accepted.close()
        except Exception:
            log.exception("a connection could not be taken")
            accepted.close()
        finally:
            if slot is not None:
                slot.release()
            self._crowd.leave(self)
