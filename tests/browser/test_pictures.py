"""The pictures of the README and of docs/, taken of a product that has been used; `make pictures` writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.test_lessons import begin, turned_green
from tests.browser.visitor import Visitor
from tests.live.product import Product
from tests.live.shell import Shell

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.browser]
Visit = Callable[..., Visitor]

SIZE = {"width": 1280, "height": 800}
LESSON = "policy"
MOST_BYTES = 400_000


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(request.config.getoption("pictures", None) or tmp_path)


def do_the_lesson(visitor: Visitor, shell: Shell) -> None:
    visitor.go(f"/learn/{LESSON}")
    begin(visitor)
    for number in range(1, visitor.page.locator("[data-command]").count() + 1):
        shell.paste(visitor.page.locator(f"#command-{number}").text_content() or "")
    turned_green(visitor, visitor.page.locator("[data-check]").last.get_attribute("id").removeprefix("check-"))


def test_pictures_are_taken_of_a_product_in_use(visit: Visit, product: Product, folder: Path, tmp_path: Path) -> None:
    light, dark = visit(viewport=SIZE), visit(viewport=SIZE, color_scheme="dark")
    with Shell(tmp_path) as shell:
        do_the_lesson(light, shell)
    for purpose in ("identity", "iam"):
        product.run("rotate", purpose, "--at-once")
    server = product.server("web-1")["id"]
    pictures = {
        "servers": (light, "/servers"),
        "server": (light, f"/servers/{server}"),
        "lesson": (light, f"/learn/{LESSON}"),
        "overview": (dark, "/"),
        "keys": (dark, "/keys"),
    }
    for name, (visitor, path) in pictures.items():
        visitor.go(path)
        visitor.page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size < MOST_BYTES
