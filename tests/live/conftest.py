"""Real processes. ``product`` runs for the whole session, once on SQLite and once on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.operator import Operator
from tests.live.product import Product

NewProduct = Callable[..., Product]


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
        product.end()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def product(request: pytest.FixtureRequest, new_product: NewProduct) -> Iterator[Product]:
    """A product that runs. Add to it what you like; leave it running, with its demo world."""
    on_postgresql = request.param == "postgresql"
    made = new_product(database_url=request.getfixturevalue("new_postgresql_database")() if on_postgresql else "")
    made.start()
    yield made
    made.end()


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
