"""Small valid examples of schemas."""

import re
from functools import cache
from typing import Any

from controlplane.apidocs.routes import declared_parameters
from controlplane.deployment.api_version import API_VERSION
from controlplane.kernel.operation import Schema

# Properties of bodies that a schema does not describe well enough to make one up; parameters declare their own.
TEXTS = {
    "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9b",
    "csr": "-----BEGIN CERTIFICATE REQUEST-----\n...",
    "apikey": "$API_KEY",
    "payload": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "plaintext": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}
# For patterns: the first that fits is shown.
SAMPLES = ("cos://us-south/my-bucket/my-image.qcow2", "10.240.0.0/24", "10.240.0.4", "env:test")
FORMATS = {
    "date": API_VERSION,
    "date-time": f"{API_VERSION}T09:00:00Z",
    "email": "operator@example.com",
    "uri": "https://example.com",
    "uuid": "2c1de7a3-5e0b-4c2f-9f5a-7f1d1c9f9a34",
    "ipv4": "10.240.0.4",
}


def example(schema: Schema, schemas: dict[str, Schema], *, name: str = "") -> Any:  # noqa: PLR0911  a table
    """Return a value that the schema accepts. ``name`` is the name of the property, if it is one."""
    schema = resolved(schema, schemas)
    for keyword in ("example", "default", "const"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0], schemas, name=name)
    match type_of(schema):
        case "object":
            return _object(schema, schemas)
        case "array":
            return [example(schema.get("items", {}), schemas, name=name)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return _text(schema, name)


def resolved(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Return the schema, or the one that it refers to."""
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def type_of(schema: Schema) -> str:
    """``type``, the first that is not null when there are several; text where there is none."""
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(kind if isinstance(kind, str) else next((each for each in kind if each != "null"), "null"))


def _object(schema: Schema, schemas: dict[str, Schema]) -> dict[str, Any]:
    """Return the required properties, or the first one of an object that requires none."""
    properties = schema.get("properties", {})
    names = schema.get("required") or list(properties)[:1]
    return {name: example(properties[name], schemas, name=name) for name in names}


@cache
def _texts() -> dict[str, str]:
    return TEXTS | {str(each): each.example for each in declared_parameters() if each.example}


def _text(schema: Schema, name: str) -> str:
    if name in _texts():
        return _texts()[name]
    if "format" in schema:
        return FORMATS.get(schema["format"], "...")
    plain = f"my-{name or 'value'}".replace("_", "-")[: schema.get("maxLength")]
    return next((each for each in (plain, *SAMPLES) if re.search(schema.get("pattern", ""), each)), plain)
