"""Objects of an older version, whose bytes were in the database, are files from now on; and go back as far as they
fit."""

import errno
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from controlplane.deployment.home import Home
from controlplane.objectstore import files
from controlplane.objectstore.models import Piece, StoredObject
from controlplane.objectstore.selectors import open_object
from tests.databases import default_database

pytestmark = pytest.mark.thorough

BEFORE = [("objectstore", "0001_buckets_and_objects")]
CONTENTS = {
    b"empty": b"",
    b"large": bytes(range(256)) * 20_000,
    **{f"{number}".encode(): b"hello" * number for number in range(300)},
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any, settings: Any) -> Iterator[Any]:
    """The objects of a database of the older version, in rows."""
    settings.HOME = Home(tmp_path / "home")
    url = (
        f"sqlite:///{tmp_path / 'old.sqlite3'}"
        if request.param == "sqlite"
        else request.getfixturevalue("new_postgresql_database")()
    )
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        apps = executor.loader.project_state(BEFORE).apps
        bucket = apps.get_model("objectstore", "Bucket").objects.create(account_id="a", name="b", created_at=NOW)
        rows = apps.get_model("objectstore", "StoredObject").objects
        for key, content in CONTENTS.items():
            rows.create(bucket=bucket, key=key, size=len(content), md5="0" * 32, modified_at=NOW, content=content)
        yield rows


def contents() -> dict[bytes, bytes]:
    content_by_key = {}
    for each in StoredObject.objects.all():
        _, content = open_object(each.bucket, each.name)
        content_by_key[bytes(each.key)] = b"".join(content(0, each.size))
    return content_by_key


def there() -> list[Any]:
    return [path for group in files.groups() for path in group]


def test_the_bytes_of_objects_go_to_files_and_back(old: Any) -> None:
    call_command("migrate", "objectstore", verbosity=0)
    assert contents() == CONTENTS
    call_command("migrate", *BEFORE[0], verbosity=0)
    assert {bytes(each.key): bytes(each.content) for each in old.all()} == CONTENTS
    assert there() == []


def test_an_upgrade_that_breaks_off_halfway_leaves_the_rows_and_no_files(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, for one: what is left would keep the next attempt from the room that it needs."""
    migration = import_module("controlplane.objectstore.migrations.0002_files_and_uploads")
    write, count = migration.write_file, itertools.count(1)

    def write_until_full(name: str, content: bytes) -> None:
        if next(count) > len(CONTENTS) // 2:
            files.path_of(name).parent.mkdir(exist_ok=True)
            files.path_of(name).write_bytes(content[:1])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(name, content)

    monkeypatch.setattr(migration, "write_file", write_until_full)
    with pytest.raises(OSError, match="No space left"):
        call_command("migrate", "objectstore", verbosity=0)
    assert ({bytes(each.key): bytes(each.content) for each in old.all()}, there()) == (CONTENTS, [])
    monkeypatch.undo()
    call_command("migrate", "objectstore", verbosity=0)
    assert (contents(), len(there())) == (CONTENTS, len(CONTENTS))


def test_bytes_stay_in_files_when_one_of_them_is_shorter_than_its_row_says(old: Any) -> None:
    call_command("migrate", "objectstore", verbosity=0)
    piece = Piece.objects.order_by("-size")[0]
    content = files.path_of(piece.file).read_bytes()
    files.path_of(piece.file).write_bytes(content[1:])
    with pytest.raises(OSError, match=f"has {len(content)} bytes, and its files have {len(content) - 1}"):
        call_command("migrate", *BEFORE[0], verbosity=0)
    files.path_of(piece.file).write_bytes(content)
    assert (contents(), len(there())) == (CONTENTS, len(CONTENTS))


def test_files_that_a_backup_may_need_stay_until_the_next_start(old: Any) -> None:
    call_command("migrate", "objectstore", verbosity=0)
    with files.removal_paused():
        call_command("migrate", *BEFORE[0], verbosity=0)
    assert len(there()) == len(CONTENTS)
    assert {bytes(each.key): bytes(each.content) for each in old.all()} == CONTENTS
