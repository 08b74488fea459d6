"""HTTP calls between services of the same process, over a private Unix socket.

Over the public port such calls could deadlock: all threads could be waiting for a call that no thread is free to
answer. The socket has no name in the file system, accepts only this process, and its requests have a thread of their
own.
"""

import http.client
import os
import socket
import struct

SHARE = "own calls"
"""These calls are not ended in favour of other connections."""
CREDENTIALS = struct.Struct("3i")
"""Process, user and group (unix(7), SO_PEERCRED)."""

_listening: socket.socket | None = None


def listen() -> socket.socket:
    """Return a new listening socket. Call it once in each process that serves."""
    global _listening  # noqa: PLW0603  one socket for each process
    _listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _listening.bind("")  # the kernel chooses a name
    return _listening


def is_this_process(accepted: socket.socket) -> bool:
    """Return whether this process itself connected."""
    peer = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    process, user, _ = CREDENTIALS.unpack(peer)
    return bool(process == os.getpid() and user == os.geteuid())


def connection(*, seconds: float) -> http.client.HTTPConnection:
    """Return a connection over the socket. Calls fail after ``seconds`` with an OSError."""
    return _InternalConnection("127.0.0.1", timeout=seconds)


class _InternalConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        if _listening is None:
            raise ConnectionRefusedError("this process serves nothing")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(_listening.getsockname())
