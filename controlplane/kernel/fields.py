"""Strict serializer fields: they do not convert "5" to 5 or 1 to true, and unknown properties are refused."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from controlplane.kernel import errors


class DescribedField:
    """A base class for fields whose values the API documentation cannot derive from another base class."""

    @property
    def schema(self) -> dict[str, Any]:
        """A JSON Schema. In a list of ``anyOf``, the class of a serializer stands for the schema of its input."""
        raise NotImplementedError


def reference_by(form: str) -> dict[str, Any]:
    """Return the JSON Schema of an object with this one property, a text that is not empty."""
    return {
        "type": "object",
        "title": f"by {form}",
        "properties": {form: {"type": "string", "minLength": 1}},
        "required": [form],
        "additionalProperties": False,
    }


class StrictIntegerField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class StrictCharField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class PublishedChoiceField(serializers.ChoiceField):
    """A choice of the simulated values. IBM's other values are refused by name.

    ``not_simulated`` has the reason for each.
    """

    def __init__(self, choices: Sequence[str], *, not_simulated: Mapping[str, str], **options: Any) -> None:
        super().__init__(choices, **options)
        self.not_simulated = not_simulated

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data in self.not_simulated:
            raise serializers.ValidationError(self.not_simulated[data], code="not_supported")
        return super().to_internal_value(data)


class DescriptionField(StrictCharField):
    """Free text that may be empty or absent. It is stored as sent, including spaces around it."""

    def __init__(self, *, max_length: int) -> None:
        super().__init__(required=False, allow_blank=True, max_length=max_length, trim_whitespace=False)


class StrictSerializer(serializers.Serializer[Any]):
    """A request body. ``check(data)`` returns the validated values or raises all errors together as Refusals."""

    not_simulated: ClassVar[Mapping[str, str]] = {}
    """IBM's properties that are not simulated and refused by name, with the reason for each."""

    def to_internal_value(self, data: Any) -> Any:
        unknown: dict[str, list[ErrorDetail]] = {}
        if isinstance(data, dict):
            unknown = {key: [self._unknown(key)] for key in data if key not in self.fields}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as failure:
            if isinstance(failure.detail, dict):
                raise serializers.ValidationError({**failure.detail, **unknown}) from None
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, key: Any) -> ErrorDetail:
        if key in self.not_simulated:
            return ErrorDetail(self.not_simulated[key], code="not_supported")
        return ErrorDetail("This property is not known. Remove it.", code="unknown")

    @classmethod
    def check(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Validate a parsed body. Raises Refusals with the path of every wrong property."""
        if isinstance(data, QueryDict):  # DRF's empty form, in which an absent boolean would mean false
            data = data.dict()
        serializer = cls(data=data, **options)
        if serializer.is_valid():
            return dict(serializer.validated_data)
        raise errors.Refusals(list(_flatten(serializer.errors, "")))


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = path if key == "non_field_errors" else f"{path}.{key}" if path else str(key)
            if isinstance(key, int):  # DRF numbers the failing items of a list
                name = f"{path}[{key}]"
            yield from _flatten(value, name)
    elif isinstance(detail, list) and any(isinstance(item, dict) for item in detail):
        for number, item in enumerate(detail):
            yield from _flatten(item, f"{path}[{number}]")
    elif isinstance(detail, list):
        for item in detail:
            yield _refusal(item, path)


def _refusal(detail: ErrorDetail, path: str) -> errors.ApiError:
    target = errors.Target(path) if path else None
    match detail.code:
        case "required":
            return errors.MissingField(f"{path} is required.", target=target)
        case "unknown":
            return errors.UnknownField(f"{path}: {detail}", target=target)
        case "not_supported":
            return errors.NotSupported(f"{path}: {detail}", target=target)
        case _:
            return errors.InvalidValue(f"{path or 'The body'}: {detail}", target=target)
