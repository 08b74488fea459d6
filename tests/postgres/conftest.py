"""The product's own functions on a real PostgreSQL: rows are locked, transactions wait and may deadlock.

A test that asks for ``on_postgresql`` uses Django as any other does, with a database of its own; ``together`` runs
functions at the same time, each with a connection of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from threading import Barrier, Thread
from typing import Any, TypeVar

import pytest
from django.db import connection

from tests.databases import default_database
from tests.live.ready_made import MIGRATED
from tests.postgresql import NewDatabase

T = TypeVar("T")
SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/postgres/" in item.nodeid:
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def on_postgresql(new_postgresql_database: NewDatabase, django_db_blocker: Any) -> Iterator[None]:
    """Django's database is a PostgreSQL with empty tables, this test's own."""
    url = new_postgresql_database(copy_of=MIGRATED)
    with django_db_blocker.unblock(), default_database(url):
        yield


@pytest.fixture
def together(on_postgresql: None) -> Callable[[Sequence[Callable[[], T]]], list[T | Exception]]:
    return run_together


def run_together(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Runs functions at the same moment, each in a thread; what each returned or raised, in the order given."""
    start = Barrier(len(calls))
    results: list[Any] = [TimeoutError(f"no end within {SECONDS} s")] * len(calls)

    def work(position: int, call: Callable[[], T]) -> None:
        try:
            connection.ensure_connection()
            start.wait(SECONDS)
            results[position] = call()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [Thread(target=work, args=each, daemon=True) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    return results
