"""Wait until a client has sent its whole TLS ClientHello, so that the handshake does not wait for it afterwards."""

import asyncio
import socket

HANDSHAKE = 0x16
HEADER_SIZE = 5
LARGEST_RECORD = 1 << 14


async def whole_hello(loop: asyncio.AbstractEventLoop, accepted: socket.socket) -> None:
    """Return when the first TLS record (RFC 8446, section 5.1) has arrived, without reading it from the socket.

    Also return at data that is no handshake and at the end of the stream. A ClientHello in several records is not
    awaited completely.
    """
    size = HEADER_SIZE
    try:
        while True:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
            await _readable(loop, accepted)
            record = accepted.recv(size, socket.MSG_PEEK)
            if len(record) < size or record[0] != HANDSHAKE or size > HEADER_SIZE:
                return
            size += min(int.from_bytes(record[3:5], "big"), LARGEST_RECORD)
    finally:
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)


async def _readable(loop: asyncio.AbstractEventLoop, accepted: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_reader(accepted, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(accepted)
