"""Convert Python's types to JSON Schema: a TypedDict becomes a component with its name."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from controlplane.kernel.operation import Schema

BYTES: Schema = {"type": "string", "format": "binary"}
BASIC = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


class AmbiguousShape(Exception):
    """Two different TypedDicts have the same name, so a reader could not distinguish them."""


def schema_of(hint: Any, components: ComponentRegistry) -> Schema:  # noqa: PLR0911  a table
    """Return the schema of a type hint, and add the TypedDicts in it to ``components``.

    Raises TypeError for a type that JSON does not have.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if is_typeddict(hint):
        return _reference(hint, components)
    if hint is Any:
        return {}
    if hint is bytes:
        return BYTES
    if hint in BASIC:
        return {"type": BASIC[hint]}
    if origin is Literal:
        types = {BASIC[type(each)] for each in arguments}
        return {**({"type": types.pop()} if len(types) == 1 else {}), "enum": list(arguments)}
    if origin in (Union, UnionType):
        return _any_of([schema_of(each, components) for each in arguments])
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], components)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], components)}
    raise TypeError(f"There is no schema for {hint}.")


def find(components: ComponentRegistry, component: ResolvedComponent) -> ResolvedComponent | None:
    """What is registered under the name of ``component``."""
    try:
        return components[component.key]
    except KeyError:
        return None


def _any_of(schemas: list[Schema]) -> Schema:
    """``str | None`` is ``{"type": ["string", "null"]}``; anything richer is an anyOf."""
    if all(schema.keys() == {"type"} for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}


def _reference(shape: Any, components: ComponentRegistry) -> Schema:
    component = ResolvedComponent(name=shape.__name__, type=ResolvedComponent.SCHEMA, object=shape)
    registered_component = find(components, component)
    if registered_component is None:
        component.schema = {}  # known from here on, so that a shape may contain itself
        components.register(component)
        component.schema = _object(shape, components)
    elif registered_component.object is not shape and registered_component.schema != _object(shape, components):
        raise AmbiguousShape(f"{shape.__name__} of {shape.__module__}, and another one")
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _object(shape: Any, components: ComponentRegistry) -> Schema:
    hints = get_type_hints(shape)
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(hint, components) for name, hint in hints.items()},
    }
    if required := [name for name in hints if name in shape.__required_keys__]:
        schema["required"] = required
    if shape.__doc__:
        schema["description"] = prose(shape.__doc__)
    return schema


def prose(docstring: str) -> str:
    """A docstring as Markdown on one line."""
    return " ".join(docstring.replace("``", "`").split())
