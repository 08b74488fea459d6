"""The tables of an empty SQLite database; of PostgreSQL, see tests/postgres/test_schema.py."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from controlplane.database.migration_state import compare, of_this_version
from controlplane.database.table_creation import create_if_empty
from controlplane.database.upgrade import bring_up_to_date
from tests.databases import default_database
from tests.interrupting import STATEMENTS, kill_before
from tests.schema import Description, description
from tests.tables import assert_rows


@pytest.fixture
def migrated(db: None) -> Description:
    """The database that the migrations made, one after the other."""
    return description()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new.sqlite3"


@pytest.fixture
def empty(migrated: Description, url: str, django_db_blocker: Any) -> Iterator[None]:
    """Django's database is another one, without a table."""
    with django_db_blocker.unblock(), default_database(url):
        yield


def test_an_empty_database_becomes_what_the_migrations_would_have_made(empty: None, migrated: Description) -> None:
    assert create_if_empty()
    assert_rows(description(), migrated)


def test_a_database_that_has_tables_is_left_alone(empty: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE foreign_table (id integer)")
    assert not create_if_empty()
    assert connection.introspection.table_names() == ["foreign_table"]


def test_a_database_gets_the_migration_that_it_lacks(empty: None, migrated: Description) -> None:
    create_if_empty()
    MigrationExecutor(connection).migrate([("console", None)])
    assert compare().missing == [("console", "0001_progress_of_learners"), ("console", "0002_public_ids_of_servers")]

    bring_up_to_date()

    assert_rows(description(), migrated)


@pytest.mark.thorough
def test_the_database_of_the_first_version_gets_all_migrations_since(empty: None, migrated: Description) -> None:
    MigrationExecutor(connection).migrate([("activity", "0001_activity_events")])
    assert ("activity", "0002_append_only") in compare().missing

    bring_up_to_date()

    assert compare().missing == []
    assert_rows(description(), migrated)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_start_that_was_killed_leaves_an_empty_database_to_the_next(
    empty: None, migrated: Description, url: str, tmp_path: Path, statement: str
) -> None:
    kill_before(statement, database_url=url, home=tmp_path / "home")
    assert connection.introspection.table_names() == []

    bring_up_to_date()

    assert_rows(description(), migrated)


def test_a_database_that_is_up_to_date_is_asked_one_question(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        bring_up_to_date()


def test_a_database_that_cannot_be_opened_is_an_error_of_the_database(
    migrated: Description, tmp_path: Path, django_db_blocker: Any
) -> None:
    with (
        django_db_blocker.unblock(),
        default_database(f"sqlite:///{tmp_path}/nowhere/new.sqlite3"),
        pytest.raises(DatabaseError, match="unable to open"),
    ):
        bring_up_to_date()


def test_the_migrations_of_this_version_are_those_that_django_finds() -> None:
    assert set(of_this_version()) == set(MigrationLoader(None).disk_migrations)
