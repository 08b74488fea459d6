"""The bytes of objects: files in the data directory with unique names, written once and never changed.

A row refers to a file only after the file is completely on disk, and a file is removed after no row refers to it. The
next start sweeps files that a killed process left. Machines that share a data directory coordinate with locks on two
files in it.
"""

import fcntl
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from controlplane.deployment.file_lock import lock_file, take_lock
from controlplane.deployment.private_files import PARTIAL, atomic_file, sync_folder
from controlplane.kernel import failpoints
from controlplane.kernel.database_failures import is_database_failure

log = structlog.get_logger(__name__)

FOLDER = "objects"
NAME = re.compile(r"[0-9a-f]{32}")
GROUP = re.compile(r"[0-9a-f]{2}")
WRITING, REMOVING = ".writing", ".removing"
LOOK_EVERY = 0.05


@dataclass(frozen=True)
class StoredFile:
    """A file that is completely on disk."""

    name: str
    size: int
    md5: str
    """In hexadecimal."""


class NewFiles:
    """New files that no row refers to yet."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def write(self, content: Iterable[bytes]) -> StoredFile:
        """Write a file, piece by piece. Raises OSError, and what the iterable raises; then no file remains."""
        name, size, digest = uuid.uuid4().hex, 0, hashlib.md5(usedforsecurity=False)
        path = path_of(name)
        _make(path.parent)
        with atomic_file(path) as file:
            for piece in content:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
            failpoints.reach("object_file", "partial")
        self.names.append(name)
        failpoints.reach("object_file", "whole")
        return StoredFile(name, size, digest.hexdigest())


def folder() -> Path:
    """The folder of the files, which may not exist."""
    return settings.HOME.path / FOLDER


def path_of(name: str) -> Path:
    return folder() / name[:2] / name


@contextmanager
def writing() -> Iterator[NewFiles]:
    """Write files in this block, and commit the rows that refer to them. On a failure the files are removed."""
    with _locked(WRITING, fcntl.LOCK_SH):
        new_files = NewFiles()
        try:
            yield new_files
        except BaseException as failure:
            if not is_database_failure(failure):  # the commit may have succeeded without an answer
                for name in new_files.names:
                    _unlink(path_of(name))
            raise


def remove(names: Iterable[str]) -> None:
    """Remove files that no row refers to any more."""
    remove_paths(path_of(name) for name in names)


def remove_paths(paths: Iterable[Path]) -> int:
    """Remove files that no row refers to. Returns how many; none during a backup, which may need them: the next sweep
    removes them."""
    with _locked(REMOVING, fcntl.LOCK_SH | fcntl.LOCK_NB) as is_mine:
        return sum(map(_unlink, paths)) if is_mine else 0


@contextmanager
def removal_paused() -> Iterator[None]:
    """Keep all files in this block."""
    if not os.access(folder(), os.W_OK):  # no process can remove a file, or there is none
        yield
        return
    with _locked(REMOVING, fcntl.LOCK_EX):
        yield


def wait_for_writers(*, patience: float) -> bool:
    """Wait for all files in progress, at most ``patience`` seconds. Returns whether none is in progress any more."""
    until = time.monotonic() + patience
    while True:
        with _locked(WRITING, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_mine:
            if is_mine:
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_EVERY)


def groups() -> Iterator[list[Path]]:
    """All existing files by folder, including partial ones."""
    if not folder().is_dir():
        return
    for group in sorted(folder().iterdir()):
        if GROUP.fullmatch(group.name):
            yield [file for file in group.iterdir() if NAME.fullmatch(file.name) or file.name.startswith(PARTIAL)]


def _make(group: Path) -> None:
    if not group.is_dir():
        make_folder()
        group.mkdir(mode=0o700, exist_ok=True)
        sync_folder(group)


def make_folder() -> Path:
    """The folder of the files, created if it does not exist. Raises OSError."""
    if not (path := folder()).is_dir():
        settings.HOME.ensure()
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path)
    return path


@contextmanager
def _locked(name: str, how: int) -> Iterator[bool]:
    """Take a lock for this block; with LOCK_NB in ``how``, only if it is free. Yields whether it was taken."""
    with lock_file(make_folder() / name) as descriptor:
        yield take_lock(descriptor, how)


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as failure:
        log.warning("a file without a row stays", file=path.name, reason=str(failure))
        return False
    return True
