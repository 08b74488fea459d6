"""Tests of the unit part that run on both databases: on SQLite as all do, and on PostgreSQL in the thorough part.

A folder whose ``conftest.py`` imports ``db`` and ``shared_database`` runs so: ``db`` is what the fixtures of the unit
part ask for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from tests.databases import default_database
from tests.live.ready_made import MIGRATED, POSTGRESQL, SQLITE
from tests.postgresql import NewDatabase
from tests.recalling import memory

BOTH = [SQLITE, pytest.param(POSTGRESQL, marks=[pytest.mark.thorough, pytest.mark.postgres])]


@pytest.fixture(scope="session")
def shared_database(new_postgresql_database: NewDatabase) -> str:
    """URL of a PostgreSQL with empty tables, in which no test leaves anything."""
    return new_postgresql_database(copy_of=MIGRATED)


@pytest.fixture(params=BOTH)
def db(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    if request.param == SQLITE:
        request.getfixturevalue("_django_db_helper")  # what pytest-django's own fixture asks for
        yield
    else:
        with undone_on_postgresql(request.getfixturevalue("shared_database"), django_db_blocker):
            yield


@contextmanager
def undone_on_postgresql(url: str, django_db_blocker: Any) -> Iterator[None]:
    """Django's database is this PostgreSQL; what is written is undone in the end."""
    with django_db_blocker.unblock(), default_database(url):
        assert connection.vendor == "postgresql"
        connection.connect()
        memory.begin()
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
