"""Copies of an SQLite database from before a migration, for a return to the older version."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from controlplane.database.migration_state import CannotUpgrade
from controlplane.deployment.private_files import partial_folder
from controlplane.kernel import clock

MOST_COPIES = 2
COPY = re.compile(r"\.before-\d{8}T\d{6}\.\d{6}Z")
TIMES = 2
"""Required free space as a multiple of the database: for the copy, and for the tables that migrations rewrite."""


def keep() -> Path | None:
    """Copy Django's database and return the path; None if it is no SQLite file. Raises CannotUpgrade without space."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    database = Path(connection.settings_dict["NAME"])
    _require_room(database)
    copy = database.with_name(f"{database.name}.before-{clock.wall_clock():%Y%m%dT%H%M%S.%fZ}")
    try:
        with partial_folder(database.parent) as folder:
            partial = folder / database.name
            partial.touch(mode=0o600)
            write_snapshot(database, partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(copy)
    except (OSError, sqlite3.Error) as error:
        raise CannotUpgrade(f"No copy of the database can be kept in {database.parent}: {error}") from None
    others = sorted(file for file in database.parent.iterdir() if _is_copy(file, database) and file != copy)
    for older in others[: -(MOST_COPIES - 1)]:
        older.unlink()
    return copy


def write_snapshot(database: Path, to: Path) -> None:
    """Write a consistent copy of an SQLite database, also while other processes write to it. Raises sqlite3.Error."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def _is_copy(file: Path, database: Path) -> bool:
    """Return whether Baremint created the file, by its name; a user may have made other copies."""
    return file.is_file() and COPY.fullmatch(file.name.removeprefix(database.name)) is not None


def _require_room(database: Path) -> None:
    files = [database, database.with_name(f"{database.name}-wal")]
    required = TIMES * sum(file.stat().st_size for file in files if file.exists())
    disk = os.statvfs(database.parent)
    if (free := disk.f_bavail * disk.f_frsize) < required:
        raise CannotUpgrade(
            f"There is no room to change the database and to keep a copy of it: {_megabytes(required)} are needed in "
            f"{database.parent}, and {_megabytes(free)} are free. Make room there, and start again."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
