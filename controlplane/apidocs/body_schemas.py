"""Extensions of drf-spectacular for our own kinds of serializers and fields. Importing this module registers them."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from controlplane.apidocs.json_schema import prose
from controlplane.kernel.operation import Schema


class StrictObject(OpenApiSerializerExtension):
    """An unknown property is refused."""

    target_class = "controlplane.kernel.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        schema.pop("description", None)  # which may be the base class's
        own = vars(type(self.target)).get("__doc__")
        return {**schema, **({"description": prose(own)} if own else {}), "additionalProperties": False}


class Described(OpenApiSerializerFieldExtension):
    """A field that describes itself. Where it takes what a serializer reads, it names the serializer's class."""

    target_class = "controlplane.kernel.fields.DescribedField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        schema: Schema = self.target.schema
        if "anyOf" not in schema:
            return schema
        forms = [
            auto_schema.resolve_serializer(each, direction).ref if isinstance(each, type) else each
            for each in schema["anyOf"]
        ]
        return {"anyOf": forms}
