"""From IBM's API hosts, as servers know them, to the control plane: TLS ends here, bytes are passed on as they are."""

import asyncio
from collections.abc import Hashable
from typing import Any

import structlog

from controlplane.runtime.http.connection_limit import FOREVER, Crowd

log = structlog.get_logger(__name__)

IDLE_SECONDS = 120.0
"""Without a byte in either direction; the control plane ends a connection before that."""
LINGER_SECONDS = 2.0
"""Since the client last sent something, when the control plane has sent all. Whoever closes on what still comes throws
the answer away."""


class Relayed(asyncio.Protocol):
    """A server's side of a connection to the control plane. A member of the crowd; see ``crowd.Member``."""

    def __init__(self, crowd: Crowd, share: Hashable, *, to: tuple[str, int]) -> None:
        self.share = share
        self.deadline = FOREVER
        self._crowd = crowd
        self._to = to
        self._far = _Far(self)
        self._early = bytearray()
        self._near: Any = None
        self._heard_at = 0.0
        """When the client last sent something."""
        self._has_all = False
        """The control plane has sent all that it sends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = transport
        self._crowd.join(self)
        self.touch()
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self.touch()
        if self._far.transport is None:
            self._early += data
            self._near.pause_reading()
        else:
            self._far.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        self._connecting.cancel()
        if self._far.transport is not None:
            self._far.transport.close()

    def pause_writing(self) -> None:
        self._far.transport.pause_reading()

    def resume_writing(self) -> None:
        self._far.transport.resume_reading()

    def look(self, now: float) -> None:
        if now >= self.deadline and self._has_all:
            self.hang_up()
        elif now >= self.deadline:
            self.abort()

    def abort(self) -> None:
        self._crowd.leave(self)
        self._near.abort()
        if self._far.transport is not None:  # at once, for the loop may be about to end
            self._far.transport.abort()

    def touch(self) -> None:
        if self._has_all:
            self.deadline = self._heard_at + LINGER_SECONDS
        else:
            self.deadline = asyncio.get_running_loop().time() + IDLE_SECONDS

    def receive(self, data: bytes) -> None:
        """Take what the control plane sent."""
        self.touch()
        self._near.write(data)

    def end(self) -> None:
        """The control plane has sent all. What the client still sends, as of a form, is passed on until it is done."""
        self._has_all = True
        self.touch()
        self.look(asyncio.get_running_loop().time())

    def hang_up(self) -> None:
        """Close when the client has all of what the control plane has sent."""
        self._has_all = False
        self.touch()
        self._near.close()

    def pause_reading(self) -> None:
        self._near.pause_reading()

    def resume_reading(self) -> None:
        if not self._near.is_closing():
            self._near.resume_reading()

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self._far, *self._to)
        except OSError:  # no control plane: the client sees a connection that is closed
            self._near.close()
            return
        if self._early:
            self._far.transport.write(bytes(self._early))
            self._early.clear()
            self.resume_reading()


class _Far(asyncio.Protocol):
    """The control plane's side."""

    def __init__(self, near: Relayed) -> None:
        self.transport: Any = None
        self._near = near

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._near.receive(data)

    def eof_received(self) -> bool:
        self._near.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._near.hang_up()

    def pause_writing(self) -> None:
        self._near.pause_reading()

    def resume_writing(self) -> None:
        self._near.resume_reading()
