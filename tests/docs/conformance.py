"""Holds every answer of every test to the OpenAPI document: a middleware that notes what the document does not say."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from jsonschema import Draft202012Validator

from controlplane.apidocs.document import document
from controlplane.apidocs.routes import document_path
from tests.docs.document import referenced, validator

JSON = "application/json"
undocumented: list[str] = []
"""What was answered since a test last looked (tests/conftest.py)."""


class ConformanceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.resolver_match and request.method:
            path, method = document_path(request.resolver_match.route), request.method.lower()
            undocumented.extend(
                f"{request.method} {request.get_full_path()}: {fault}" for fault in faults(path, method, response)
            )
        return response


def faults(path: str, method: str, response: HttpResponse) -> list[str]:
    """How an answer differs from what the document says of this operation.

    It says nothing of other methods, and nothing of faults that a test makes the product commit.
    """
    operation = document()["paths"].get(path, {}).get(method)
    if operation is None or response.status_code == 500:
        return []
    status = str(response.status_code)
    if status not in operation["responses"]:
        return [f"status {status} is not documented: {response.content[:300]!r}"]
    content = _content(path, method, status)
    if not content:
        return [f"{status} has no body, says the document"] if response.content else []
    if (content_type := response["Content-Type"].partition(";")[0]) not in content:
        return [f"Content-Type {content_type}"]
    if content_type != JSON:
        return []
    body_validator = _validator(path, method, status)
    return [f"{error.json_path}: {error.message[:300]}" for error in body_validator.iter_errors(_parsed(response))]


def _parsed(response: HttpResponse) -> Any:
    return json.loads(response.content)


def _content(path: str, method: str, status: str) -> Any:
    """What an answer may consist of, by media type."""
    response = document()["paths"][path][method]["responses"][status]
    return (referenced(response["$ref"]) if "$ref" in response else response).get("content", {})


@cache
def _validator(path: str, method: str, status: str) -> Draft202012Validator:
    return validator(_content(path, method, status)[JSON]["schema"])
