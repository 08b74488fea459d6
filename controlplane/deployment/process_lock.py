"""One supervisor per data directory: who holds the lock is the one."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.deployment.command_line import command_hint
from controlplane.deployment.home import Home

FILE = "supervisor.lock"
TRIES = 5


_taken: dict[Path, int] = {}
"""Descriptors of locks that were taken for a block to come."""


class AlreadyRunning(Exception):
    def __init__(self, home: Home, pid: int | None) -> None:
        super().__init__(
            f"Baremint already runs in {home.path} (process {pid}). "
            f"See it with: {command_hint('info')}  Stop it with: {command_hint('down')}"
        )
        self.pid = pid


@contextmanager
def held(home: Home, name: str = FILE) -> Iterator[None]:
    """Hold the lock of the supervisor, or another one of the data directory. Raises AlreadyRunning.

    The kernel lets go of it when this process ends, however it ends.
    """
    handle = _taken.pop(home.path / name, None) or _acquire(home, name)
    try:
        yield
    finally:
        os.close(handle)


def take(home: Home) -> None:
    """Take the lock of the supervisor now, for ``held`` to hold later. Raises AlreadyRunning."""
    _taken[home.path / FILE] = _acquire(home, FILE)


def _acquire(home: Home, name: str) -> int:
    handle = os.open(home.ensure() / name, os.O_RDWR | os.O_CREAT, 0o600)
    if not _lock(handle):
        holder = _pid(handle)
        os.close(handle)
        raise AlreadyRunning(home, holder)
    os.ftruncate(handle, os.pwrite(handle, str(os.getpid()).encode(), 0))
    return handle


def holder(home: Home, name: str = FILE) -> int | None:
    """Process id of the running supervisor, or of who holds another lock; None when nobody does."""
    try:
        handle = os.open(home.path / name, os.O_RDONLY)
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
