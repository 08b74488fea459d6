"""Read a JSON body as Key Protect's clients send it (Key Protect contract, section 1.2).

The Content-Type is ignored, because the Go client sends none. The names of members are compared without regard to case.
An empty body and ``null`` are no body, and a member that is ``null`` is absent.
"""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from controlplane.kernel import strictjson
from controlplane.kernel.errors import InvalidRequest
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.text import echoed
from controlplane.keyprotect.errors import BadBody

NO_BODIES = (b"", b"null")


def has_body(raw: bytes) -> bool:
    return raw.strip() not in NO_BODIES


def read_body(raw: bytes, serializer: type[StrictSerializer]) -> dict[str, Any]:
    """Return the validated members.

    Raises BadBody for a body that is not JSON, for an unknown member and for a value of a wrong JSON type, and Refusals
    for wrong values.
    """
    if not has_body(raw):
        return serializer.check({})
    try:
        content = strictjson.parse_object(raw, limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except InvalidRequest as problem:
        raise BadBody(problem.message) from None
    return serializer.check(_normal(content, serializer(), "body"))


def _normal(value: Any, field: Any, name: str) -> Any:
    """Return the value with the declared names of members and without null. Raises BadBody."""
    match field:
        case serializers.ListSerializer() | serializers.ListField():
            _require_type(value, list, "an array", name)
            return [_normal(each, field.child, f"{name}[{place}]") for place, each in enumerate(value)]
        case serializers.Serializer():
            _require_type(value, dict, "an object", name)
            return _members(value, field)
        case serializers.BooleanField():
            _require_type(value, bool, "true or false", name)
        case serializers.IntegerField():
            if isinstance(value, float) and value.is_integer():
                value = int(value)  # one number in JSON; the Python client declares some as floats
            _require_type(value, int, "a whole number", name)
        case _:
            _require_type(value, str, "a string", name)
    return value


def _members(value: dict[str, Any], serializer: Any) -> dict[str, Any]:
    declared = {name.lower(): name for name in serializer.fields}
    members: dict[str, Any] = {}
    for word, content in value.items():
        if (name := declared.get(word.lower())) is None:
            raise BadBody(f'Request body is not valid: json: unknown field "{echoed(word)}"')
        if name in members:
            raise BadBody(f"The request body has the member {name} twice, in upper or lower case. Send it once.")
        if content is not None:
            members[name] = _normal(content, serializer.fields[name], name)
    return members


def _require_type(value: Any, type: type, words: str, name: str) -> None:
    if not isinstance(value, type) or (type is int and isinstance(value, bool)):
        raise BadBody(f"Request body is not valid: json: {name} must be {words}.")
