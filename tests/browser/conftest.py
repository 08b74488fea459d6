"""A real browser in front of a real product: Debian's Chromium, driven by Playwright, listening for every complaint."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visitor import Visitor
from tests.live.conftest import ROOM
from tests.live.product import Product

CHROMIUM = os.environ.get("BAREMINT_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
Visit = Callable[..., Visitor]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="write the pictures of the documentation into FOLDER")


@pytest.fixture(scope="session")
def product(new_product: Callable[..., Product]) -> Product:
    """One that runs, with its demo world."""
    instance = new_product(settings=ROOM)
    instance.start()
    return instance


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; skipped, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    if not shutil.which(CHROMIUM):
        pytest.skip(f"There is no Chromium at {CHROMIUM}. On Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, product: Product) -> Iterator[Visit]:
    """Opens a window, signed in as the owner; whatever any window complained of in the end fails the test."""
    visitors: list[Visitor] = []

    def opened(**options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        visitors.append(Visitor(context.new_page(), product))
        visitors[-1].sign_in()
        return visitors[-1]

    yield opened
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.page.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def log(product: Product) -> Path:
    return product.home / "baremint.log"
