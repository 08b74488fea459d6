"""Data directories and databases as a first start leaves them: made once per run of the suite, then copied.

A first start migrates a database and makes keys and a demo world, which costs more than most tests that need it. The
tests of first starts themselves are in ``test_first_start.py``.
"""

import fcntl
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from controlplane.bench.postgresql import PostgresqlServer, postgresql_server
from controlplane.sealing import keks
from tests.live.product import Product
from tests.postgresql import NewDatabase, create_database

SQLITE, POSTGRESQL = "sqlite", "postgresql"
MIGRATED = "migrated"
"""The database with the product's tables and nothing in them."""
STARTED = "started"
"""The database after a first start; its data directory is ``postgresql``."""
OF_ITS_PROCESSES = ("*.lock", "*.log", "*.sock", "valkey", "celerybeat-schedule*")


class ReadyMade:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own when this is root

    def copy_home(self, home: Path, database: str) -> None:
        """Make ``home`` the data directory of a product that has been started, and stopped, on such a database."""
        if database == POSTGRESQL:
            self.cluster()
        shutil.copytree(
            self.once(SQLITE, self._start_on_sqlite) if database == SQLITE else self.folder / POSTGRESQL,
            home,
            ignore=shutil.ignore_patterns(*OF_ITS_PROCESSES),
        )

    def cluster(self) -> Path:
        """The data of a PostgreSQL server with the databases MIGRATED and STARTED, for servers to begin with."""
        return self.once("cluster", self._fill_cluster)

    def _start_on_sqlite(self, home: Path) -> None:
        _start_and_stop(Product(home))

    def _fill_cluster(self, folder: Path) -> None:
        with postgresql_server() as server:
            database = create_database(server, MIGRATED)
            Product(folder.with_name("migrating"), database).run("migrate", "--verbosity", "0")
            home = self.folder / POSTGRESQL
            shutil.rmtree(home, ignore_errors=True)
            _start_and_stop(Product(home, create_database(server, STARTED, copy_of=MIGRATED)))
            server.save(folder)

    def once(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder of this name, which whichever process comes first makes, again if it was interrupted."""
        path, finished = self.folder / name, self.folder / f"{name}.finished"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not finished.exists():
                shutil.rmtree(path, ignore_errors=True)
                make(path)
                finished.touch()
        return path


def take_kek(home: Path) -> str:
    """The key-encryption key of a data directory, which keeps it no longer: for processes that get it as a setting."""
    file = home / keks.KEK_FILE
    kek = file.read_text().strip()
    file.unlink()
    return kek


def _start_and_stop(product: Product) -> None:
    try:
        product.start()
        product.stop()
    finally:
        product.kill_everything()


@pytest.fixture(scope="session")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> ReadyMade:
    """Shared by all workers of a run, and by all commands that ``SUITE_FOLDER`` belongs to."""
    if folder := os.environ.get("SUITE_FOLDER"):
        return ReadyMade(Path(folder) / "ready-made")
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    shared.chmod(0o711)  # the lab's ordinary user gets to what is made here
    return ReadyMade(shared / "ready-made")


@pytest.fixture(scope="session")
def new_postgresql_database(ready_made: ReadyMade) -> Iterator[NewDatabase]:
    """Makes a database and returns its URL: an empty one, or a copy of MIGRATED, of STARTED or of another such URL.

    The server starts with the first of them. While a database is copied no client may be connected to it.
    """
    with ExitStack() as stack:
        running: list[PostgresqlServer] = []
        numbers = itertools.count(1)

        def make(*, copy_of: str = "") -> str:
            if not running:
                running.append(stack.enter_context(postgresql_server(data=ready_made.cluster())))
            return create_database(running[0], f"baremint{next(numbers)}", copy_of=copy_of)

        yield make


NewProduct = Callable[..., Product]


@pytest.fixture(scope="session")
def new_product(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    ready_made: ReadyMade,
    new_postgresql_database: NewDatabase,
) -> Iterator[NewProduct]:
    """Makes a Product that does not run and was started before, or is ``empty``; in the end it is stopped.

    ``database`` is SQLITE or POSTGRESQL; what else is given goes to Product.
    """
    products: list[Product] = []

    def make(*, empty: bool = False, database: str = SQLITE, **options: Any) -> Product:
        home = tmp_path_factory.mktemp("product") / "home"
        if not empty:
            ready_made.copy_home(home, database)
        if database == POSTGRESQL:
            options["database_url"] = new_postgresql_database(copy_of="" if empty else STARTED)
        products.append(Product(home, **options))
        return products[-1]

    yield make
    for product in products:
        product.end()
        if not request.session.testsfailed:
            shutil.rmtree(product.home.parent, ignore_errors=True)
