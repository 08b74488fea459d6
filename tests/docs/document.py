"""The OpenAPI document as tests ask it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from controlplane.apidocs.document import document
from controlplane.cloudservice.registry import services

HERE = "urn:baremint"
# What needs no IAM token: the token service, the metadata service, what verifiers and operators read.
OF_SERVICES = {service.title for service in services().values()}
OPEN = {"IAM token", "Metadata service", "Certificates", "Operations"}


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


def guarded_operations() -> list[Documented]:
    """Those that need an IAM token, of the APIs that decide themselves: services ask IAM over HTTP."""
    return [each for each in operations() if not (OPEN | OF_SERVICES) & set(each.content["tags"])]


def operations_of_services() -> list[Documented]:
    return [each for each in operations() if OF_SERVICES & set(each.content["tags"])]


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
    schema: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        schema = schema[step]
    return schema


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
