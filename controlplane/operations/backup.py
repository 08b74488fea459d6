"""Back up and restore a deployment with an embedded database: one archive with the database, secrets and objects."""

import errno
import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from controlplane.database.migration_state import APPLIED, CannotUpgrade, compare
from controlplane.database.sqlite_copies import write_snapshot
from controlplane.database.upgrade import bring_up_to_date
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.credentials import FILE as CREDENTIALS
from controlplane.deployment.home import CA_BUNDLE, DATABASE_FILE, SECRET_KEY_FILE
from controlplane.deployment.private_files import atomic_file, partial_folder
from controlplane.kernel import clock
from controlplane.kernel.database_failures import for_operators
from controlplane.objectstore import files as stored
from controlplane.objectstore.orphan_files import sweep
from controlplane.operations import backup_objects
from controlplane.operations.bootstrap import RESTORING
from controlplane.operations.info import EmptyDataDirectory
from controlplane.sealing.keks import KEK_FILE
from identity.key_cache import TOKEN_PURPOSES
from identity.selectors import live_keys
from identity.services.key_rotation import ensure_keys, rotate_now

SECRETS = (KEK_FILE, SECRET_KEY_FILE, CREDENTIALS, CA_BUNDLE)
USED = (DATABASE_FILE, KEK_FILE, CREDENTIALS)
"""Files of a data directory that is in use, also of one with an external database."""


class BackupError(Exception):
    """The message says why the backup or restore is impossible and what to do."""


def backup(path: Path) -> None:
    """Write a backup to ``path``, mode 0600, with the database of one instant. Baremint may be running.

    The incomplete archive is in the folder of ``path``. Raises BackupError.
    """
    _require_embedded_database()
    database_file = settings.HOME.path / DATABASE_FILE
    if not database_file.exists():
        raise BackupError(str(EmptyDataDirectory(settings.HOME)))
    path = path.absolute()
    home, target = settings.HOME.path.resolve(), path.parent.resolve() / path.name
    if target.is_relative_to(home) and settings.HOME.needs(target.relative_to(home).parts[0]):
        raise BackupError(f"{path} is part of the data directory. Name another file.")
    try:
        with atomic_file(path) as file, partial_folder(path.parent) as folder:
            snapshot = folder / DATABASE_FILE
            with stored.removal_paused():  # no object of the snapshot is deleted before it is archived
                write_snapshot(database_file, snapshot)
                with tarfile.open(fileobj=file, mode="w") as archive, snapshot.open("rb") as database:
                    backup_objects.add(archive, DATABASE_FILE, database, snapshot.stat().st_size)
                    for name in SECRETS:
                        if (text := settings.HOME.read_secret(name)) is not None:
                            backup_objects.add(archive, name, io.BytesIO(text.encode()), len(text.encode()))
                    backup_objects.add_all(archive, snapshot)
            with suppress(DatabaseError):  # the database of an older version has no object files
                sweep()  # delete the files of objects that were deleted meanwhile
    except sqlite3.OperationalError as error:
        if "full" not in str(error):
            raise BackupError(for_operators(error)) from None
        raise BackupError(_why(OSError(errno.ENOSPC, "", str(path)), path)) from None
    except OSError as error:
        raise BackupError(_why(error, path)) from None


