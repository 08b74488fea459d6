"""Request bodies about policies, in both of IBM's renderings, and the content that they describe."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from controlplane.kernel.errors import InvalidValue, MissingField, Target
from controlplane.kernel.fields import (
    DescribedField,
    DescriptionField,
    PublishedChoiceField,
    StrictCharField,
    StrictSerializer,
)
from controlplane.kernel.operation import Schema, choices, text
from trustedprofiles import policy_conditions
from trustedprofiles.api.policy_responses import SCOPES
from trustedprofiles.models.access_group import ID_PREFIX
from trustedprofiles.policy_conditions import (
    EXISTS_VALUES,
    LONGEST_VALUE,
    MOST_CONDITIONS,
    MOST_VALUES,
    PATTERNS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
)
from trustedprofiles.services.policies import PolicyContent

LONGEST_DESCRIPTION = 300
MOST_ATTRIBUTES = MOST_VALUES
TAG_OPERATORS = ("stringEquals", "stringMatch")
V1_OPERATORS = (*TAG_OPERATORS, "stringExists")
V2_OPERATORS = (*V1_OPERATORS, "stringEqualsAnyOf", "stringMatchAnyOf")


class V1SubjectAttribute(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_VALUE)
    value = StrictCharField(max_length=LONGEST_VALUE)


class Value(StrictCharField):
    """The value that an attribute is compared with. Spaces around it count; an empty one would select nothing."""

    def __init__(self) -> None:
        super().__init__(max_length=LONGEST_VALUE, trim_whitespace=False)


class V1Attribute(V1SubjectAttribute):
    value = Value()
    operator = serializers.ChoiceField(choices=V1_OPERATORS, required=False, default="stringEquals")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["operator"] == "stringExists" and attrs["value"] not in EXISTS_VALUES:
            raise serializers.ValidationError({"value": "stringExists takes true or false."})
        return attrs


class V1Tag(V1SubjectAttribute):
    value = Value()
    operator = serializers.ChoiceField(choices=TAG_OPERATORS, required=False, default="stringEquals")


class V1Subject(StrictSerializer):
    attributes = serializers.ListField(child=V1SubjectAttribute(), min_length=1, max_length=MOST_ATTRIBUTES)


class V1Resource(StrictSerializer):
    attributes = serializers.ListField(child=V1Attribute(), min_length=1, max_length=MOST_ATTRIBUTES)
    tags = serializers.ListField(child=V1Tag(), required=False, max_length=MOST_ATTRIBUTES)


class PolicyTypeField(PublishedChoiceField):
    def __init__(self) -> None:
        super().__init__(["access"], not_simulated={"authorization": "Authorization policies are not simulated."})


class RoleReference(StrictSerializer):
    role_id = StrictCharField(max_length=LONGEST_VALUE)


class V1Body(StrictSerializer):
    type = PolicyTypeField()
    subjects = serializers.ListField(child=V1Subject(), min_length=1, max_length=1)
    roles = serializers.ListField(child=RoleReference(), min_length=1, max_length=MOST_ATTRIBUTES)
    resources = serializers.ListField(child=V1Resource(), min_length=1, max_length=1)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)


class AttributeValue(DescribedField, serializers.Field[Any, Any, Any, Any]):
    """Text, a boolean, or a list of texts; the operator determines which."""

    text = Value()

    @property
    def schema(self) -> Schema:
        value = text(LONGEST_VALUE)
        values = {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_ATTRIBUTES}
        return {"anyOf": [value, {"type": "boolean"}, values]}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            return data
        if isinstance(data, list):
            if not 1 <= len(data) <= MOST_ATTRIBUTES:
                raise serializers.ValidationError(f"A list holds 1 to {MOST_ATTRIBUTES} values.")
            return [self.text.run_validation(each) for each in data]
        return self.text.run_validation(data)


class V2Attribute(StrictSerializer):
    key = StrictCharField(max_length=LONGEST_VALUE)
    operator = serializers.ChoiceField(choices=V2_OPERATORS)
    value = AttributeValue()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        operator, value = attrs["operator"], attrs["value"]
        if operator == "stringExists":
            fits, kinds = isinstance(value, bool | str) and value in EXISTS_VALUES, "true or false"
        elif operator.endswith("AnyOf"):
            fits, kinds = isinstance(value, str | list), "a string or a list of them"
        else:
            fits, kinds = isinstance(value, str), "a string"
        if not fits:
            raise serializers.ValidationError({"value": f"{operator} takes {kinds}."})
        return attrs


class V2SubjectAttribute(V2Attribute):
    operator = serializers.ChoiceField(choices=("stringEquals", "stringExists"))


class V2Tag(V2Attribute):
    operator = serializers.ChoiceField(choices=TAG_OPERATORS)


class V2Subject(StrictSerializer):
    attributes = serializers.ListField(child=V2SubjectAttribute(), min_length=1, max_length=MOST_ATTRIBUTES)


class V2Resource(StrictSerializer):
    attributes = serializers.ListField(child=V2Attribute(), min_length=1, max_length=MOST_ATTRIBUTES)
    tags = serializers.ListField(child=V2Tag(), required=False, max_length=MOST_ATTRIBUTES)


class V2Grant(StrictSerializer):
    roles = serializers.ListField(child=RoleReference(), min_length=1, max_length=MOST_ATTRIBUTES)


class V2Control(StrictSerializer):
    grant = V2Grant()


class RuleField(DescribedField, serializers.Field[Any, Any, Any, Any]):
    """A rule as it is sent and stored."""

    schema = {
        "type": "object",
        "description": "A condition: `{key, operator, value}`; or several, joined: `{operator, conditions}`.",
        "properties": {
            "key": {"type": "string", "example": "{{environment.attributes.day_of_week}}"},
            "operator": choices("and", "or", *TIME_OPERATORS, *TEXT_OPERATORS),
            "value": {},
            "conditions": {
                "type": "array",
                "items": {"type": "object"},
                "minItems": 1,
                "maxItems": MOST_CONDITIONS,
            },
        },
        "required": ["operator"],
        "additionalProperties": False,
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("It must be an object.")
        try:
            policy_conditions.parse(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        return data


class V2Body(StrictSerializer):
    """The body of a v2 policy. With a ``rule``, ``pattern`` names the kind of rule."""

    type = PolicyTypeField()
    control = V2Control()
    subject = V2Subject()
    resource = V2Resource()
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    rule = RuleField(required=False)
    pattern = serializers.ChoiceField(required=False, choices=PATTERNS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for one, other in (("rule", "pattern"), ("pattern", "rule")):
            if one in attrs and other not in attrs:
                raise serializers.ValidationError(
                    {other: ErrorDetail(f"A {one} without a {other} is not complete.", code="required")}
                )
        return attrs


class StateBody(StrictSerializer):
    state = serializers.ChoiceField(choices=["active"])


RESOURCE_GROUPS = {"key": "resourceType", "operator": "stringEquals", "value": "resource-group"}
"""A policy on resource groups themselves; the attribute ``resource`` selects one."""
LONGEST_IAM_ID = 128


def content_from_v1(body: dict[str, Any], *, account_id: str) -> PolicyContent:
    """Return the content of a checked v1 body. Raises the error about a record that it refers to."""
    [subject], [resource] = body["subjects"], body["resources"]
    content = PolicyContent(
        type=body["type"],
        subject=[_as_v2(each) for each in subject["attributes"]],
        resource=[_as_v2(each) for each in resource["attributes"]],
        resource_tags=[_as_v2(each) for each in resource.get("tags", [])],
        roles=_role_ids(body["roles"]),
        description=body.get("description", ""),
    )
    return _checked(content, account_id=account_id)


def content_from_v2(body: dict[str, Any], *, account_id: str) -> PolicyContent:
    """Return the content of a checked v2 body. Raises like ``content_from_v1``."""
    content = PolicyContent(
        type=body["type"],
        subject=[dict(each) for each in body["subject"]["attributes"]],
        resource=[dict(each) for each in body["resource"]["attributes"]],
        resource_tags=[dict(each) for each in body["resource"].get("tags", [])],
        roles=_role_ids(body["control"]["grant"]["roles"]),
        description=body.get("description", ""),
        rule=body.get("rule"),
        pattern=body.get("pattern", ""),
    )
    return _checked(content, account_id=account_id)


def _as_v2(attribute: dict[str, Any]) -> dict[str, Any]:
    operator, value = attribute.get("operator", "stringEquals"), attribute["value"]
    if operator == "stringExists":
        value = EXISTS_VALUES[value]
    return {"key": attribute["name"], "operator": operator, "value": value}


def _role_ids(references: list[dict[str, str]]) -> list[str]:
    """Return each role id once, in the order of the references."""
    return list(dict.fromkeys(reference["role_id"] for reference in references))


def _checked(content: PolicyContent, *, account_id: str) -> PolicyContent:
    _check_subject(content)
    values = {each["key"]: each["value"] for each in content.resource}
    if "accountId" not in values:
        raise MissingField("The resource needs the attribute accountId.", target=Target("resource"))
    if any(each["value"] != account_id for each in content.resource if each["key"] == "accountId"):
        raise InvalidValue("accountId is not the account of your token.", target=Target("resource"))
    if RESOURCE_GROUPS not in content.resource and not any(scope in values for scope in SCOPES):
        raise MissingField(
            f"The resource needs one of the attributes {', '.join(SCOPES)}, or resourceType resource-group.",
            target=Target("resource"),
        )
    return content


def names_access_group(subject: str) -> bool:
    """Return whether this is the id of an access group, without regard to case."""
    return subject.lower().startswith(ID_PREFIX.lower())


def _check_subject(content: PolicyContent) -> None:
    target = Target("subject")
    if not content.subject_iam_id:
        raise MissingField("The subject needs the attribute iam_id or access_group_id.", target=target)
    [first, *more] = content.subject
    if more or first["operator"] != "stringEquals":
        raise InvalidValue(
            "The subject has one attribute only: iam_id or access_group_id, stringEquals.", target=target
        )
    if not content.access_group_id and names_access_group(content.subject_iam_id):
        raise InvalidValue("An access group is named by the attribute access_group_id.", target=target)
    if len(content.subject_iam_id) > LONGEST_IAM_ID:
        raise InvalidValue(f"An IAM id has at most {LONGEST_IAM_ID} characters.", target=target)
