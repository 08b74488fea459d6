"""Objects of an older version, whose bytes were in the database, are files from now on; and go back as far as they
fit."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from controlplane.home import Home
from controlplane.objectstore import files
from controlplane.objectstore.models import StoredObject
from controlplane.objectstore.selectors import opened
from tests.databases import default_database

pytestmark = pytest.mark.thorough

BEFORE = [("objectstore", "0001_buckets_and_objects")]
CONTENTS = {b"empty": b"", b"small": b"hello", b"large": bytes(range(256)) * 20_000}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_bytes_of_objects_go_to_files_and_back(
    kind: str, request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any, settings: Any
) -> None:
    settings.HOME = Home(tmp_path / "home")
    url = (
        f"sqlite:///{tmp_path / 'old.sqlite3'}"
        if kind == "sqlite"
        else request.getfixturevalue("new_postgresql_database")()
    )
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        apps = executor.loader.project_state(BEFORE).apps
        old = apps.get_model("objectstore", "StoredObject").objects
        bucket = apps.get_model("objectstore", "Bucket").objects.create(account_id="a", name="b", created_at=NOW)
        for key, content in CONTENTS.items():
            old.create(bucket=bucket, key=key, size=len(content), md5="0" * 32, modified_at=NOW, content=content)
        call_command("migrate", "objectstore", verbosity=0)
        found = {}
        for each in StoredObject.objects.all():
            _, read = opened(each.bucket, each.name)
            found[bytes(each.key)] = b"".join(read(0, each.size))
        assert found == CONTENTS
        call_command("migrate", *BEFORE[0], verbosity=0)
        assert {bytes(each.key): bytes(each.content) for each in old.all()} == CONTENTS
        assert [path for group in files.groups() for path in group] == []
