"""A product with its lab, once kept by root and once by an ordinary user."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.stepping import Lab
from tests.live.operator import Operator
from tests.live.product import Product

AS_NOBODY = (sys.executable, str(Path(__file__).with_name("ordinary_user.py")))


def make_product(tmp_path_factory: pytest.TempPathFactory, *, rootless: bool, **settings: str) -> Product:
    if not rootless and os.geteuid() != 0:
        pytest.skip("a lab kept by root needs root")
    folder = tmp_path_factory.mktemp("lab")
    for each in (folder, *folder.parents):
        if each.name.startswith("pytest-"):
            each.chmod(0o755)
    folder.chmod(0o777)
    switch_user = AS_NOBODY if rootless and os.geteuid() == 0 else ()
    return Product(folder / "home", run_through=switch_user, settings=settings)


@pytest.fixture(scope="session", params=["root", "rootless"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that is up, beside a product with its demo world. Leave it up."""
    product = make_product(tmp_path_factory, rootless=request.param == "rootless")
    try:
        product.start()
        product.run("lab", "up")
        yield Lab(product)
    finally:
        product.attempt("down")
        product.kill_everything()


@pytest.fixture(scope="session")
def operator(lab: Lab) -> Operator:
    return Operator(lab.product.info)
