"""Waiting until a client has said all of its TLS ClientHello, so that what follows can be computed at once."""

import asyncio
import socket

HANDSHAKE = 0x16
HEADER_SIZE = 5
LARGEST_RECORD = 1 << 14


async def whole_hello(loop: asyncio.AbstractEventLoop, accepted: socket.socket) -> None:
    """Until its first record (RFC 8446, 5.1) has arrived, of which nothing is taken; or what is no handshake, or the
    end. A client that spreads its ClientHello over several records is not waited for."""
    needed = HEADER_SIZE
    try:
        while True:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, needed)
            await _readable(loop, accepted)
            there = accepted.recv(needed, socket.MSG_PEEK)
            if len(there) < needed or there[0] != HANDSHAKE or needed > HEADER_SIZE:
                return
            needed += min(int.from_bytes(there[3:5], "big"), LARGEST_RECORD)
    finally:
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)


async def _readable(loop: asyncio.AbstractEventLoop, accepted: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_reader(accepted, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(accepted)
