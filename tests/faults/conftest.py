"""Faults on purpose. ``site`` is shared by the tests of a file, once on SQLite and once on PostgreSQL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.site import Site
from tests.faults.whole import Broker, Whole
from tests.live.product import Product


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Site]:
    """A broker and a database with keys; it has no worker and no beat but those that a test starts."""
    folder = tmp_path_factory.mktemp("site")
    new_database: Callable[[], str] | None = (
        request.getfixturevalue("new_postgresql_database") if request.param == "postgresql" else None
    )
    made = Site(folder, new_database() if new_database else f"sqlite:///{folder / 'baremint.sqlite3'}")
    with django_db_blocker.unblock():
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Whole]:
    """A product that runs, with a broker that may be stopped, and clients to be let loose on it."""
    folder = tmp_path_factory.mktemp("whole")
    broker = Broker(folder / "broker")
    new_database: Callable[[], str] | None = (
        request.getfixturevalue("new_postgresql_database") if request.param == "postgresql" else None
    )
    options = {"REDIS_URL": broker.url, "BAREMINT_TICK_SECONDS": "0.5", **getattr(request.module, "SETTINGS", {})}
    product = Product(folder / "home", new_database() if new_database else "", settings=options)
    made = Whole(product, broker, folder)
    with django_db_blocker.unblock():
        try:
            made.start()
            yield made
        finally:
            made.stop()
            product.end()