def _why(error: OSError, path: Path) -> str:
    """Return why a backup cannot be written and what to do."""
    folder = path.parent
    reasons = {
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
    return reasons.get(error.errno or 0, f"{error.filename or path}: {error.strerror}.")


def restore(path: Path) -> None:
    """Restore a backup into an empty data directory, and rotate the token keys.

    The backup lacks what was issued after it. The rotation ensures that no key signs both before and after that gap.
    Raises BackupError, UnusableHome and ImproperlyConfigured without having changed anything.
    """
    _require_embedded_database()
    if process_lock.holder(settings.HOME) is not None:
        raise BackupError(f"Baremint runs in {settings.HOME.path}. Stop it first.")
    is_interrupted = (settings.HOME.path / RESTORING).exists()
    files = [name for name in USED if (settings.HOME.path / name).exists()]
    files += [stored.FOLDER] if backup_objects.exist() else []
    if not is_interrupted and files:
        raise BackupError(
            f"{settings.HOME.path} is in use: it has {', '.join(files)}. Restore into an empty BAREMINT_HOME."
        )
    members = _read(path)
    if KEK_FILE not in members and not settings.BAREMINT_KEK:
        raise BackupError(
            f"{path} contains no key-encryption key to decrypt its private keys with. Set BAREMINT_KEK to it."
        )
    with settings.HOME.usable(), partial_folder(settings.HOME.ensure()) as folder:
        with atomic_file(staged := folder / DATABASE_FILE) as file:
            file.write(members[DATABASE_FILE])
        _check(staged, path)
        with _readable(path):
            backup_objects.extract(path, folder, staged)
        with _undone_on_failure():
            for name in SECRETS:
                if name in members:
                    settings.HOME.write_secret(name, members[name].decode())
            backup_objects.install(folder)
            staged.rename(settings.HOME.path / DATABASE_FILE)
            _take_over()


@contextmanager
def _undone_on_failure() -> Iterator[None]:
    """Undo the restore when the block fails. A file marks the interrupted state after a kill, in which a start is
    refused and the next restore begins from scratch."""
    mark, secret = settings.HOME.path / RESTORING, settings.HOME.read_secret(SECRET_KEY_FILE)
    mark.touch(mode=0o600)
    try:
        for name in USED:
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
    """Convert the errors of an incomplete or damaged archive to BackupError."""
    try:
        yield
    except (backup_objects.IncompleteBackup, tarfile.TarError) as error:
        raise BackupError(f"{path} cannot be restored: {error} Restore another backup.") from None


def _take_over() -> None:
    """Migrate the restored database to this version, and rotate the token keys."""
    bring_up_to_date()
    now = clock.now()  # the domain's clock is in the restored database
    ensure_keys(now=now)  # refuses a KEK that does not fit; before the migration, tables with secrets may be missing
    for line in live_keys():
        if line.purpose in TOKEN_PURPOSES:
            rotate_now(line.purpose, region=line.region, now=now)


def _require_embedded_database() -> None:
    if not settings.EMBEDDED_DATABASE:
        raise BackupError(
            "The database is at DATABASE_URL: back it up and restore it with pg_dump and pg_restore, and keep "
            "BAREMINT_KEK and BAREMINT_SECRET_KEY with it (docs/operations.md)."
        )


def _read(path: Path) -> dict[str, bytes]:
    """Return the content of the archive's known members except objects. Other members are ignored."""
    contents = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if backup_objects.is_object(member):
                    continue  # objects are extracted one by one without loading them into memory
                name = member.name.encode("unicode_escape").decode()
                if not member.isfile():
                    raise BackupError(f"{path} is not a backup of Baremint: {name} in it is no file.")
                if member.name in contents:
                    raise BackupError(f"{path} is not a backup of Baremint: {name} is in it twice.")
                if member.name in (DATABASE_FILE, *SECRETS) and (content := archive.extractfile(member)):
                    contents[member.name] = content.read()
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{path} cannot be read as a backup: {error}") from None
    if DATABASE_FILE not in contents:
        raise BackupError(f"{path} is not a backup of Baremint: it has no {DATABASE_FILE}.")
    for name in contents.keys() & set(SECRETS):
        if not _is_sound(name, contents[name]):
            raise BackupError(f"The file {name} in {path} is damaged. Restore another backup.")
    return contents


def _is_sound(name: str, content: bytes) -> bool:
    try:
        text = content.decode().strip()
        return bool(credentials.of(text) if name == CREDENTIALS else text)
    except (ValueError, TypeError):
        return False


def _check(database: Path, path: Path) -> None:
    """Raise BackupError for a damaged database or one of a newer version. ``path`` is the path of its archive."""
    try:
        with closing(sqlite3.connect(database)) as source:
            [verdict] = source.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            compare(set(source.execute(APPLIED))).require_known()
    except sqlite3.Error as error:
        raise BackupError(f"The database in {path} is damaged ({error}). Restore another backup.") from None
    except CannotUpgrade as error:
        raise BackupError(f"{path} cannot be restored. {error}") from None
