"""From IBM's API hosts, as servers know them, to the control plane: TLS ends here, bytes are passed on as they are."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

CHUNK = 65_536
HANDSHAKE_SECONDS = 10


class Relay:
    """Serves any number of listening sockets in a thread of its own."""

    def __init__(self, *, to: tuple[str, int], context: Callable[[], ssl.SSLContext]) -> None:
        """``context`` is asked for each connection, in a thread where it may read the database."""
        self._to = to
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._accepting: dict[socket.socket, asyncio.Task[None]] = {}
        self._connections: set[asyncio.Task[None]] = set()
        threading.Thread(target=self._loop.run_forever, name="relay", daemon=True).start()

    def open(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        listening.listen()
        self._loop.call_soon_threadsafe(self._begin, listening)

    def shut(self, listening: socket.socket) -> None:
        """Accept no more there. Closing the socket is the caller's."""
        asyncio.run_coroutine_threadsafe(self._end(listening), self._loop).result()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _begin(self, listening: socket.socket) -> None:
        self._accepting[listening] = self._loop.create_task(self._accept(listening))

    async def _end(self, listening: socket.socket) -> None:
        task = self._accepting.pop(listening)
        task.cancel()
        await asyncio.wait([task])

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            accepted, _ = await self._loop.sock_accept(listening)
            connection = self._loop.create_task(self._serve(accepted))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

    async def _serve(self, accepted: socket.socket) -> None:
        try:
            near, far = await self._connect(accepted)
        except OSError:  # no handshake, or no control plane: the client sees a connection that is closed
            accepted.close()
            return
        except Exception:
            log.exception("a connection to the control plane could not be made")
            accepted.close()
            return
        pumps = [
            asyncio.create_task(_pump(near[0], far[1])),
            asyncio.create_task(_pump(far[0], near[1])),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)
        near[1].close()
        far[1].close()

    async def _connect(self, accepted: socket.socket) -> tuple["Streams", "Streams"]:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            accepted,
            ssl=await asyncio.to_thread(self._context),
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            return (reader, writer), await asyncio.open_connection(*self._to)
        except OSError:
            writer.close()
            raise


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
    except OSError:
        pass  # either side went; both are closed now
