"""How a service of this process calls another one of it over HTTP: through a door that nobody else can reach.

If it called as others do, all threads could be working on requests that wait for such a call, and none would be left
to answer it. The door is a Unix socket without a name in the file system, which admits this process alone, and its
requests have a thread of their own.
"""

import http.client
import os
import socket
import struct

SHARE = "own calls"
"""None of them ends to make room for the connections of others."""
CREDENTIALS = struct.Struct("3i")
"""Process, user and group (unix(7), SO_PEERCRED)."""

_listening: socket.socket | None = None


def listen() -> socket.socket:
    """The door, bound anew: to be called once in each process that serves."""
    global _listening  # noqa: PLW0603  one door a process
    _listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _listening.bind("")  # the kernel chooses a name
    return _listening


def is_own(accepted: socket.socket) -> bool:
    """Whether this process itself connected."""
    peer = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    process, user, _ = CREDENTIALS.unpack(peer)
    return bool(process == os.getpid() and user == os.geteuid())


def connection(*, seconds: float) -> http.client.HTTPConnection:
    """Through the door. What is asked fails after ``seconds``, with an OSError."""
    return _ThroughTheDoor("127.0.0.1", timeout=seconds)


class _ThroughTheDoor(http.client.HTTPConnection):
    def connect(self) -> None:
        if _listening is None:
            raise ConnectionRefusedError("this process serves nothing")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(_listening.getsockname())
