"""Tests of the unit part, as they are, with PostgreSQL under them: what each writes is undone in the end.

A module here imports the tests and their fixtures. ``db`` is what the fixtures of the unit part ask for, so that they
find this one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from tests.databases import default_database
from tests.live.ready_made import MIGRATED
from tests.postgresql import NewDatabase
from tests.recalling import memory

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but the odd values are thorough here: the unit part runs each of them, too."""
    for item in items:
        if item.path.parent == HERE and item.path.stem != "test_odd_values":
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="session")
def shared_database(new_postgresql_database: NewDatabase) -> str:
    """URL of a PostgreSQL with empty tables, in which no test leaves anything."""
    return new_postgresql_database(copy_of=MIGRATED)


@pytest.fixture
def db(shared_database: str, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), default_database(shared_database):
        assert connection.vendor == "postgresql"
        connection.connect()
        memory.begin()
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
