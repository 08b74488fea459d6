"""The page at /docs."""

import re
from typing import Any

import pytest
from django.test import Client

from controlplane.operations.openapi.document import document
from controlplane.operations.openapi.examples import example
from tests.docs.document import Documented, operations, validator

WITH_BODY = [operation for operation in operations() if "requestBody" in operation.content]


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
    assert loaded == ["data:,", "/static/operations/docs.css"]


def test_the_page_may_run_nothing(page: Any) -> None:
    assert "script" not in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")


def test_the_stylesheet_is_there(client: Client) -> None:
    from django.contrib.staticfiles import finders

    assert finders.find("operations/docs.css")


def test_an_example_calls_where_the_page_was_read(client: Client) -> None:
    text = client.get("/docs", headers={"host": "localhost:1234"}).content.decode()
    assert "curl -X GET &quot;http://localhost:1234/healthz&quot;" in text


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_an_example_of_a_body_is_what_the_body_may_be(operation: Documented) -> None:
    for media in operation.content["requestBody"]["content"].values():
        shown = example(media["schema"], document()["components"]["schemas"])
        assert [error.message for error in validator(media["schema"]).iter_errors(shown)] == []
