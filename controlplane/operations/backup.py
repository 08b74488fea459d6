"""One file with everything that an embedded Baremint must remember: its database and the secrets beside it."""

import io
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from controlplane.home import DATABASE_FILE, SECRET_KEY_FILE, whole_file
from controlplane.kernel import clock
from controlplane.operations.credentials import FILE as CREDENTIALS
from controlplane.operations.info import CA_BUNDLE
from controlplane.operations.schema.applied import APPLIED, CannotUpgrade, compare
from controlplane.operations.schema.current import bring_up_to_date
from controlplane.operations.supervisor import homelock
from identity.keychain import TOKEN_PURPOSES
from identity.keystore import KEK_FILE
from identity.selectors import live_keys
from identity.services.rotation import ensure_keys, rotate_now

SECRETS = (KEK_FILE, SECRET_KEY_FILE, CREDENTIALS, CA_BUNDLE)


class CannotDoThat(Exception):
    """Says what to do instead."""


def backup(path: Path) -> None:
    """Write ``path`` anew, mode 0600, while Baremint runs or not: the database as it is at one instant.

    Raises CannotDoThat for a database that is not embedded, and OSError.
    """
    _require_embedded_database()
    if not (settings.HOME.path / DATABASE_FILE).exists():
        raise CannotDoThat(f"There is no database in {settings.HOME.path}: nothing to back up.")
    with tempfile.TemporaryDirectory(dir=settings.HOME.path) as folder:
        snapshot = Path(folder) / DATABASE_FILE
        with (
            closing(sqlite3.connect(settings.HOME.path / DATABASE_FILE)) as source,
            closing(sqlite3.connect(snapshot)) as target,
        ):
            source.backup(target)
        with whole_file(path.absolute()) as file, tarfile.open(fileobj=file, mode="w") as archive:
            with snapshot.open("rb") as database:
                _add(archive, DATABASE_FILE, database, snapshot.stat().st_size)
            for name in SECRETS:
                if (text := settings.HOME.read_secret(name)) is not None:
                    _add(archive, name, io.BytesIO(text.encode()), len(text.encode()))


def restore(path: Path) -> None:
    """Fill an empty data directory from what ``backup`` wrote, and hand over to new token keys.

    What was issued after the backup is unknown here. The hand-over sees to it that no key signs on both sides of the
    gap. Raises CannotDoThat, with nothing changed.
    """
    _require_embedded_database()
    if homelock.holder(settings.HOME) is not None:
        raise CannotDoThat(f"Baremint runs in {settings.HOME.path}. Stop it first.")
    if (settings.HOME.path / DATABASE_FILE).exists():
        raise CannotDoThat(f"There is a database in {settings.HOME.path} already. Restore into an empty BAREMINT_HOME.")
    members = _read(path)
    _require_known(members[DATABASE_FILE], path)
    for name in SECRETS:
        if name in members:
            settings.HOME.write_secret(name, members[name].decode())
    with whole_file(settings.HOME.ensure() / DATABASE_FILE) as file:
        file.write(members[DATABASE_FILE])
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
                if not member.isfile():
                    raise CannotDoThat(f"{path} is not a backup of Baremint: {member.name} in it is no file.")
                if member.name in (DATABASE_FILE, *SECRETS) and (content := archive.extractfile(member)):
                    found[member.name] = content.read()
    except (OSError, tarfile.TarError) as error:
        raise CannotDoThat(f"{path} cannot be read as a backup: {error}") from None
    if DATABASE_FILE not in found:
        raise CannotDoThat(f"{path} is not a backup of Baremint: it has no {DATABASE_FILE}.")
    return found


def _require_known(database: bytes, path: Path) -> None:
    """Raises CannotDoThat for a database that is damaged, or of a newer version."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(database)
        file.flush()
        try:
            with closing(sqlite3.connect(file.name)) as opened:
                compare(set(opened.execute(APPLIED))).require_known()
        except sqlite3.Error as error:
            raise CannotDoThat(f"The database in {path} is damaged: {error}.") from None
        except CannotUpgrade as error:
            raise CannotDoThat(f"{path} cannot be restored. {error}") from None


def _add(archive: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)
