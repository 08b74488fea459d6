"""A temporary folder that its owner process removes at its end.

The owner holds a lock on the folder itself (flock(2)), which the kernel releases when the process ends for any reason.
A folder without a lock is abandoned: its owner was killed. The next process that creates a folder with the same prefix
removes it.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.deployment.file_lock import take_lock

TRIES = 5
"""Another process holds the lock briefly while it looks for abandoned folders."""


class NotOwned(Exception):
    """The message names the folder and says what to do."""


@contextmanager
def owned_folder(prefix: str) -> Iterator[Path]:
    """Create a folder that only this user may enter, and remove it in the end. Abandoned ones are removed first."""
    path, lock = make_owned_folder(prefix)
    with _removed_in_the_end(path, lock):
        yield path


@contextmanager
def owned_folder_at(path: Path, prefix: str) -> Iterator[None]:
    """Create the folder at a path that other processes can derive. Raises NotOwned when it cannot be private."""
    remove_abandoned(prefix)
    lock = None
    for _ in range(TRIES):
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            lock = _lock(str(path))
        except FileNotFoundError:  # another process removed it as abandoned before it was locked
            continue
        except OSError as error:  # the path is a file or a link
            raise NotOwned(f"{path}: {error.strerror}. Remove it, or set TMPDIR to a directory of your own.") from None
        if lock is not None:
            break
        time.sleep(0.1)
    if lock is None:
        raise NotOwned(f"{path} belongs to another user or is in use. Set TMPDIR to a directory of your own.")
    with _removed_in_the_end(path, lock):
        yield


def remove_abandoned(prefix: str) -> None:
    """Remove this user's temporary folders of that prefix whose owner has ended."""
    with os.scandir(tempfile.gettempdir()) as entries:
        paths = [entry.path for entry in entries if entry.name.startswith(prefix)]
    for path in paths:
        try:
            lock = _lock(path)
        except OSError:  # it belongs to another user, is no folder, or was just removed
            continue
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def make_owned_folder(prefix: str) -> tuple[Path, int]:
    """Return a new folder, which the caller removes, and the descriptor of its lock. Removes abandoned ones first."""
    remove_abandoned(prefix)
    while True:  # a folder that is not locked yet looks abandoned, and another process may remove it
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
        shutil.rmtree(path, ignore_errors=True)  # a file that is still written to stays until the next start
        os.close(lock)


def _lock(path: str) -> int | None:
    """Return a descriptor with the lock of this user's folder, or None when it is locked. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if take_lock(handle):
            opened_folder, current = os.fstat(handle), os.stat(path, follow_symlinks=False)
            if opened_folder.st_uid == os.geteuid() and os.path.samestat(opened_folder, current):
                os.fchmod(handle, 0o700)
                return handle
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return None
