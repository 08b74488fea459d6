"""Tests of the unit part, as they are, with PostgreSQL under them: what each writes is undone in the end.

A module here imports the tests and their fixtures. ``db`` is what the fixtures of the unit part ask for, so that they
find this one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.on_both import shared_database, undone_on_postgresql

__all__ = ["shared_database"]

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All are thorough here: they are odd, and no race is among them."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture
def db(shared_database: str, django_db_blocker: Any) -> Iterator[None]:
    with undone_on_postgresql(shared_database, django_db_blocker):
        yield
