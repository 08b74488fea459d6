"""Attempts to sign in are counted by all processes of the control plane together."""

from collections.abc import Iterator

import pytest
import requests

from controlplane.console.views.session import MOST_FAILURES
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.live.signed_in import form_token

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    instance = new_product()
    instance.start()
    yield instance
    instance.end()


def attempt(product: Product, password: str, path: str = "/login") -> int:
    """With a connection of its own, which may be taken by any of the processes."""
    with requests.Session() as browser:
        url = f"http://127.0.0.1:{product.port}{path}"
        page = browser.get(url, headers={"Accept": "text/html"}, timeout=10)
        username = product.info["admin"]["username"]
        form = {"username": username, "password": password, "csrfmiddlewaretoken": form_token(page.text)}
        return browser.post(url, form, allow_redirects=False, timeout=10).status_code


def test_ten_failures_lock_a_name_in_every_process(product: Product) -> None:
    right = product.info["admin"]["password"]
    assert attempt(product, right) == 302
    answers = [attempt(product, "wrong", ("/login", "/admin/login/")[number % 2]) for number in range(MOST_FAILURES)]
    assert answers == [401] * MOST_FAILURES
    assert [attempt(product, right) for _ in range(6)] == [429] * 6
