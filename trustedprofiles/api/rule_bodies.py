"""Bodies of claim rules and profile identities, in and out."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from controlplane.kernel import timestamps
from controlplane.kernel.fields import DescriptionField, StrictCharField, StrictIntegerField, StrictSerializer
from trustedprofiles.api import responses
from trustedprofiles.api.serializers import LONGEST_DESCRIPTION, LONGEST_NAME
from trustedprofiles.conditions import CLAIMS, OPERATORS, read_value
from trustedprofiles.limits import CONDITIONS_PER_RULE, IDENTITIES_PER_PROFILE
from trustedprofiles.models import ClaimRule, ProfileIdentity, ProfileLink
from trustedprofiles.services.identities import IdentityContent
from trustedprofiles.services.rules import RuleContent

LONGEST_VALUE = 1000
LONGEST_SESSION = 86_400
LONGEST_IDENTIFIER = 255
MOST_ACCOUNTS = 20
LONGEST_ACCOUNT = 64


class ConditionBody(StrictSerializer):
    """``value`` is JSON in a string; text that is no JSON stands for itself."""

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


def rule_content(body: dict[str, Any]) -> RuleContent:
    return RuleContent(**body | {"conditions": [dict(each) for each in body["conditions"]]})


def rule_body(rule: ClaimRule) -> responses.ProfileClaimRule:
    body: responses.ProfileClaimRule = {
        "id": rule.id,
        "entity_tag": rule.entity_tag,
        "created_at": timestamps.minutes(rule.created_at),
        "modified_at": timestamps.minutes(rule.modified_at),
        "type": rule.type,
        "expiration": rule.expiration,
        "conditions": [
            {"claim": each["claim"], "operator": each["operator"], "value": each["value"]} for each in rule.conditions
        ],
    }
    if rule.name:
        body["name"] = rule.name
    if rule.realm_name:
        body["realm_name"] = rule.realm_name
    if rule.cr_type:
        body["cr_type"] = rule.cr_type
    return body


class IdentityBody(StrictSerializer):
    identifier = StrictCharField(max_length=LONGEST_IDENTIFIER)
    type = serializers.ChoiceField(choices=ProfileIdentity.Type.choices)
    accounts = serializers.ListField(
        required=False, child=StrictCharField(max_length=LONGEST_ACCOUNT), max_length=MOST_ACCOUNTS
    )
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("accounts") and attrs["type"] != ProfileIdentity.Type.USER:
            raise serializers.ValidationError({"accounts": "Only users come from accounts."})
        return attrs


class IdentitiesBody(StrictSerializer):
    identities = serializers.ListField(required=False, child=IdentityBody(), max_length=IDENTITIES_PER_PROFILE)


def identity_content(body: dict[str, Any]) -> IdentityContent:
    return IdentityContent(**body)


def identity_body(identity: ProfileIdentity) -> responses.ProfileIdentityResponse:
    body: responses.ProfileIdentityResponse = {
        "iam_id": identity.iam_id,
        "identifier": identity.identifier,
        "type": identity.type,
        "description": identity.description,
    }
    if identity.type == ProfileIdentity.Type.USER:
        body["accounts"] = identity.accounts
    return body
