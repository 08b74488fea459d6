"""A connection before its TLS handshake is done."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Hashable

from controlplane.operations.http.crowd import Crowd


class Handshake:
    """A member of the crowd; see ``crowd.Member``."""

    def __init__(self, crowd: Crowd, share: Hashable, now: float, *, seconds: float) -> None:
        self.share = share
        self.deadline = now + seconds
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

    def waiting_size(self) -> int:
        return 0

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
            # ``deadline`` is what ends it.
            await loop.connect_accepted_socket(then, accepted, ssl=made, ssl_handshake_timeout=60)
        except (OSError, asyncio.CancelledError):  # no TLS, an old version, a certificate refused, or no time left
            accepted.close()
        except BaseException:
            accepted.close()
            raise
        finally:
            self._crowd.leave(self)
