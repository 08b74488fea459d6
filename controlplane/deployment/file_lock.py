"""Locks on files (flock(2)), which the kernel releases when the process ends for any reason. Standard library only."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """Open a file for ``take_lock`` in this block; it is created with mode 0600. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # releases the lock


def take_lock(descriptor: int, how: int = fcntl.LOCK_EX | fcntl.LOCK_NB) -> bool:
    """Lock an open file. Returns whether this process has the lock: with LOCK_NB in ``how``, only if it was free."""
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True
