"""Relay connections to IBM's API hosts to the control plane: terminate TLS and pass the bytes on unchanged."""

import asyncio
from collections.abc import Hashable
from typing import Any

import structlog

from controlplane.runtime.http.connection_limit import FOREVER, ConnectionLimit

log = structlog.get_logger(__name__)

IDLE_SECONDS = 120.0
"""A connection without traffic ends after this time. The control plane's own limit is shorter."""
LINGER_SECONDS = 2.0
"""How long the client must be silent before the connection closes, once the control plane has sent its response. A
socket that is closed while data arrives sends a reset, and the client loses the response."""


class RelayedConnection(asyncio.Protocol):
    """The server's side of a connection to the control plane; implements ``LimitedConnection``."""

    def __init__(self, connections: ConnectionLimit, share: Hashable, *, to: tuple[str, int]) -> None:
        self.share = share
        self.deadline = FOREVER
        self._connections = connections
        self._to = to
        self._far = _ControlPlaneConnection(self)
        self._early = bytearray()
        self._near: Any = None
        self._received_at = 0.0
        """When the client last sent something."""
        self._has_all = False
        """The control plane has sent its whole response."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = transport
        self._connections.add(self)
        self.touch()
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._received_at = asyncio.get_running_loop().time()
        self.touch()
        if self._far.transport is None:
            self._early += data
            self._near.pause_reading()
        else:
            self._far.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)
        self._connecting.cancel()
        if self._far.transport is not None:
            self._far.transport.close()

    def pause_writing(self) -> None:
        self._far.transport.pause_reading()

    def resume_writing(self) -> None:
        self._far.transport.resume_reading()

    def check_deadline(self, now: float) -> None:
        if now >= self.deadline and self._has_all:
            self.hang_up()
        elif now >= self.deadline:
            self.abort()

    def abort(self) -> None:
        self._connections.remove(self)
        self._near.abort()
        if self._far.transport is not None:  # abort() and not close(): the loop may be about to stop
            self._far.transport.abort()

    def touch(self) -> None:
        if self._has_all:
            self.deadline = self._received_at + LINGER_SECONDS
        else:
            self.deadline = asyncio.get_running_loop().time() + IDLE_SECONDS

    def receive(self, data: bytes) -> None:
        """Pass on data from the control plane."""
        self.touch()
        self._near.write(data)

    def end(self) -> None:
        """Handle the end of the response. What the client still sends, such as a form, is passed on."""
        self._has_all = True
        self.touch()
        self.check_deadline(asyncio.get_running_loop().time())

    def hang_up(self) -> None:
        """Close once the client has received everything that the control plane sent."""
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
        except OSError:  # the control plane does not run: the client sees a closed connection
            self._near.close()
            return
        if self._early:
            self._far.transport.write(bytes(self._early))
            self._early.clear()
            self.resume_reading()


class _ControlPlaneConnection(asyncio.Protocol):
    """The control plane's side of a relayed connection."""

    def __init__(self, near: RelayedConnection) -> None:
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
