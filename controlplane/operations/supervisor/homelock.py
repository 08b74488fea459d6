"""One supervisor per data directory: who holds the lock is the one."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from controlplane.home import Home

FILE = "supervisor.lock"
TRIES = 5


class AlreadyRunning(Exception):
    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


@contextmanager
def held(home: Home, name: str = FILE) -> Iterator[None]:
    """Hold the lock of the supervisor, or another one of the data directory.

    The kernel lets go of it when this process ends, however it ends.
    """
    handle = os.open(home.ensure() / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _lock(handle):
            raise AlreadyRunning(_pid(handle))
        os.ftruncate(handle, os.pwrite(handle, str(os.getpid()).encode(), 0))
        yield
    finally:
        os.close(handle)


def holder(home: Home, name: str = FILE) -> int | None:
    """Process id of the running supervisor, or of who holds another lock; None when nobody does."""
    try:
        handle = os.open(home.path / name, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(handle)
    else:
        return None
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Take the lock. A few tries, for holder() has it for an instant when it finds nobody."""
    for _ in range(TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


def _pid(handle: int) -> int | None:
    text = os.pread(handle, 32, 0)
    return int(text) if text.isdigit() else None
