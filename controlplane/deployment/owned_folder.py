"""A temporary folder that goes with its owner, or, when the owner was killed, with the next one of its kind.

The owner holds a lock on the folder itself (flock(2)). The kernel lets go of it when the process ends, however it ends;
a folder of this kind that nobody holds is nobody's, and whoever makes the next one removes it.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TRIES = 5
"""Others hold the lock for an instant while they look for abandoned folders."""


class NotOurs(Exception):
    """Says where, and what to do."""


@contextmanager
def owned_folder(prefix: str) -> Iterator[Path]:
    """A new folder that only this user may enter, removed in the end together with abandoned ones of this prefix."""
    path, lock = make_owned_folder(prefix)
    with _removed_in_the_end(path, lock):
        yield path


@contextmanager
def owned_folder_at(path: Path, prefix: str) -> Iterator[None]:
    """The same at a path that other processes can work out. Raises NotOurs when it cannot be this user's alone."""
    remove_abandoned(prefix)
    lock = None
    for _ in range(TRIES):
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            lock = _lock(str(path))
        except FileNotFoundError:  # removed as abandoned before the lock was ours
            continue
        except OSError as error:  # a file or a link is there
            raise NotOurs(f"{path}: {error.strerror}. Remove it, or set TMPDIR to a directory of your own.") from None
        if lock is not None:
            break
        time.sleep(0.1)
    if lock is None:
        raise NotOurs(f"{path} belongs to another user or is in use. Set TMPDIR to a directory of your own.")
    with _removed_in_the_end(path, lock):
        yield


def remove_abandoned(prefix: str) -> None:
    """Remove this user's temporary folders of that prefix whose owner has ended."""
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(prefix)]
    for path in found:
        try:
            lock = _lock(path)
        except OSError:  # another user's, a link, no folder, or just removed by somebody else
            continue
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def make_owned_folder(prefix: str) -> tuple[Path, int]:
    """A new folder, for its owner to remove, and the descriptor that holds its lock. Removes abandoned ones first."""
    remove_abandoned(prefix)
    while True:  # until the lock is ours: for an instant a new folder looks abandoned, and somebody may remove it
        path = tempfile.mkdtemp(prefix=prefix)
        try:
            lock = _lock(path)
        except FileNotFoundError:
            continue
        if lock is not None:
            return Path(path), lock


@contextmanager
def _removed_in_the_end(path: Path, lock: int) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)  # what is still written to stays until the next start
        os.close(lock)


def _lock(path: str) -> int | None:
    """A descriptor that holds the lock of a folder of ours; None when somebody else has it. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held, there = os.fstat(handle), os.stat(path, follow_symlinks=False)
        if held.st_uid == os.geteuid() and os.path.samestat(held, there):
            os.fchmod(handle, 0o700)
            return handle
    except BlockingIOError:
        pass
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return None
