"""The bytes of objects: files of the data directory, each with a name of its own, written once and never changed.

A row names a file when the file is on the disk as a whole, and a file is removed when no row names it any more. What a
process leaves that is killed in between is swept at the next start. Machines that share a data directory agree by the
locks of two files in it.
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

from controlplane.deployment.private_files import PARTIAL, atomic_file, sync_folder
from controlplane.kernel import failpoints
from controlplane.kernel.database_failures import is_of_the_database

log = structlog.get_logger(__name__)

FOLDER = "objects"
NAME = re.compile(r"[0-9a-f]{32}")
GROUP = re.compile(r"[0-9a-f]{2}")
WRITING, REMOVING = ".writing", ".removing"
LOOK_EVERY = 0.05


@dataclass(frozen=True)
class Kept:
    """A file that is on the disk."""

    name: str
    size: int
    md5: str
    """In hexadecimal."""


class Writing:
    """Files that no row names yet."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def keep(self, content: Iterable[bytes]) -> Kept:
        """Write a file, piece by piece. Raises OSError, and what the iterable raises; then there is none."""
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
        return Kept(name, size, digest.hexdigest())


def folder() -> Path:
    """Where the files are; it need not be there."""
    return settings.HOME.path / FOLDER


def path_of(name: str) -> Path:
    return folder() / name[:2] / name


@contextmanager
def writing() -> Iterator[Writing]:
    """Write files in this block, and commit the rows that name them. When it fails, they are removed."""
    with _locked(WRITING, fcntl.LOCK_SH):
        made = Writing()
        try:
            yield made
        except BaseException as failure:
            if not is_of_the_database(failure):  # a commit that was not answered may have been one
                for name in made.names:
                    _unlink(path_of(name))
            raise


def remove(names: Iterable[str]) -> None:
    """Remove files that no row names any more."""
    remove_paths(path_of(name) for name in names)


def remove_paths(paths: Iterable[Path]) -> int:
    """Remove files that no row names. Returns how many; none while a backup is being written, which may need them:
    then they are for the next sweep."""
    with _locked(REMOVING, fcntl.LOCK_SH | fcntl.LOCK_NB) as is_mine:
        return sum(map(_unlink, paths)) if is_mine else 0


@contextmanager
def all_kept() -> Iterator[None]:
    """No file is removed while this lasts."""
    if not os.access(folder(), os.W_OK):  # nobody can, or there is none
        yield
        return
    with _locked(REMOVING, fcntl.LOCK_EX):
        yield


def nothing_is_being_written(*, patience: float) -> bool:
    """Whether every file that was there before is named by a row or by none, which is waited for so many seconds."""
    until = time.monotonic() + patience
    while True:
        with _locked(WRITING, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_mine:
            if is_mine:
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_EVERY)


def groups() -> Iterator[list[Path]]:
    """All files that are there, a folder at a time, also those that are not whole."""
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
    """Where the files are, made if it is not there. Raises OSError."""
    if not (path := folder()).is_dir():
        settings.HOME.ensure()
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path)
    return path


@contextmanager
def _locked(name: str, how: int) -> Iterator[bool]:
    """Hold a lock, if it can be had at once where ``how`` says so."""
    file = os.open(make_folder() / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as failure:
        log.warning("a file without a row stays", file=path.name, reason=str(failure))
        return False
    return True
