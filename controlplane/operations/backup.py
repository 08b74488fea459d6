"""One file with everything that an embedded Baremint must remember: its database and the secrets beside it."""

import errno
import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError, connection

from controlplane.database.migration_state import APPLIED, CannotUpgrade, compare
from controlplane.database.sqlite_copies import write_snapshot
from controlplane.database.upgrade import bring_up_to_date
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.credentials import FILE as CREDENTIALS
from controlplane.deployment.home import CA_BUNDLE, DATABASE_FILE, SECRET_KEY_FILE
from controlplane.deployment.private_files import partial_folder, whole_file
from controlplane.kernel import clock
from controlplane.kernel.database_failures import for_operators
from controlplane.objectstore import files as stored
from controlplane.objectstore.orphan_files import sweep
from controlplane.operations import backup_objects
from controlplane.operations.bootstrap import RESTORING
from controlplane.operations.info import NothingHere
from identity.key_cache import TOKEN_PURPOSES
from identity.key_encryption import KEK_FILE, require_fitting_kek
from identity.selectors import live_keys
from identity.services.key_rotation import ensure_keys, rotate_now

SECRETS = (KEK_FILE, SECRET_KEY_FILE, CREDENTIALS, CA_BUNDLE)
KEPT = (DATABASE_FILE, KEK_FILE, CREDENTIALS)
"""What is in a data directory that has been used, also one whose database is elsewhere."""


class CannotDoThat(Exception):
    """Says what to do instead."""


def backup(path: Path) -> None:
    """Write ``path`` anew, mode 0600, while Baremint runs or not: the database as it is at one instant.

    Whatever is not whole yet is in the folder of ``path``. Raises CannotDoThat.
    """
    _require_embedded_database()
    kept = settings.HOME.path / DATABASE_FILE
    if not kept.exists():
        raise CannotDoThat(str(NothingHere(settings.HOME)))
    path = path.absolute()
    home, place = settings.HOME.path.resolve(), path.parent.resolve() / path.name
    if place.is_relative_to(home) and settings.HOME.needs(place.relative_to(home).parts[0]):
        raise CannotDoThat(f"{path} is part of the data directory. Name another file.")
    try:
        with whole_file(path) as file, partial_folder(path.parent) as folder:
            snapshot = folder / DATABASE_FILE
            with stored.removal_paused():  # what the snapshot names is there until it is in the archive
                write_snapshot(kept, snapshot)
                with tarfile.open(fileobj=file, mode="w") as archive, snapshot.open("rb") as database:
                    _add(archive, DATABASE_FILE, database, snapshot.stat().st_size)
                    for name in SECRETS:
                        if (text := settings.HOME.read_secret(name)) is not None:
                            _add(archive, name, io.BytesIO(text.encode()), len(text.encode()))
                    backup_objects.add_all(archive, snapshot)
            with suppress(DatabaseError):  # of an older version, which has none
                sweep()  # what was deleted meanwhile
    except sqlite3.OperationalError as error:
        if "full" not in str(error):
            raise CannotDoThat(for_operators(error)) from None
        raise CannotDoThat(_why(OSError(errno.ENOSPC, "", str(path)), path)) from None
    except OSError as error:
        raise CannotDoThat(_why(error, path)) from None


def _why(error: OSError, path: Path) -> str:
    """What to do about a backup that cannot be written."""
    folder = path.parent
    known = {
        errno.EISDIR: f"{path} is a directory. Name a file in it: {path / 'baremint-backup.tar'}",
        errno.EINVAL: f"{path} is no ordinary file. Name another one.",
        errno.ENOENT: f"There is no directory {folder}. Make it first.",
        errno.ENOTDIR: f"{folder} is no directory. Name a file in one.",
        errno.ENOSPC: f"There is no room for {path}. Make room, or name a file on another disk.",
        errno.EDQUOT: f"There is no room for {path}. Make room, or name a file on another disk.",
        errno.EROFS: f"Nothing can be written into {folder}: its file system is read-only. Name a file elsewhere.",
        errno.EACCES: f"You may not write into {folder}. Name a file elsewhere.",
        errno.EBUSY: f"{path} is a mount point. Name another file.",
    }
    return known.get(error.errno or 0, f"{error.filename or path}: {error.strerror}.")


