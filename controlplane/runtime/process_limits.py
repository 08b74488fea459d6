"""What a process may have of the machine: address space and open files. Standard library only."""

import resource

LEAST_ADDRESS_SPACE = 1_000_000
"""KiB, of each process. The metadata service over TLS, with its threads, has come to 700,000."""
LEAST_FILES = 256
"""Of each process: listening sockets and pipes to the children, connections, and the database's files."""
UNIT = 1024


class TooLow(Exception):
    """Says what is there, and what it takes."""


def check() -> None:
    """Raise TooLow rather than start something that dies when it starts a thread, or later."""
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if space != resource.RLIM_INFINITY and space < LEAST_ADDRESS_SPACE * UNIT:
        raise TooLow(
            f"Baremint needs {LEAST_ADDRESS_SPACE:,} KiB of address space in each process, and the limit is "
            f"{space // UNIT:,} KiB. Raise it with: ulimit -v {LEAST_ADDRESS_SPACE}"
        )
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < LEAST_FILES:
        raise TooLow(
            f"Baremint needs {LEAST_FILES} open files in each process, and the limit is {files}. "
            f"Raise it with: ulimit -n {LEAST_FILES}"
        )
