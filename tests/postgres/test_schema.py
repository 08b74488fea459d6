"""The tables of an empty PostgreSQL database: made by any process, and however often it was begun before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.database.migration_state import compare
from controlplane.database.table_creation import create_if_empty
from controlplane.database.upgrade import bring_up_to_date
from tests.databases import default_database
from tests.interrupting import STATEMENTS, kill_before
from tests.live.ready_made import MIGRATED
from tests.postgres.conftest import run_together
from tests.postgresql import NewDatabase
from tests.schema import Description, description
from tests.tables import assert_rows


@pytest.fixture(scope="module")
def migrated(new_postgresql_database: NewDatabase, django_db_blocker: Any) -> Description:
    """The database that the migrations made, one after the other."""
    with django_db_blocker.unblock(), default_database(new_postgresql_database(copy_of=MIGRATED)):
        return description()


@pytest.fixture
def url(new_postgresql_database: NewDatabase) -> str:
    return new_postgresql_database()


@pytest.fixture
def empty(url: str, django_db_blocker: Any) -> Iterator[None]:
    """Django's database is a PostgreSQL without a table."""
    with django_db_blocker.unblock(), default_database(url):
        yield


def test_an_empty_database_becomes_what_the_migrations_would_have_made(empty: None, migrated: Description) -> None:
    assert create_if_empty()
    assert_rows(description(), migrated)


@pytest.mark.thorough
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_start_that_was_killed_leaves_an_empty_database_to_the_next(
    empty: None, migrated: Description, url: str, tmp_path: Path, statement: str
) -> None:
    kill_before(statement, database_url=url, home=tmp_path / "home")

    bring_up_to_date()

    assert_rows(description(), migrated)


def test_machines_that_start_at_once_all_find_the_tables_made(empty: None, migrated: Description) -> None:
    def start() -> list[Any]:
        bring_up_to_date()
        return compare().missing

    assert run_together([start] * 3) == [[]] * 3
    assert_rows(description(), migrated)
