"""A connection before its TLS handshake is done."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Hashable

import structlog

from controlplane.operations.http.crowd import Crowd
from controlplane.operations.http.limits import Limits

log = structlog.get_logger(__name__)

NEVER = 3600
"""Seconds. ``deadline`` is what ends a handshake."""


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
        context: Awaitable[ssl.SSLContext],
        then: Callable[[], asyncio.Protocol],
    ) -> None:
        """Go on with the protocol that ``then`` makes; or close the socket."""
        try:
            made = await context
            await loop.connect_accepted_socket(
                then, accepted, ssl=made, ssl_handshake_timeout=NEVER, ssl_shutdown_timeout=self._linger_seconds
            )
        except (OSError, asyncio.CancelledError):  # no TLS, an old version, a certificate refused, or no time left
            accepted.close()
        except Exception:
            log.exception("a connection could not be taken")
            accepted.close()
        finally:
            self._crowd.leave(self)
