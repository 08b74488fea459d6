"""The OpenAPI document as tests ask it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from controlplane.operations.openapi.document import document
from trustedprofiles.guarded import GuardedView

CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
HERE = "urn:baremint"


@dataclass(frozen=True)
class Documented:
    """One operation of the document."""

    method: str
    path: str
    content: Any

    def __str__(self) -> str:
        return str(self.content["operationId"])


def operations() -> list[Documented]:
    return [
        Documented(method.upper(), path, content)
        for path, item in document()["paths"].items()
        for method, content in item.items()
    ]


def template(route: str) -> str:
    """Django's route as a path of the document: ``v1/keys/<str:key_id>`` is ``/v1/keys/{key_id}``."""
    return "/" + CONVERTER.sub(r"{\1}", route)


def routed() -> Iterator[tuple[str, GuardedView]]:
    """Path and view of every GuardedView that the control plane routes to."""
    yield from _routed(get_resolver("controlplane.urls").url_patterns, "")


def _routed(patterns: list[Any], prefix: str) -> Iterator[tuple[str, GuardedView]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routed(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and issubclass(getattr(pattern.callback, "cls", object), GuardedView):
            yield template(route), pattern.callback.cls(**pattern.callback.initkwargs)


def validator(schema: Any) -> Draft202012Validator:
    """Of a schema that may refer to the document's components."""
    return Draft202012Validator(_absolute(schema), registry=_registry())


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(HERE, DRAFT202012.create_resource(document()))


def _absolute(schema: Any) -> Any:
    """The same schema for use outside the document."""
    if isinstance(schema, dict):
        return {
            key: f"{HERE}{value}" if key == "$ref" and isinstance(value, str) else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


def referenced(reference: str) -> Any:
    """What stands at ``#/components/schemas/Key``. Raises KeyError for what is not there."""
    found: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(part: Any) -> Iterator[str]:
    """Every ``$ref`` in a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)
