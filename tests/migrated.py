"""The tests' SQLite database, migrated once for each state of the code; other processes and runs copy what came of it.

``migrate`` itself still runs in each process, and finds nothing left to do.
"""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.signals import connection_created

PACKAGES = ("controlplane", "servers", "identity", "trustedprofiles")


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> None:
    """pytest-django's, on a copy of the migrated database when there is one; otherwise a copy is kept."""
    folder = request.config.rootpath / ".pytest_cache" / "migrated"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{_state_of_the_code()}.sqlite3"
    with _one_at_a_time(folder / "lock"):
        with _filled_from(copy):
            request.getfixturevalue("django_db_setup")
        if connection.vendor == "sqlite" and not copy.exists():
            for old in folder.glob("*.sqlite3"):
                old.unlink()
            with django_db_blocker.unblock():
                _keep(copy)


def _state_of_the_code() -> str:
    """Migrations import from anywhere in the product, so all of it counts."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for package in PACKAGES:
        for path in sorted(Path(settings.BASE_DIR, package).rglob("*.py")):
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _filled_from(copy: Path) -> Iterator[None]:
    """A database that Django opens meanwhile begins as the copy."""

    def fill(connection: Any, **about: Any) -> None:
        if connection.vendor == "sqlite" and copy.exists() and not connection.introspection.table_names():
            with closing(sqlite3.connect(copy)) as source:
                source.backup(connection.connection)

    connection_created.connect(fill)
    try:
        yield
    finally:
        connection_created.disconnect(fill)


def _keep(copy: Path) -> None:
    part = copy.with_suffix(f".{os.getpid()}")
    connection.ensure_connection()
    with closing(sqlite3.connect(part)) as target:
        connection.connection.backup(target)
    part.rename(copy)
