"""What a connection may take: times in seconds, sizes in bytes. Each listener applies all of them."""

import resource
from dataclasses import dataclass
from pathlib import Path

RESERVED_FILES = 96
"""Descriptors that are no connections: the database's, the log's, the loop's, and what is being spooled."""
FEWEST_CONNECTIONS = 64
MOST_CONNECTIONS = 8192


@dataclass(frozen=True)
class Limits:
    head_seconds: float = 10
    """Of the TLS handshake, and again from the first byte of a request to the end of its head."""
    body_seconds: float = 10
    """From the end of the head to the end of the body. Where bodies may be spooled to a file, one may go on after that
    for as long as each further span of this length brings it ``least_rate``."""
    request_seconds: float = 30
    """From the first byte of the head to the moment when a thread takes the request."""
    early_seconds: float = 0.1
    """Without the whole body, after which it is asked whether the request is refused whatever the body says."""
    answer_seconds: float = 10
    """Until the client has read the answer; a longer answer must be read at ``least_rate`` in each span of this
    length."""
    idle_seconds: float = 75
    """Between two requests of a connection."""
    linger_seconds: float = 2
    """For a client to read the answer to a request that it has not finished sending, since it last sent something, if
    that comes at ``least_rate``."""
    linger_size: int = 64 * 1024 * 1024
    """So much is read over of what it sends meanwhile."""
    least_rate: int = 64 * 1024
    """Per second."""
    head_size: int = 64 * 1024
    head_lines: int = 200
    spool_above: int = 256 * 1024
    """A larger body is kept in a file, not in memory."""
    spool_folder: Path | None = None
    """Where that file is, which has no name; None: where the system has its temporary files."""
    unread_size: int = 64 * 1024
    """So much of a body that nobody wants is read, so that the connection can be kept; and so much of what follows a
    request that is being worked on."""
    unfinished_of_one: int = 64
    """Requests and handshakes of one server that have begun to arrive. One more, and the oldest of them ends, if it had
    ``fair_seconds``."""
    fair_seconds: float = 1
    waiting_answers: int = 256 * 1024 * 1024
    """Of all answers that are not read by their clients. Beyond that, the connection with most of it ends."""


def most_connections() -> int:
    """How many this process can have, by its limit of open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - RESERVED_FILES
    return min(MOST_CONNECTIONS, max(FEWEST_CONNECTIONS, files))
