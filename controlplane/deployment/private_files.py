"""Files and folders that are their user's alone. Standard library only."""

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
"""How the names of what is not whole yet begin."""
ABANDONED_SECONDS = 3600


class NotOurs(OSError):
    """Something is another user's, or everybody's. Its text says so, and what to do."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(errno.EPERM, text, str(path))

    def __str__(self) -> str:
        return str(self.strerror)


def require_ours(path: Path) -> int | None:
    """Take away what others may do with a file or folder of this user's; returns the mode that it had, if it changed.

    A link counts as whoever made it. Raises NotOurs for what is another user's, and for a folder in which everybody may
    make files, such as /tmp; OSError.
    """
    found = path.lstat()
    _require_owner(path, found)
    if stat.S_ISLNK(found.st_mode):
        found = path.stat()
        _require_owner(path.resolve(), found)
        if stat.S_ISDIR(found.st_mode):
            return None  # it has other uses, too
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_ISVTX and mode & OTHERS_MAY_WRITE:
        raise NotOurs(path, f"In {path} everybody may make files. Name a directory of your own: BAREMINT_HOME.")
    if not mode & OTHERS:
        return None
    path.chmod(mode & ~OTHERS)
    return mode


def _require_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid == os.geteuid():
        return
    owner, user = user_name(found.st_uid), user_name(os.geteuid())
    text = f"{path} belongs to user {owner}, and this is user {user}."
    if stat.S_ISDIR(found.st_mode):
        raise NotOurs(path, f"{text} Run this as {owner}, or name a directory of your own: BAREMINT_HOME.")
    raise NotOurs(path, f"{text} Run this as {owner}, move it away, or take it over: sudo chown {user} {path}")


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600 that takes its place when it is on the disk as a whole.

    A file or a link that stood there is replaced and not written to, whatever its rights; when the block fails, it
    stays. Raises OSError, which names ``path``, also where something else stands there, such as a device.
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
        keep_name(path)
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


def keep_name(path: Path) -> None:
    """Or it is lost with the power."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """A folder for what becomes whole in there, of mode 0700, removed in the end. Raises OSError."""
    remove_abandoned(parent)
    with tempfile.TemporaryDirectory(dir=parent, prefix=PARTIAL) as folder:
        yield Path(folder)


def remove_abandoned(folder: Path) -> None:
    """Remove what was begun in there an hour before its last change, and never finished: its process was killed."""
    last_change = folder.stat().st_mtime
    for each in folder.glob(f"{PARTIAL}*"):
        with suppress(OSError):
            found = each.lstat()
            if found.st_uid != os.geteuid() or last_change - found.st_mtime < ABANDONED_SECONDS:
                continue
            if stat.S_ISDIR(found.st_mode):
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink()
