"""Request bodies about claim rules."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from controlplane.kernel.fields import StrictCharField, StrictIntegerField, StrictSerializer
from trustedprofiles.api.profile_requests import LONGEST_NAME
from trustedprofiles.claim_conditions import CLAIMS, OPERATORS, read_value
from trustedprofiles.limits import CONDITIONS_PER_RULE
from trustedprofiles.models import ClaimRule, ProfileLink

LONGEST_VALUE = 1000
LONGEST_SESSION = 86_400


class ConditionBody(StrictSerializer):
    """A condition of a claim rule. ``value`` is JSON in a string; text that is not JSON is taken literally."""

    claim = StrictCharField(max_length=LONGEST_NAME)
    operator = serializers.ChoiceField(choices=OPERATORS)
    value = StrictCharField(max_length=LONGEST_VALUE, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        values = read_value(attrs["value"])
        if values is None:
            raise serializers.ValidationError(
                {"value": "It is the JSON of a text, a number, a boolean or a list of them."}
            )
        if attrs["operator"] != "IN" and len(values) != 1:
            raise serializers.ValidationError({"value": f"{attrs['operator']} takes one value; a list is for IN."})
        return attrs


class RuleBody(StrictSerializer):
    type = serializers.ChoiceField(choices=ClaimRule.Type.choices)
    conditions = serializers.ListField(child=ConditionBody(), min_length=1, max_length=CONDITIONS_PER_RULE)
    name = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    cr_type = serializers.ChoiceField(required=False, choices=ProfileLink.CrType.choices)
    realm_name = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    expiration = StrictIntegerField(required=False, min_value=0, max_value=LONGEST_SESSION)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):  # clients may send back the context of an earlier answer
            data = {name: value for name, value in data.items() if name != "context"}
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["type"] == ClaimRule.Type.SAML:
            if not attrs.get("realm_name"):
                raise _missing("realm_name")
            if "cr_type" in attrs:
                raise serializers.ValidationError({"cr_type": "It is for rules of type Profile-CR."})
        elif "cr_type" not in attrs:
            raise _missing("cr_type")
        elif attrs["cr_type"] == ProfileLink.CrType.BMS:
            _require_known_claims(attrs["conditions"])
        return attrs


def _missing(name: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: ErrorDetail("This type of rule needs it.", code="required")})


def _require_known_claims(conditions: list[dict[str, str]]) -> None:
    unknown = {
        f"conditions[{number}].claim": f"A bare metal server has no such claim. It has {', '.join(CLAIMS)}."
        for number, condition in enumerate(conditions)
        if condition["claim"] not in CLAIMS
    }
    if unknown:
        raise serializers.ValidationError(unknown)
