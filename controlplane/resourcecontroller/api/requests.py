"""Request bodies of the resource controller, in the form of its API (IBM Cloud API, Resource Controller v2)."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from controlplane.kernel.fields import DescribedField, StrictBooleanField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import Schema
from controlplane.kernel.text import is_storable
from trustedprofiles import tag_rules

LONGEST_NAME = 180
LONGEST_ID = 64
LONGEST_TARGET = 255
LONGEST_COMMENT = 512
MOST_TAGS = 100
# Terminals obey control characters above ASCII, too, and `baremint info` prints names.
NAME = r"^([^\x00-\x9F\u2028\u2029]|[-0-9A-Za-z._: ])+\Z"


class ParametersField(DescribedField, serializers.Field[Any, Any, Any, Any]):
    """An object of any form, which the service interprets."""

    schema: Schema = {"type": "object", "additionalProperties": True}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be an object.")
        if not _is_storable(data):
            raise serializers.ValidationError("A text in it contains a NUL character. Remove it.")
        return data


class TagField(StrictCharField):
    """The name of a user tag."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return tag_rules.normal_name(super().to_internal_value(data), tag_rules.USER)
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None


def _name(**options: Any) -> StrictCharField:
    validator = RegexValidator(NAME, "A name has letters, digits, spaces and any of - . _ : only.")
    return StrictCharField(max_length=LONGEST_NAME, validators=[validator], **options)


class InstanceCreation(StrictSerializer):
    name = _name()
    target = StrictCharField(max_length=LONGEST_TARGET)
    resource_group = StrictCharField(max_length=LONGEST_ID)
    resource_plan_id = StrictCharField(max_length=LONGEST_ID)
    parameters = ParametersField(required=False)
    tags = serializers.ListField(
        child=TagField(max_length=tag_rules.LONGEST_NAME), required=False, max_length=MOST_TAGS
    )
    allow_cleanup = StrictBooleanField(required=False)


class InstanceUpdate(StrictSerializer):
    name = _name(required=False)
    parameters = ParametersField(required=False)
    resource_plan_id = StrictCharField(required=False, max_length=LONGEST_ID)
    allow_cleanup = StrictBooleanField(required=False)


class ReclamationAction(StrictSerializer):
    """``request_by`` and ``comment`` change nothing."""

    request_by = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_COMMENT)
    comment = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_COMMENT)


def _is_storable(value: Any) -> bool:
    match value:
        case str():
            return is_storable(value)
        case dict():
            return all(is_storable(name) and _is_storable(each) for name, each in value.items())
        case list():
            return all(map(_is_storable, value))
    return True
