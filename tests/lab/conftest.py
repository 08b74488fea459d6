"""A product with its lab, once kept by root and once by an ordinary user."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from controlplane.deployment.owned_folder import owned_folder
from tests.lab import ordinary_user
from tests.lab.machine import run_through, why_no_lab
from tests.lab.stepping import Lab, cannot_try
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.ready_made import POSTGRESQL, SQLITE, ReadyMade

NewLab = Callable[..., Lab]
NUMBERS = count()


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own are not."""
    with owned_folder("baremint-lab-") as folder:
        folder.chmod(0o777)
        yield folder


def make(ready_made: ReadyMade, folder: Path, *, rootless: bool, **settings: str) -> Lab:
    """A product that does not run, of root or of an ordinary user."""
    if reason := why_no_lab(rootless=rootless):
        cannot_try(reason)
    home = folder / f"home{next(NUMBERS)}"
    ready_made.copy_home(home, POSTGRESQL if "DATABASE_URL" in settings else SQLITE)
    if rootless and os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, ordinary_user.UID, ordinary_user.UID)
    return Lab(Product(home, run_through=run_through(rootless=rootless), settings=settings))


def end(lab: Lab) -> None:
    lab.product.attempt("down")
    lab.product.kill_everything()


@pytest.fixture
def new_lab(ready_made: ReadyMade, open_folder: Path) -> Iterator[NewLab]:
    """Makes products that are not started yet; whatever of them runs when the test ends is stopped."""
    labs: list[Lab] = []

    def make_one(*, rootless: bool, **settings: str) -> Lab:
        labs.append(make(ready_made, open_folder, rootless=rootless, **settings))
        return labs[-1]

    yield make_one
    for each in labs:
        end(each)


@pytest.fixture(scope="session", params=["root", "rootless"])
def lab(request: pytest.FixtureRequest, ready_made: ReadyMade, open_folder: Path) -> Iterator[Lab]:
    """A lab that is up, beside a product with its demo world. One at a time runs."""
    lab_of_test = make(ready_made, open_folder, rootless=request.param == "rootless")
    try:
        lab_of_test.product.start()
        lab_of_test.product.run("lab", "up")
        yield lab_of_test
    finally:
        end(lab_of_test)


@pytest.fixture(autouse=True)
def the_lab_stays_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to it, or found, the next one has a lab."""
    yield
    if "lab" in request.fixturenames and not (lab := request.getfixturevalue("lab")).is_up:
        lab.product.run("lab", "up")


@pytest.fixture(scope="session")
def operator(lab: Lab) -> Operator:
    return Operator(lab.product.info)
