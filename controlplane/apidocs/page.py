"""The contents of the page at /docs: the document as texts and rows for its template."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from controlplane.apidocs.examples import example, type_of
from controlplane.kernel.operation import Schema
from controlplane.kernel.route_spec import FORM, JSON

LIMITS = {
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "{} or more",
    "maximum": "{} or less",
    "default": "default {}",
    "format": "format {}",
}


@dataclass(frozen=True)
class Row:
    """A parameter, or a property of an object."""

    name: str
    type: SafeString
    required: bool
    meaning: SafeString
    place: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    phrase: str
    type: SafeString


@dataclass(frozen=True)
class Entry:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    meaning: SafeString
    parameters: list[Row]
    body: SafeString | str
    answers: list[Answer]
    curl: str


@dataclass(frozen=True)
class Section:
    name: str
    meaning: SafeString
    entries: list[Entry]


@dataclass(frozen=True)
class Shape:
    """A named schema."""

    name: str
    meaning: SafeString
    rows: list[Row]


class Page:
    def __init__(self, document: Schema, *, origin: str) -> None:
        """``origin`` is where the control plane was reached, ``http://127.0.0.1:8000``."""
        self.document = document
        self.origin = origin
        self.components: Schema = document["components"]
        self.schemas: dict[str, Schema] = self.components["schemas"]

    @property
    def sections(self) -> list[Section]:
        operations = [
            (operation, method, path)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        ]
        return [
            Section(
                tag["name"],
                _prose(tag["description"]),
                [self._entry(*each) for each in operations if tag["name"] in each[0]["tags"]],
            )
            for tag in self.document["tags"]
        ]

    @property
    def shapes(self) -> list[Shape]:
        return [
            Shape(name, _prose(schema.get("description", "")), self._properties(schema))
            for name, schema in self.schemas.items()
        ]

    def _entry(self, operation: Schema, method: str, path: str) -> Entry:
        parameters = [self._referenced(each) for each in operation["parameters"]]
        content = operation.get("requestBody", {}).get("content", {})
        body = next((_type(media["schema"]) for media in content.values()), "")
        return Entry(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            meaning=_prose(operation.get("description", "")),
            parameters=[
                _row(each["name"], each["schema"], each.get("required", False), each.get("description"), each["in"])
                for each in parameters
            ],
            body=body,
            answers=[self._answer(int(status), each) for status, each in operation["responses"].items()],
            curl=self._curl(operation, method.upper(), path, parameters),
        )

    def _referenced(self, schema: Schema) -> Schema:
        if "$ref" not in schema:
            return schema
        kind, name = schema["$ref"].split("/")[-2:]
        referenced: Schema = self.components[kind][name]
        return referenced

    def _answer(self, status: int, response: Schema) -> Answer:
        content = self._referenced(response).get("content", {})
        return Answer(
            status,
            HTTPStatus(status).phrase,
            next((_type(media["schema"]) for media in content.values()), SafeString("nothing")),
        )

    def _properties(self, schema: Schema) -> list[Row]:
        required = schema.get("required", ())
        return [
            _row(name, each, name in required, each.get("description"))
            for name, each in schema.get("properties", {}).items()
        ]

    def _curl(self, operation: Schema, method: str, path: str, parameters: list[Schema]) -> str:
        """Return a shell command that reads ids and tokens from variables of the shell."""
        for each in parameters:
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", f"${each['name'].upper()}")
        required_parameters = [each for each in parameters if each.get("required")]
        in_query = {each["name"]: self._example(each) for each in required_parameters if each["in"] == "query"}
        query = urlencode(in_query, safe="$")
        origin = "$URL" if operation.get("servers") else self.origin
        verb = "--head" if method == "HEAD" else f"-X {method}"
        lines = [f'curl {verb} "{origin}{path}{"?" if query else ""}{query}"']
        if operation["security"]:
            lines.append('-H "Authorization: Bearer $TOKEN"')
        lines += [
            f'-H "{each["name"]}: {self._example(each)}"' for each in required_parameters if each["in"] == "header"
        ]
        for media, content in list(operation.get("requestBody", {}).get("content", {}).items())[:1]:
            value = example(content["schema"], self.schemas)
            if media == FORM:
                lines += [f'--data-urlencode "{name}={text}"' for name, text in value.items()]
            elif media == JSON:
                lines.append(f"-d '{json.dumps(value)}'")
        return " \\\n  ".join(lines)

    def _example(self, parameter: Schema) -> Any:
        if parameter["name"] == "If-Match":
            return "*"
        return example(parameter["schema"], self.schemas, name=parameter["name"])


def _row(name: str, schema: Schema, required: bool, meaning: str | None, place: str = "") -> Row:
    limits = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema]
    if "pattern" in schema:
        limits.append(f"pattern `{schema['pattern']}`")
    parts = [*([meaning] if meaning else []), *([f"({', '.join(limits)})"] if limits else [])]
    return Row(name, _type(schema), required, _prose(" ".join(parts)), place)


def _type(schema: Schema) -> SafeString:
    """Return a text such as ``list of Key``, with links to the named schemas."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return format_html('<a href="#{}">{}</a>', name, name)
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return format_html_join(" or ", "{}", ((_type(each),) for each in schema[choice]))
    if "enum" in schema:
        return format_html_join(" or ", "<code>{}</code>", ((each,) for each in schema["enum"]))
    if type_of(schema) == "array":
        return format_html("list of {}", _type(schema.get("items", {})))
    if properties := schema.get("properties"):
        inside = format_html_join(", ", "{}: {}", ((name, _type(each)) for name, each in properties.items()))
        return format_html("{{{}}}", inside)
    kind = schema.get("type", "anything")
    return format_html("{}", kind if isinstance(kind, str) else " or ".join(kind))


def _prose(text: str) -> SafeString:
    """Text in which `code` stands between backticks."""
    pieces = (
        format_html("<code>{}</code>", piece) if number % 2 else piece for number, piece in enumerate(text.split("`"))
    )
    return format_html_join("", "{}", ((piece,) for piece in pieces))
