"""Files and folders that are private to the user. Standard library only."""

import errno
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
PARTIAL = ".baremint-"
"""Prefix of the names of incomplete files and folders."""
ABANDONED_SECONDS = 3600


class NotOwned(OSError):
    """A path belongs to another user or is open to all users. The message says what to do."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(errno.EPERM, text, str(path))

    def __str__(self) -> str:
        return str(self.strerror)


def require_ownership(path: Path) -> int | None:
    """Remove other users' permissions from a file or folder; returns its former mode if it changed.

    A link must belong to this user, as must its target. Raises NotOwned for a path of another user, and for a folder in
    which all users may create files, such as /tmp; OSError.
    """
    status = path.lstat()
    _require_owner(path, status)
    if stat.S_ISLNK(status.st_mode):
        status = path.stat()
        _require_owner(path.resolve(), status)
        if stat.S_ISDIR(status.st_mode):
            return None  # a linked folder may have other purposes
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_ISVTX and mode & OTHERS_MAY_WRITE:
        raise NotOwned(path, f"All users may create files in {path}. Set BAREMINT_HOME to a directory of your own.")
    if not mode & OTHERS:
        return None
    path.chmod(mode & ~OTHERS)
    return mode


def _require_owner(path: Path, status: os.stat_result) -> None:
    if status.st_uid == os.geteuid():
        return
    owner, user = user_name(status.st_uid), user_name(os.geteuid())
    text = f"{path} belongs to user {owner}, and this is user {user}."
    if stat.S_ISDIR(status.st_mode):
        raise NotOwned(path, f"{text} Run this as {owner}, or set BAREMINT_HOME to a directory of your own.")
    raise NotOwned(path, f"{text} Run this as {owner}, move it away, or take it over: sudo chown {user} {path}")


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Write a new file of mode 0600 that appears at ``path`` once it is completely on disk.

    An existing file or link is replaced, whatever its permissions, and stays when the block fails. Raises OSError with
    ``path``, also when ``path`` is neither, such as a device.
    """
    try:
        _require_replaceable(path)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_folder(path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(partial)
        if isinstance(error, OSError) and error.filename in (None, partial):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _require_replaceable(path: Path) -> None:
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise OSError(errno.EINVAL, "it is no ordinary file")


def sync_folder(path: Path) -> None:
    """Write the folder of ``path`` to disk. Otherwise a power failure may lose the new name."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """Create a temporary folder of mode 0700 for incomplete files, and remove it in the end. Raises OSError."""
    remove_abandoned(parent)
    with tempfile.TemporaryDirectory(dir=parent, prefix=PARTIAL) as folder:
        yield Path(folder)


def remove_abandoned(folder: Path) -> None:
    """Remove incomplete files that are an hour older than the folder's last change; their process was killed."""
    last_change = folder.stat().st_mtime
    for each in folder.glob(f"{PARTIAL}*"):
        with suppress(OSError):
            status = each.lstat()
            if status.st_uid != os.geteuid() or last_change - status.st_mtime < ABANDONED_SECONDS:
                continue
            if stat.S_ISDIR(status.st_mode):
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink()