def restore(path: Path) -> None:
    """Fill an empty data directory from what ``backup`` wrote, and hand over to new token keys.

    What was issued after the backup is unknown here. The hand-over sees to it that no key signs on both sides of the
    gap. Raises CannotDoThat, UnusableHome and ImproperlyConfigured, with nothing changed.
    """
    _require_embedded_database()
    if process_lock.holder(settings.HOME) is not None:
        raise CannotDoThat(f"Baremint runs in {settings.HOME.path}. Stop it first.")
    is_interrupted = (settings.HOME.path / RESTORING).exists()
    there = [name for name in KEPT if (settings.HOME.path / name).exists()]
    there += [stored.FOLDER] if backup_objects.are_there() else []
    if not is_interrupted and there:
        raise CannotDoThat(
            f"{settings.HOME.path} is in use: it has {', '.join(there)}. Restore into an empty BAREMINT_HOME."
        )
    members = _read(path)
    if KEK_FILE not in members and not settings.BAREMINT_KEK:
        raise CannotDoThat(
            f"{path} has no key-encryption key, without which nobody can use it. Set BAREMINT_KEK to it."
        )
    with settings.HOME.usable(), partial_folder(settings.HOME.ensure()) as folder:
        with whole_file(staged := folder / DATABASE_FILE) as file:
            file.write(members[DATABASE_FILE])
        _check(staged, path)
        with _readable(path):
            backup_objects.take_out(path, folder, staged)
        with _undone_on_failure():
            for name in SECRETS:
                if name in members:
                    settings.HOME.write_secret(name, members[name].decode())
            backup_objects.put_in_place(folder)
            staged.rename(settings.HOME.path / DATABASE_FILE)
            _take_over()


@contextmanager
def _undone_on_failure() -> Iterator[None]:
    """What this block puts into the data directory is there as a whole or not at all. While it is neither, after a
    kill, a file says so: no start goes on from there, and the next restore begins anew."""
    mark, secret = settings.HOME.path / RESTORING, settings.HOME.read_secret(SECRET_KEY_FILE)
    mark.touch(mode=0o600)
    try:
        for name in KEPT:
            (settings.HOME.path / name).unlink(missing_ok=True)
        backup_objects.clear()
        yield
    except BaseException:
        connection.close()
        for file in settings.HOME.path.glob(f"{DATABASE_FILE}*"):
            file.unlink()
        backup_objects.clear()
        for name in SECRETS:
            (settings.HOME.path / name).unlink(missing_ok=True)
        if secret:
            settings.HOME.write_secret(SECRET_KEY_FILE, secret)
        mark.unlink()
        raise
    mark.unlink()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise CannotDoThat for an archive that lacks something, or has something that is not as it was."""
    try:
        yield
    except (backup_objects.NotWhole, tarfile.TarError) as error:
        raise CannotDoThat(f"{path} cannot be restored: {error} Restore another backup.") from None


def _take_over() -> None:
    """Bring the database to this version's state, and let new keys sign."""
    require_fitting_kek()
    bring_up_to_date()
    now = clock.now()  # what time it is stands in the database
    ensure_keys(now=now)
    for line in live_keys():
        if line.purpose in TOKEN_PURPOSES:
            rotate_now(line.purpose, region=line.region, now=now)


def _require_embedded_database() -> None:
    if not settings.EMBEDDED_DATABASE:
        raise CannotDoThat(
            "The database is at DATABASE_URL: back it up and restore it with pg_dump and pg_restore, and keep "
            "BAREMINT_KEK and BAREMINT_SECRET_KEY with it (docs/operations.md)."
        )


def _read(path: Path) -> dict[str, bytes]:
    """The known members of an archive. Whatever else is in it is left there."""
    found = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if backup_objects.is_one(member):
                    continue  # they are taken out one by one, and are never in memory
                name = member.name.encode("unicode_escape").decode()
                if not member.isfile():
                    raise CannotDoThat(f"{path} is not a backup of Baremint: {name} in it is no file.")
                if member.name in found:
                    raise CannotDoThat(f"{path} is not a backup of Baremint: {name} is in it twice.")
                if member.name in (DATABASE_FILE, *SECRETS) and (content := archive.extractfile(member)):
                    found[member.name] = content.read()
    except (OSError, tarfile.TarError) as error:
        raise CannotDoThat(f"{path} cannot be read as a backup: {error}") from None
    if DATABASE_FILE not in found:
        raise CannotDoThat(f"{path} is not a backup of Baremint: it has no {DATABASE_FILE}.")
    for name in found.keys() & set(SECRETS):
        if not _is_sound(name, found[name]):
            raise CannotDoThat(f"The file {name} in {path} is damaged. Restore another backup.")
    return found


def _is_sound(name: str, content: bytes) -> bool:
    try:
        text = content.decode().strip()
        return bool(credentials.of(text) if name == CREDENTIALS else text)
    except (ValueError, TypeError):
        return False


def _check(database: Path, path: Path) -> None:
    """Raises CannotDoThat for a database that is damaged, or of a newer version. ``path``: of its archive."""
    try:
        with closing(sqlite3.connect(database)) as opened:
            [said] = opened.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise sqlite3.DatabaseError(said)
            compare(set(opened.execute(APPLIED))).require_known()
    except sqlite3.Error as error:
        raise CannotDoThat(f"The database in {path} is damaged ({error}). Restore another backup.") from None
    except CannotUpgrade as error:
        raise CannotDoThat(f"{path} cannot be restored. {error}") from None


def _add(archive: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)
