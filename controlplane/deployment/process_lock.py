"""One supervisor per data directory: the process that has the lock."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.deployment.command_line import command_hint
from controlplane.deployment.file_lock import take_lock
from controlplane.deployment.home import Home

FILE = "supervisor.lock"
TRIES = 5


_early: dict[Path, int] = {}
"""Descriptors of locks that were taken before their block began."""


class AlreadyRunning(Exception):
    def __init__(self, home: Home, pid: int | None) -> None:
        super().__init__(
            f"Baremint already runs in {home.path} (process {pid}). "
            f"See it with: {command_hint('info')}  Stop it with: {command_hint('down')}"
        )
        self.pid = pid


@contextmanager
def lock(home: Home, name: str = FILE) -> Iterator[None]:
    """Have the lock of the supervisor, or another one of the data directory, for a block. Raises AlreadyRunning.

    The kernel releases it when this process ends, however it ends.
    """
    handle = _early.pop(home.path / name, None) or _acquire(home, name)
    try:
        yield
    finally:
        os.close(handle)


def lock_early(home: Home) -> None:
    """Take the lock of the supervisor now, for a later block of ``lock``. Raises AlreadyRunning."""
    _early[home.path / FILE] = _acquire(home, FILE)


def _acquire(home: Home, name: str) -> int:
    handle = os.open(home.ensure() / name, os.O_RDWR | os.O_CREAT, 0o600)
    if not _try(handle):
        holder = _pid(handle)
        os.close(handle)
        raise AlreadyRunning(home, holder)
    os.ftruncate(handle, os.pwrite(handle, str(os.getpid()).encode(), 0))
    return handle


def holder(home: Home, name: str = FILE) -> int | None:
    """Process id of the running supervisor, or of the process that has another lock; None when none has it."""
    try:
        handle = os.open(home.path / name, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if take_lock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB) else _pid(handle)
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    """Take the lock. A few tries, for holder() has it for an instant when it finds no process."""
    for _ in range(TRIES):
        if take_lock(handle):
            return True
        time.sleep(0.1)
    return False


def _pid(handle: int) -> int | None:
    text = os.pread(handle, 32, 0)
    return int(text) if text.isdigit() else None
