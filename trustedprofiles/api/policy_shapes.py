"""One policy, two renderings: both APIs' bodies to what a policy says, and a stored policy to both bodies."""

from collections.abc import Mapping
from typing import Any

from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, MissingField, Target
from trustedprofiles.api import responses
from trustedprofiles.models import Policy
from trustedprofiles.models.access_group import ID_PREFIX
from trustedprofiles.policy_rules import EXISTS_VALUES
from trustedprofiles.roles import Role, granted_actions
from trustedprofiles.services.policies import PolicyContent

SCOPES = ("serviceType", "serviceName", "resourceGroupId", "service_group_id")
RESOURCE_GROUPS = {"key": "resourceType", "operator": "stringEquals", "value": "resource-group"}
"""A policy on resource groups themselves; the attribute ``resource`` selects one."""
LONGEST_IAM_ID = 128


def content_from_v1(body: dict[str, Any], *, account_id: str) -> PolicyContent:
    """What a checked v1 body says. Raises a refusal of what it refers to."""
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
    """What a checked v2 body says. Raises like ``content_from_v1``."""
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
    """Each once, in the order they came."""
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
    """Whether this is the id of an access group, written in whichever case."""
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


def v1_body(policy: Policy, *, base: str, known: Mapping[str, Role], display: bool = False) -> responses.Policy:
    """Policy as the v1 API answers it, which cannot say its rule. ``known`` are the account's roles by CRN."""
    resource: responses.PolicyResource = {"attributes": [_as_v1(each) for each in policy.resource]}
    if policy.resource_tags:
        resource["tags"] = [_as_v1(each) for each in policy.resource_tags]
    return {
        **_common(policy, base=base),
        "subjects": [{"attributes": [{"name": each["key"], "value": each["value"]} for each in policy.subject]}],
        "roles": _roles(policy, known, described=True, with_actions=display),
        "resources": [resource],
    }


def v2_body(policy: Policy, *, base: str, known: Mapping[str, Role], display: bool = False) -> responses.V2Policy:
    """Policy as the v2 API answers it, whichever API created it."""
    resource: responses.V2PolicyResource = {"attributes": [_as_stored(each) for each in policy.resource]}
    if policy.resource_tags:
        resource["tags"] = [_as_stored(each) for each in policy.resource_tags]
    body: responses.V2Policy = {
        **_common(policy, base=base),
        "subject": {"attributes": [_as_stored(each) for each in policy.subject]},
        "control": {"grant": {"roles": _roles(policy, known, described=display, with_actions=display)}},
        "resource": resource,
    }
    if policy.rule:
        body["rule"], body["pattern"] = policy.rule, policy.pattern
    return body


def _as_stored(attribute: dict[str, Any]) -> responses.V2PolicyResourceAttribute:
    return {"key": attribute["key"], "operator": attribute["operator"], "value": attribute["value"]}


def _as_v1(attribute: dict[str, Any]) -> responses.ResourceAttribute:
    value = attribute["value"]
    text = str(value).lower() if isinstance(value, bool) else value
    return {"name": attribute["key"], "value": text, "operator": attribute["operator"]}


def _roles(
    policy: Policy, known: Mapping[str, Role], *, described: bool, with_actions: bool
) -> list[responses.PolicyRole]:
    service = next((each["value"] for each in policy.resource if each["key"] == "serviceName"), "")
    rendered: list[responses.PolicyRole] = []
    for crn in policy.roles:
        body: responses.PolicyRole = {"role_id": crn}
        if described and (role := known.get(crn)):
            body["display_name"], body["description"] = role.display_name, role.description
            if with_actions:
                actions = granted_actions(role, [service] if service and isinstance(service, str) else ())
                body["actions"] = [{"id": each, "display_name": each, "description": ""} for each in actions]
        rendered.append(body)
    return rendered


def _common(policy: Policy, *, base: str) -> responses.PolicyMetadata:
    return {
        "id": str(policy.id),
        "type": policy.type,
        "description": policy.description,
        "href": f"{base}/{policy.api_version}/policies/{policy.id}",
        "created_at": timestamps.milliseconds(policy.created_at),
        "created_by_id": policy.created_by_id,
        "last_modified_at": timestamps.milliseconds(policy.last_modified_at),
        "last_modified_by_id": policy.last_modified_by_id,
        "state": "deleted" if policy.state == "deleted" else "active",
    }
