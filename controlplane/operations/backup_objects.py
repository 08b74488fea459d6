"""The files of the object store in a backup: a member of the archive each."""

import shutil
import sqlite3
import tarfile
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath

from controlplane.deployment.private_files import atomic_file
from controlplane.objectstore import files

PIECES = "SELECT file, size FROM objectstore_piece"
HAS_PIECES = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'objectstore_piece'"
AT_ONCE = 1024 * 1024


class NotWhole(Exception):
    """Says what is missing."""


def is_data_directory(member: tarfile.TarInfo) -> bool:
    parts = PurePosixPath(member.name).parts
    return member.isfile() and len(parts) == 2 and parts[0] == files.FOLDER and bool(files.NAME.fullmatch(parts[1]))


def add_all(archive: tarfile.TarFile, database: Path) -> None:
    """Add every file that a row of this SQLite database names. Raises OSError."""
    for name, size in sorted(_named(database).items()):
        member = tarfile.TarInfo(f"{files.FOLDER}/{name}")
        member.size, member.mode = size, 0o600
        with files.path_of(name).open("rb") as content:
            archive.addfile(member, content)


def take_out(path: Path, folder: Path, database: Path) -> None:
    """Write the files of an archive into a new folder in ``folder``: all that this database names, and no other.

    Raises NotWhole, OSError, and TarError.
    """
    named = _named(database)
    target = folder / files.FOLDER
    target.mkdir(mode=0o700)
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            if not is_data_directory(member) or named.get(name) != member.size:
                continue
            (target / name[:2]).mkdir(mode=0o700, exist_ok=True)
            with atomic_file(target / name[:2] / name) as file:
                content = archive.extractfile(member)
                assert content is not None  # noqa: S101  it is a file
                shutil.copyfileobj(content, file, AT_ONCE)
            del named[name]
    if named:
        raise NotWhole(f"it lacks the bytes of {len(named)} objects, or has others than its database says.")


def put_in_place(folder: Path) -> None:
    """What ``take_out`` wrote there becomes what is in the data directory."""
    (folder / files.FOLDER).rename(files.folder())


def are_there() -> bool:
    """Whether the data directory has some."""
    return any(files.groups())


def clear() -> None:
    """Of a restore that is begun anew, or undone."""
    with suppress(FileNotFoundError):
        shutil.rmtree(files.folder())


def _named(database: Path) -> dict[str, int]:
    """Name and size of every file; none in a database of a version that kept objects in rows."""
    with closing(sqlite3.connect(database)) as opened:
        return dict(opened.execute(PIECES)) if opened.execute(HAS_PIECES).fetchone() else {}
