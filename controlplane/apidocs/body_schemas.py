"""Extensions of drf-spectacular for our own serializers and fields. Importing this module registers them."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from controlplane.apidocs.json_schema import Schema, prose
from identity.iam.explain import LONGEST as LONGEST_WORD
from servers.api.network_requests import IDENTITIES
from servers.api.rule_fields import EVERYTHING_SINCE
from servers.api.virtual_interface_requests import VirtualNetworkInterfaceBody
from servers.protocols import EVERYTHING, FORMERLY, NAMED
from trustedprofiles.api.policy_requests import MOST_ATTRIBUTES
from trustedprofiles.policy_rules import LONGEST_VALUE, MOST_CONDITIONS, TEXT_OPERATORS, TIME_OPERATORS


class StrictObject(OpenApiSerializerExtension):
    """A property nobody knows is refused."""

    target_class = "controlplane.kernel.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        schema.pop("description", None)  # which may be the base class's
        own = vars(type(self.target)).get("__doc__")
        return {**schema, **({"description": prose(own)} if own else {}), "additionalProperties": False}


class Reference(OpenApiSerializerFieldExtension):
    """An object with exactly one key."""

    target_class = "servers.api.request_fields.ReferenceField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        return {"oneOf": [reference_by(form) for form in self.target.forms]}


class NextHop(OpenApiSerializerFieldExtension):
    """The next hop of a route, by its address."""

    target_class = "servers.api.route_requests.NextHopField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        return reference_by("address")


class AttachedInterface(OpenApiSerializerFieldExtension):
    """A virtual network interface that is there, or what a new one shall be."""

    target_class = "servers.api.network_requests.AttachedInterfaceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        new = auto_schema.resolve_serializer(VirtualNetworkInterfaceBody, direction)
        return {"anyOf": [*(reference_by(form) for form in sorted(IDENTITIES)), new.ref]}


class Protocol(OpenApiSerializerFieldExtension):
    """A protocol's name, or its number."""

    target_class = "servers.api.rule_fields.ProtocolField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        words = f"`{EVERYTHING}` from version {EVERYTHING_SINCE} on, `{FORMERLY}` before."
        named = {"type": "string", "enum": [*NAMED, FORMERLY], "description": words}
        return {"anyOf": [named, {"type": "string", "pattern": "^number_(0|[1-9][0-9]{0,2})$"}]}


class AddressRange(OpenApiSerializerFieldExtension):
    """An IPv4 address or a CIDR block."""

    target_class = "servers.api.rule_fields.RangeField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        return {"type": "string", "example": "10.0.0.0/24"}


class RuleEnd(OpenApiSerializerFieldExtension):
    """One end of the traffic that a rule is about."""

    target_class = "servers.api.security_group_rules.RuleEndField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        return {"oneOf": [reference_by(form) for form in self.target.forms]}


class AskedResource(OpenApiSerializerFieldExtension):
    """A thing by its id, CRN or name, or the attributes of one."""

    target_class = "identity.iam.explain.ResourceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        text = {"type": "string", "minLength": 1, "maxLength": LONGEST_WORD}
        named = {**text, "description": "Id, CRN or name of what the action is about."}
        attributes = {"type": "object", "additionalProperties": text, "example": {"vpcId": "r006-1"}}
        return {"anyOf": [named, attributes]}


class RoleName(OpenApiSerializerFieldExtension):
    """The name of a custom role."""

    target_class = "trustedprofiles.api.roles.RoleName"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        return {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]{0,29}$", "example": "ServerStarter"}


class AttributeValue(OpenApiSerializerFieldExtension):
    """The value of an attribute in a policy."""

    target_class = "trustedprofiles.api.policy_requests.AttributeValue"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        value = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
        values = {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_ATTRIBUTES}
        return {"anyOf": [value, {"type": "boolean"}, values]}


class Rule(OpenApiSerializerFieldExtension):
    """The rule of a policy."""

    target_class = "trustedprofiles.api.policy_requests.RuleField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        some = {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": MOST_CONDITIONS}
        return {
            "type": "object",
            "description": "A condition: `{key, operator, value}`; or several, joined: `{operator, conditions}`.",
            "properties": {
                "key": {"type": "string", "example": "{{environment.attributes.day_of_week}}"},
                "operator": {"type": "string", "enum": ["and", "or", *TIME_OPERATORS, *TEXT_OPERATORS]},
                "value": {},
                "conditions": some,
            },
            "required": ["operator"],
            "additionalProperties": False,
        }


def reference_by(form: str) -> Schema:
    """An object with this one property."""
    return {
        "type": "object",
        "title": f"by {form}",
        "properties": {form: {"type": "string", "minLength": 1}},
        "required": [form],
        "additionalProperties": False,
    }
