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
from pathlib import Path

from controlplane.objectstore import files

FOLDER = ".arriving"
LOCK = "lock"


class Reservation:
    """Reserved bytes of an account. It may be closed twice."""

    def __init__(self, account: "Account", size: int) -> None:
        self.size = size
        self._path = account.path_of(size)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        if self._file >= 0:
            with suppress(FileNotFoundError):
                self._path.unlink()
            os.close(self._file)
            self._file = -1


class Account:
    """The reservations of one account, under its lock: no other process reserves or counts meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, size: int) -> Path:
        return self._folder / f"{uuid.uuid4().hex}-{size}"

    def total(self) -> int:
        """The number of reserved bytes."""
        return sum(size for path, size in self._reservations() if _is_held(path))

    def _reservations(self) -> Iterator[tuple[Path, int]]:
        for path in list(self._folder.iterdir()):
            _, hyphen, size = path.name.partition("-")
            if hyphen:
                yield path, int(size)


@contextmanager
def account_lock(account_id: str) -> Iterator[Account]:
    """Hold the lock of an account's reservations. Raises OSError."""
    folder = files.make_folder() / FOLDER / hashlib.sha256(account_id.encode()).hexdigest()[:32]
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Account(folder)
    finally:
        os.close(file)


def _is_held(path: Path) -> bool:
    """Whether the reserving process is alive; otherwise the file is removed."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # it was closed meanwhile
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(file)
