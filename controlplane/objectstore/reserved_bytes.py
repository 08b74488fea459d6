"""Reserved bytes of uploads in progress, of all processes on this data directory.

A reservation is a file with the size in its name, locked while it lasts. The system releases the lock when the process
is killed, and the next count removes the file.
"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from controlplane.deployment.file_lock import lock_file, take_lock
from controlplane.objectstore import files

FOLDER = ".arriving"
LOCK = "lock"


class Reservation:
    """Reserved bytes of an account. It may be closed twice."""

    def __init__(self, account: "Account", size: int) -> None:
        self.size = size
        self._path = account.path_of(size)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        take_lock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        if self._file >= 0:
            with suppress(FileNotFoundError):
                self._path.unlink()
            os.close(self._file)
            self._file = -1


@dataclass(frozen=True)
class Account:
    """The reservations of one account, under its lock: no other process reserves or counts meanwhile."""

    folder: Path

    def path_of(self, size: int) -> Path:
        return self.folder / f"{uuid.uuid4().hex}-{size}"

    def total(self) -> int:
        """The number of reserved bytes."""
        active_paths = [path for path in list(self.folder.glob("*-*")) if _is_active(path)]
        return sum(int(path.name.rpartition("-")[2]) for path in active_paths)


@contextmanager
def account_lock(account_id: str) -> Iterator[Account]:
    """Lock the reservations of an account for this block. Raises OSError."""
    folder = files.make_folder() / FOLDER / hashlib.sha256(account_id.encode()).hexdigest()[:32]
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    with lock_file(folder / LOCK) as descriptor:
        take_lock(descriptor, fcntl.LOCK_EX)
        yield Account(folder)


def _is_active(path: Path) -> bool:
    """Whether the reserving process is alive; otherwise the file is removed."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # it was closed meanwhile
        return False
    try:
        if is_abandoned := take_lock(file):
            path.unlink(missing_ok=True)
        return not is_abandoned
    finally:
        os.close(file)
