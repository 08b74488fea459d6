"""The limits of a connection: times in seconds, sizes in bytes. Every listener applies all of them."""

import resource
from dataclasses import dataclass
from pathlib import Path

RESERVED_FILES = 96
"""Descriptors for other purposes: the database, the log, the event loop, and spooled bodies."""
FEWEST_CONNECTIONS = 64
MOST_CONNECTIONS = 8192


@dataclass(frozen=True)
class Limits:
    head_seconds: float = 10
    """For the TLS handshake, and from the first byte of a request to the end of its head."""
    body_seconds: float = 10
    """From the end of the head to the end of the body. A body that may be spooled to a file may take longer, as long as
    it arrives at ``least_rate`` in each further span of this length."""
    request_seconds: float = 30
    """From the first byte of the head until a thread processes the request."""
    early_seconds: float = 0.1
    """How long a body may be incomplete before the application is called early, to refuse the request by its head."""
    answer_seconds: float = 10
    """Until the client has read the response; a long one must be read at ``least_rate`` in each span of this length."""
    idle_seconds: float = 75
    """Between two requests of a connection."""
    linger_seconds: float = 2
    """After the last data from a client that got its response before it had sent the whole request. The data must
    arrive at ``least_rate``."""
    linger_size: int = 64 * 1024 * 1024
    """How much of that data is discarded before the connection is ended."""
    least_rate: int = 64 * 1024
    """Per second."""
    head_size: int = 64 * 1024
    head_lines: int = 200
    spool_above: int = 256 * 1024
    """A larger body is stored in a file instead of memory."""
    spool_folder: Path | None = None
    """The folder of that unnamed file; None for the system's temporary folder."""
    unread_size: int = 64 * 1024
    """How much of an unneeded body is discarded to keep the connection, and how much is buffered of what follows a
    request that is being processed."""
    unfinished_of_one: int = 64
    """Unfinished requests and handshakes of one server. One more ends the oldest of them, if that is older than
    ``fair_seconds``."""
    fair_seconds: float = 1
    waiting_answers: int = 256 * 1024 * 1024
    """Total size of the responses that clients have not read. Above it, the connection with most of them is ended."""


def most_connections() -> int:
    """Return how many connections this process can have by its limit of open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - RESERVED_FILES
    return min(MOST_CONNECTIONS, max(FEWEST_CONNECTIONS, files))
