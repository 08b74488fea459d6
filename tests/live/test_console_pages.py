"""The console of a running product, on both databases: every page answers, its switch reaches every process."""

import re
from typing import Any

import pytest
import requests

from tests.forms import forms
from tests.live.product import Product
from tests.live.signed_in import form_token, signed_in

pytestmark = pytest.mark.live

PAGES = [
    *("/", "/overview/state", "/servers", "/servers?q=10.240.0.4&sort=-metadata", "/servers/table", "/servers/new"),
    *("/servers/{server}", "/servers/{server}/state", "/servers/{server}/holdings", "/servers/{server}/initialization"),
    *("/profiles", "/profiles/{profile}", "/profiles/{profile}/state", "/explain?server=web-1&profile=demo-viewer"),
    *("/inspector", "/keys", "/keys/state", "/activity?q=web&action=token&outcome=success&since=1h", "/activity/list"),
    *("/activity/{event}", "/activity/export?format=csv", "/activity/export?format=json"),
]


@pytest.fixture(scope="module")
def browser(product: Product) -> requests.Session:
    return signed_in(product)


def ask(url: str) -> int:
    call = f"{url}/identity/v1/token?version=2025-08-26"
    return requests.put(call, headers={"Metadata-Flavor": "ibm"}, timeout=10).status_code


def test_every_page_answers(product: Product, browser: requests.Session) -> None:
    server = product.server("web-1")
    assert ask(server["metadata_url"]) == 200
    origin = product.info["control_plane_url"]
    profile = re.search(r'href="/profiles/(Profile-[\w-]+)"', browser.get(f"{origin}/profiles", timeout=20).text)
    event = re.search(r'href="/activity/(\d+)"', browser.get(f"{origin}/activity", timeout=20).text)
    assert profile
    assert event
    names = {"server": server["id"], "profile": profile[1], "event": event[1]}
    answers = {path: browser.get(origin + path.format(**names), timeout=30).status_code for path in PAGES}
    assert {path: status for path, status in answers.items() if status != 200} == {}


def test_the_switch_reaches_every_process_at_once(product: Product, browser: requests.Session) -> None:
    server: dict[str, Any] = product.server("web-2")
    origin = product.info["control_plane_url"]
    for enabled, expected in (("false", 403), ("true", 200)):
        page = browser.get(f"{origin}/servers", timeout=20).text
        table = next(each for each in forms(page) if each.attributes.get("id") == "servers-form")
        data = {**table.data(), "enabled": enabled, "confirmed": "yes"}
        browser.post(f"{origin}/servers/{server['id']}/metadata", data, timeout=20)
        assert {ask(server["metadata_url"]) for _ in range(8)} == {expected}


def test_the_calls_of_a_server_are_really_made(product: Product, browser: requests.Session) -> None:
    origin, server = product.info["control_plane_url"], product.server("web-1")
    page = browser.get(f"{origin}/servers/{server['id']}", timeout=20).text
    answer = browser.post(
        f"{origin}/servers/{server['id']}/try",
        {"csrfmiddlewaretoken": form_token(page), "last": "certificate"},
        timeout=30,
    )
    assert answer.text.count("200 OK</span>") == 3
    assert "signature not shown" in answer.text
