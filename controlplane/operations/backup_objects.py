"""The files of the object store in a backup, each a member of the archive."""

import shutil
import sqlite3
import tarfile
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from controlplane.deployment.private_files import atomic_file
from controlplane.objectstore import files

PIECES = "SELECT file, size FROM objectstore_piece"
HAS_PIECES = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'objectstore_piece'"
AT_ONCE = 1024 * 1024


class IncompleteBackup(Exception):
    """The message says what is missing."""


def is_object(member: tarfile.TarInfo) -> bool:
    parts = PurePosixPath(member.name).parts
    return member.isfile() and len(parts) == 2 and parts[0] == files.FOLDER and bool(files.NAME.fullmatch(parts[1]))


def add_all(archive: tarfile.TarFile, database: Path) -> None:
    """Add every file of the objects in this SQLite database. Raises OSError."""
    for name, size in sorted(_sizes(database).items()):
        with files.path_of(name).open("rb") as content:
            add(archive, f"{files.FOLDER}/{name}", content, size)


def add(archive: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> None:
    """Add a file that only its owner may read."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)


def extract(path: Path, folder: Path, database: Path) -> None:
    """Extract the files of the objects in this database into a new folder in ``folder``.

    Raises IncompleteBackup, OSError, and TarError.
    """
    missing_sizes = _sizes(database)
    target = folder / files.FOLDER
    target.mkdir(mode=0o700)
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            if not is_object(member) or missing_sizes.get(name) != member.size:
                continue
            (target / name[:2]).mkdir(mode=0o700, exist_ok=True)
            with atomic_file(target / name[:2] / name) as file:
                content = archive.extractfile(member)
                assert content is not None  # noqa: S101  is_object() requires a file
                shutil.copyfileobj(content, file, AT_ONCE)
            del missing_sizes[name]
    if missing_sizes:
        raise IncompleteBackup(
            f"it lacks {len(missing_sizes)} files of objects, or their sizes differ from its database."
        )


def install(folder: Path) -> None:
    """Move the files that ``extract`` wrote into the data directory."""
    (folder / files.FOLDER).rename(files.folder())


def exist() -> bool:
    """Return whether the data directory has files of objects."""
    return any(files.groups())


def clear() -> None:
    """Delete all files of objects, for a restore that starts again or is undone."""
    with suppress(FileNotFoundError):
        shutil.rmtree(files.folder())


def _sizes(database: Path) -> dict[str, int]:
    """Return the size of every file by name; empty for an older version, which stored objects in rows."""
    with closing(sqlite3.connect(database)) as source:
        return dict(source.execute(PIECES)) if source.execute(HAS_PIECES).fetchone() else {}
