"""Copies of a SQLite database from before its tables were changed, for whoever wants the older version back."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from django.db import connection

from controlplane.kernel import clock
from controlplane.operations.schema.applied import CannotUpgrade

KEPT = 2
TIMES = 2
"""How often the database must find room: once for the copy, once for what the migrations write anew."""


def keep() -> Path | None:
    """Where the copy of Django's database is; None when that is no SQLite file. Raises CannotUpgrade without room."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    database = Path(connection.settings_dict["NAME"])
    _require_room(database)
    copy = database.with_name(f"{database.name}.before-{clock.wall_clock():%Y%m%dT%H%M%S.%fZ}")
    handle, partial = tempfile.mkstemp(dir=database.parent, prefix=f".{database.name}.")
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        os.fsync(handle)
        os.rename(partial, copy)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            os.unlink(partial)
        raise CannotUpgrade(f"No copy of the database can be kept in {database.parent}: {error}") from None
    finally:
        os.close(handle)
    for older in sorted(database.parent.glob(f"{database.name}.before-*"))[:-KEPT]:
        older.unlink()
    return copy


def _require_room(database: Path) -> None:
    files = [database, database.with_name(f"{database.name}-wal")]
    needed = TIMES * sum(file.stat().st_size for file in files if file.exists())
    disk = os.statvfs(database.parent)
    if (free := disk.f_bavail * disk.f_frsize) < needed:
        raise CannotUpgrade(
            f"There is no room to change the database and to keep a copy of it: {_megabytes(needed)} are needed in "
            f"{database.parent}, and {_megabytes(free)} are free. Make room there, and start again."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
