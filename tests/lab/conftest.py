"""A product with its lab, once kept by root and once by an ordinary user."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.stepping import Lab
from tests.live.operator import Operator
from tests.live.product import Product

AS_NOBODY = (sys.executable, str(Path(__file__).with_name("ordinary_user.py")))

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
        if not rootless and os.geteuid() != 0:
            pytest.skip("a lab kept by root needs root")
        switch_user = AS_NOBODY if rootless and os.geteuid() == 0 else ()
        made.append(Product(open_folder / f"home{len(made)}", run_through=switch_user, settings=settings))
        return Lab(made[-1])

    yield make
    for product in made:
        product.attempt("down")
        product.kill_everything()


@pytest.fixture(scope="session", params=["root", "rootless"])
def lab(request: pytest.FixtureRequest, new_lab: NewLab) -> Lab:
    """A lab that is up, beside a product with its demo world. Leave it up."""
    made = new_lab(rootless=request.param == "rootless")
    made.product.start()
    made.product.run("lab", "up")
    return made


@pytest.fixture(scope="session")
def operator(lab: Lab) -> Operator:
    return Operator(lab.product.info)
