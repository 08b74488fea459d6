"""From IBM's API hosts, as servers know them, to the control plane: TLS ends here, bytes are passed on as they are."""

import asyncio
from collections.abc import Hashable
from typing import Any

import structlog

from controlplane.operations.http.crowd import FOREVER, Crowd

log = structlog.get_logger(__name__)

IDLE_SECONDS = 120.0
"""Without a byte in either direction; the control plane ends a connection before that."""


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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = transport
        self._crowd.join(self)
        self.touch()
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
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
        if now >= self.deadline:
            self.abort()

    def abort(self) -> None:
        self._crowd.leave(self)
        self._near.abort()

    def touch(self) -> None:
        self.deadline = asyncio.get_running_loop().time() + IDLE_SECONDS

    def receive(self, data: bytes) -> None:
        """Take what the control plane sent."""
        self.touch()
        self._near.write(data)

    def hang_up(self) -> None:
        """The control plane has closed its side."""
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

    def connection_lost(self, exc: Exception | None) -> None:
        self._near.hang_up()

    def pause_writing(self) -> None:
        self._near.pause_reading()

    def resume_writing(self) -> None:
        self._near.resume_reading()
