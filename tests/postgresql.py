"""Databases on a PostgreSQL server that the suite starts, for the tests that need a real one."""

from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from controlplane.bench.postgresql import PostgresqlServer

NewDatabase = Callable[..., str]


def create_database(server: PostgresqlServer, name: str, *, copy_of: str = "") -> str:
    """Make a database and return its URL: an empty one, or a copy of the one of that name or URL.

    While a database is copied no client may be connected to it.
    """
    template = urlsplit(copy_of).path.lstrip("/") or "template1"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return server.get_uri(name)
