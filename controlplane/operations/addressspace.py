"""How much address space a process may have (``ulimit -v``), and how much it takes to start. Standard library only."""

import resource

LEAST = 1_000_000
"""KiB, of each process. The metadata service over TLS, with its threads, has come to 700,000."""
UNIT = 1024


class TooSmall(Exception):
    """Says what is there, and what it takes."""


def check() -> None:
    """Raise TooSmall rather than start something that dies when it starts a thread, or later."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST * UNIT:
        raise TooSmall(
            f"Baremint needs {LEAST:,} KiB of address space in each process, and the limit is {limit // UNIT:,} KiB. "
            f"Raise it with: ulimit -v {LEAST}"
        )
