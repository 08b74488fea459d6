"""A product with its lab, once kept by root and once by an ordinary user."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.machine import run_through, why_no_lab
from tests.lab.stepping import Lab, cannot_try
from tests.live.operator import Operator
from tests.live.product import Product

NewLab = Callable[..., Lab]


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="baremint-lab-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_lab(open_folder: Path) -> Iterator[NewLab]:
    """Makes a product that is not started yet; whatever of it runs in the end is stopped."""
    made: list[Product] = []

    def make(*, rootless: bool, **settings: str) -> Lab:
        if reason := why_no_lab(rootless=rootless):
            cannot_try(reason)
        home = open_folder / f"home{len(made)}"
        made.append(Product(home, run_through=run_through(rootless=rootless), settings=settings))
        return Lab(made[-1])

    yield make
    for product in made:
        product.attempt("down")
        product.kill_everything()


@pytest.fixture(scope="session", params=["root", "rootless"])
def lab(request: pytest.FixtureRequest, new_lab: NewLab) -> Lab:
    """A lab that is up, beside a product with its demo world."""
    made = new_lab(rootless=request.param == "rootless")
    made.product.start()
    made.product.run("lab", "up")
    return made


@pytest.fixture(autouse=True)
def the_lab_stays_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to it, or found, the next one has a lab."""
    yield
    if "lab" in request.fixturenames and not (lab := request.getfixturevalue("lab")).is_up:
        lab.product.run("lab", "up")


@pytest.fixture(scope="session")
def operator(lab: Lab) -> Operator:
    return Operator(lab.product.info)
