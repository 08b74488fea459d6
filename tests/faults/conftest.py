"""Faults on purpose. ``site`` is shared by the tests of a file, once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.site import Site
from tests.faults.whole import Broker, Whole
from tests.live.ready_made import POSTGRESQL, SQLITE, STARTED, NewProduct, ReadyMade
from tests.postgresql import NewDatabase

DATABASES = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=DATABASES)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    ready_made: ReadyMade,
    new_postgresql_database: NewDatabase,
    django_db_blocker: Any,
) -> Iterator[Site]:
    """A broker and a database with keys; it has no worker and no beat but those that a test starts."""
    folder = tmp_path_factory.mktemp("site")
    ready_made.copy_home(folder / "home", request.param)
    is_sqlite = request.param == SQLITE
    url = f"sqlite:///{folder / 'home' / 'baremint.sqlite3'}" if is_sqlite else new_postgresql_database(copy_of=STARTED)
    new_site = Site(folder, url)
    with django_db_blocker.unblock():
        try:
            new_site.start()
            yield new_site
        finally:
            new_site.stop()


@pytest.fixture(scope="module", params=DATABASES)
def whole(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    new_product: NewProduct,
    django_db_blocker: Any,
) -> Iterator[Whole]:
    """A product that runs, with a broker that may be stopped, and clients to be let loose on it."""
    folder = tmp_path_factory.mktemp("whole")
    broker = Broker(folder / "broker")
    settings = {"REDIS_URL": broker.url, "BAREMINT_TICK_SECONDS": "0.5", **getattr(request.module, "SETTINGS", {})}
    product = new_product(database=request.param, settings=settings)
    new_whole = Whole(product, broker, folder)
    with django_db_blocker.unblock():
        try:
            new_whole.start()
            yield new_whole
        finally:
            new_whole.stop()
            product.end()
