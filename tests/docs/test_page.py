"""The page at /docs."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client
from django.test.signals import template_rendered

from controlplane.apidocs import rendered
from controlplane.apidocs.document import document
from controlplane.apidocs.examples import example
from tests.docs.document import operations, validator
from tests.tables import assert_none


@pytest.fixture
def page(client: Client) -> Any:
    return client.get("/docs")


def test_the_page_shows_every_operation(page: Any) -> None:
    articles = set(re.findall(r'<article id="(\w+)">', page.content.decode()))
    assert articles >= {str(operation) for operation in operations()}


def test_every_link_on_the_page_leads_somewhere(page: Any) -> None:
    text = page.content.decode()
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))


def test_the_page_loads_nothing_from_elsewhere(page: Any) -> None:
    loaded = re.findall(r'<(?:link|img|script|iframe)[^>]*(?:href|src)="([^"]*)"', page.content.decode())
    assert loaded == ["/static/apidocs/docs.css"]


def test_the_page_may_run_nothing(page: Any) -> None:
    assert "script" not in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")


def test_the_stylesheet_is_there(client: Client) -> None:
    from django.contrib.staticfiles import finders

    assert finders.find("apidocs/docs.css")


def test_an_example_calls_where_the_page_was_read(client: Client) -> None:
    text = client.get("/docs", headers={"host": "localhost:1234"}).content.decode()
    assert "curl -X GET &quot;http://localhost:1234/healthz&quot;" in text


@pytest.mark.parametrize("path", ["/docs", "/docs/openapi.json"])
def test_a_client_that_has_the_current_page_is_answered_304(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {again[name] for name in ("ETag", "Cache-Control")} == {first["ETag"], "no-cache"}


def test_a_client_that_has_the_page_of_another_origin_is_answered_whole(client: Client, page: Any) -> None:
    headers = {"if-none-match": page["ETag"], "host": "localhost:1234"}
    assert client.get("/docs", headers=headers).status_code == 200


def test_the_page_is_rendered_once_also_for_many_who_read_it_first_at_once() -> None:
    renderings = []

    def note(sender: Any, template: Any, **rest: Any) -> None:
        renderings.append(template.name)

    rendered.PAGE.expire()
    template_rendered.connect(note)
    try:
        with ThreadPoolExecutor(4) as pool:
            pages = set(pool.map(rendered.page_read_at, ["http://localhost:1234"] * 4))
    finally:
        template_rendered.disconnect(note)
    assert (renderings, len(pages)) == (["apidocs/docs.html"], 1)


def test_every_example_of_a_body_is_what_the_body_may_be() -> None:
    schemas = document()["components"]["schemas"]
    bodies = [
        (str(operation), media_type, media["schema"])
        for operation in operations()
        if "requestBody" in operation.content
        for media_type, media in operation.content["requestBody"]["content"].items()
    ]
    wrong = {
        (operation, media_type): errors
        for operation, media_type, schema in bodies
        if (errors := [each.message for each in validator(schema).iter_errors(example(schema, schemas))])
    }
    assert_none(wrong, among=bodies)
