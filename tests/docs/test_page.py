"""The page at /docs."""

import re
from typing import Any

import pytest
from django.test import Client

from controlplane.operations.openapi.document import document
from controlplane.operations.openapi.examples import example
from tests.docs.document import operations, validator
from tests.tables import assert_none


@pytest.fixture
def page(client: Client) -> Any:
    return client.get("/docs")


def test_the_page_shows_every_operation(page: Any) -> None:
    shown = set(re.findall(r'<article id="(\w+)">', page.content.decode()))
    assert shown >= {str(operation) for operation in operations()}


def test_every_link_on_the_page_leads_somewhere(page: Any) -> None:
    text = page.content.decode()
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))


def test_the_page_loads_nothing_from_elsewhere(page: Any) -> None:
    loaded = re.findall(r'<(?:link|img|script|iframe)[^>]*(?:href|src)="([^"]*)"', page.content.decode())
    assert loaded == ["/static/operations/docs.css"]


def test_the_page_may_run_nothing(page: Any) -> None:
    assert "script" not in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")


def test_the_stylesheet_is_there(client: Client) -> None:
    from django.contrib.staticfiles import finders

    assert finders.find("operations/docs.css")


def test_an_example_calls_where_the_page_was_read(client: Client) -> None:
    text = client.get("/docs", headers={"host": "localhost:1234"}).content.decode()
    assert "curl -X GET &quot;http://localhost:1234/healthz&quot;" in text


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
