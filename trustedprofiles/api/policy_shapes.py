"""One policy, two renderings: v1 (subjects, roles, resources) and v2 (subject, control.grant, resource)."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, MissingField, ReferenceNotFound, Target
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from trustedprofiles.models import Policy
from trustedprofiles.roles import ROLES
from trustedprofiles.services.policies import PolicyContent

LONGEST_VALUE = 1000
SCOPES = ("serviceType", "serviceName", "resourceGroupId", "service_group_id")
V1_OPERATORS = ("stringEquals", "stringMatch", "stringExists")
V2_OPERATORS = (*V1_OPERATORS, "stringEqualsAnyOf", "stringMatchAnyOf")


class V1Attribute(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_VALUE)
    value = StrictCharField(max_length=LONGEST_VALUE)
    operator = serializers.ChoiceField(choices=V1_OPERATORS, required=False, default="stringEquals")


class V1Subject(StrictSerializer):
    attributes = V1Attribute(many=True, allow_empty=False)


class V1Resource(StrictSerializer):
    attributes = V1Attribute(many=True, allow_empty=False)
    tags = V1Attribute(many=True, required=False)


class RoleReference(StrictSerializer):
    role_id = StrictCharField(max_length=LONGEST_VALUE)


class V1Body(StrictSerializer):
    type = serializers.ChoiceField(choices=["access"])
    subjects = serializers.ListField(child=V1Subject(), min_length=1, max_length=1)
    roles = RoleReference(many=True, allow_empty=False)
    resources = serializers.ListField(child=V1Resource(), min_length=1, max_length=1)
    description = StrictCharField(required=False, allow_blank=True, max_length=300)


class V2Attribute(StrictSerializer):
    key = StrictCharField(max_length=LONGEST_VALUE)
    operator = serializers.ChoiceField(choices=V2_OPERATORS)
    value = serializers.JSONField()


class V2Attributes(StrictSerializer):
    attributes = V2Attribute(many=True, allow_empty=False)
    tags = V2Attribute(many=True, required=False)


class V2Grant(StrictSerializer):
    roles = RoleReference(many=True, allow_empty=False)


class V2Control(StrictSerializer):
    grant = V2Grant()


class V2Body(StrictSerializer):
    type = serializers.ChoiceField(choices=["access"])
    control = V2Control()
    subject = V2Attributes()
    resource = V2Attributes()
    description = StrictCharField(required=False, allow_blank=True, max_length=300)


def content_from_v1(data: Any, *, account_id: str) -> PolicyContent:
    """Read a v1 body. Raises Refusals, or a refusal of what it refers to."""
    body = V1Body.check(data)
    [subject], [resource] = body["subjects"], body["resources"]
    content = PolicyContent(
        type=body["type"],
        subject=[_as_v2(each) for each in subject["attributes"]],
        resource=[_as_v2(each) for each in resource["attributes"]],
        resource_tags=[_as_v2(each) for each in resource.get("tags", [])],
        roles=[role["role_id"] for role in body["roles"]],
        description=body.get("description", ""),
    )
    return _checked(content, account_id=account_id)


def content_from_v2(data: Any, *, account_id: str) -> PolicyContent:
    """Read a v2 body. Raises like ``content_from_v1``."""
    body = V2Body.check(data)
    content = PolicyContent(
        type=body["type"],
        subject=[dict(each) for each in body["subject"]["attributes"]],
        resource=[dict(each) for each in body["resource"]["attributes"]],
        resource_tags=[dict(each) for each in body["resource"].get("tags", [])],
        roles=[role["role_id"] for role in body["control"]["grant"]["roles"]],
        description=body.get("description", ""),
    )
    return _checked(content, account_id=account_id)


def _as_v2(attribute: dict[str, Any]) -> dict[str, Any]:
    value = attribute["value"]
    if attribute["operator"] == "stringExists":
        value = value.lower() == "true"
    return {"key": attribute["name"], "operator": attribute["operator"], "value": value}


def _checked(content: PolicyContent, *, account_id: str) -> PolicyContent:
    if not content.subject_iam_id:
        raise MissingField("The subject needs the attribute iam_id.", target=Target("subject"))
    values = {each["key"]: each["value"] for each in content.resource}
    if values.get("accountId") != account_id:
        raise InvalidValue(
            "The resource needs the attribute accountId with the account of your token.", target=Target("resource")
        )
    if not any(scope in values for scope in SCOPES):
        raise InvalidValue(f"The resource needs one of the attributes {', '.join(SCOPES)}.", target=Target("resource"))
    for role in content.roles:
        if role not in ROLES:
            raise ReferenceNotFound(f"There is no role {role[:64]}.", target=Target("roles"), code="role_not_found")
    return content


def v1_body(policy: Policy, *, base: str) -> dict[str, Any]:
    """Policy as the v1 API answers it."""
    resource: dict[str, Any] = {"attributes": [_as_v1(each) for each in policy.resource]}
    if policy.resource_tags:
        resource["tags"] = [_as_v1(each) for each in policy.resource_tags]
    return {
        **_common(policy, base=base),
        "subjects": [{"attributes": [{"name": each["key"], "value": each["value"]} for each in policy.subject]}],
        "roles": _roles(policy),
        "resources": [resource],
    }


def v2_body(policy: Policy, *, base: str) -> dict[str, Any]:
    """Policy as the v2 API answers it, whichever API created it."""
    resource: dict[str, Any] = {"attributes": policy.resource}
    if policy.resource_tags:
        resource["tags"] = policy.resource_tags
    return {
        **_common(policy, base=base),
        "subject": {"attributes": policy.subject},
        "control": {"grant": {"roles": [{"role_id": role} for role in policy.roles]}},
        "resource": resource,
    }


def _as_v1(attribute: dict[str, Any]) -> dict[str, Any]:
    value = attribute["value"]
    text = str(value).lower() if isinstance(value, bool) else value
    return {"name": attribute["key"], "value": text, "operator": attribute["operator"]}


def _roles(policy: Policy) -> list[dict[str, str]]:
    known = [ROLES[role] for role in policy.roles]
    return [{"role_id": role.crn, "display_name": role.display_name, "description": role.description} for role in known]


def _common(policy: Policy, *, base: str) -> dict[str, Any]:
    return {
        "id": str(policy.id),
        "type": policy.type,
        "description": policy.description,
        "href": f"{base}/{policy.api_version}/policies/{policy.id}",
        "created_at": timestamps.milliseconds(policy.created_at),
        "created_by_id": policy.created_by_id,
        "last_modified_at": timestamps.milliseconds(policy.last_modified_at),
        "last_modified_by_id": policy.last_modified_by_id,
        "state": policy.state,
    }
