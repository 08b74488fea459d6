"""Check the resource limits of the process: address space and open files. Standard library only."""

import resource

LEAST_ADDRESS_SPACE = 1_000_000
"""KiB for each process. The metadata service over TLS, with its threads, has used 700,000."""
LEAST_FILES = 256
"""For each process: listening sockets, pipes to the children, connections, and the database's files."""
UNIT = 1024


class TooLow(Exception):
    """The message gives the limit, the requirement, and the command that raises the limit."""


def check() -> None:
    """Raise TooLow when a limit is too low, because a process would otherwise fail later, when it starts a thread."""
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
