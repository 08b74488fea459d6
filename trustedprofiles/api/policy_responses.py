"""Response bodies about policies, in both of IBM's renderings, under the names of IBM's own models."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from controlplane.kernel import timestamps
from trustedprofiles.api.response_fields import Authored
from trustedprofiles.models import Policy as PolicyRow
from trustedprofiles.roles import Role, granted_actions


class PolicyMetadata(Authored):
    """The properties that both renderings of a policy have."""

    id: str
    type: str
    description: str
    href: str
    state: Literal["active", "deleted"]


class RoleAction(TypedDict):
    id: str
    display_name: str
    description: str


class PolicyRole(TypedDict):
    role_id: str
    display_name: NotRequired[str]
    description: NotRequired[str]
    actions: NotRequired[list[RoleAction]]


class SubjectAttribute(TypedDict):
    name: str
    value: str


class ResourceAttribute(TypedDict):
    """An attribute of a resource. ``value`` is a list of strings where a v2 policy has one."""

    name: str
    value: str | list[str]
    operator: str


class PolicySubject(TypedDict):
    attributes: list[SubjectAttribute]


class PolicyResource(TypedDict):
    attributes: list[ResourceAttribute]
    tags: NotRequired[list[ResourceAttribute]]


class Policy(PolicyMetadata):
    subjects: list[PolicySubject]
    roles: list[PolicyRole]
    resources: list[PolicyResource]


class V2PolicyResourceAttribute(TypedDict):
    key: str
    operator: str
    value: str | bool | list[str]


class V2PolicySubject(TypedDict):
    attributes: list[V2PolicyResourceAttribute]


class V2PolicyResource(TypedDict):
    attributes: list[V2PolicyResourceAttribute]
    tags: NotRequired[list[V2PolicyResourceAttribute]]


class Grant(TypedDict):
    roles: list[PolicyRole]


class Control(TypedDict):
    grant: Grant


class V2Policy(PolicyMetadata):
    """A policy of the v2 API. ``rule`` is one condition, or several joined by ``and`` or ``or``."""

    subject: V2PolicySubject
    control: Control
    resource: V2PolicyResource
    rule: NotRequired[dict[str, Any]]
    pattern: NotRequired[str]


class First(TypedDict):
    href: str


class Neighbour(First):
    start: str


class PageLinks(TypedDict):
    """The links of a page, present only when ``limit`` or ``start`` asks for one."""

    limit: NotRequired[int]
    first: NotRequired[First]
    next: NotRequired[Neighbour]
    previous: NotRequired[Neighbour]


class PolicyCollection(PageLinks):
    policies: list[Policy]


class V2PolicyCollection(PageLinks):
    policies: list[V2Policy]


SCOPES = ("serviceType", "serviceName", "resourceGroupId", "service_group_id")


def v1_body(policy: PolicyRow, *, base: str, known: Mapping[str, Role], display: bool = False) -> Policy:
    """Return a policy in the form of the v1 API, which has no place for its rule.

    ``known`` are the account's roles by CRN.
    """
    resource: PolicyResource = {"attributes": [_as_v1(each) for each in policy.resource]}
    if policy.resource_tags:
        resource["tags"] = [_as_v1(each) for each in policy.resource_tags]
    return {
        **_common(policy, base=base),
        "subjects": [{"attributes": [{"name": each["key"], "value": each["value"]} for each in policy.subject]}],
        "roles": _roles(policy, known, described=True, with_actions=display),
        "resources": [resource],
    }


def v2_body(policy: PolicyRow, *, base: str, known: Mapping[str, Role], display: bool = False) -> V2Policy:
    """Return a policy in the form of the v2 API, also when the v1 API created it."""
    resource: V2PolicyResource = {"attributes": [_as_stored(each) for each in policy.resource]}
    if policy.resource_tags:
        resource["tags"] = [_as_stored(each) for each in policy.resource_tags]
    body: V2Policy = {
        **_common(policy, base=base),
        "subject": {"attributes": [_as_stored(each) for each in policy.subject]},
        "control": {"grant": {"roles": _roles(policy, known, described=display, with_actions=display)}},
        "resource": resource,
    }
    if policy.rule:
        body["rule"], body["pattern"] = policy.rule, policy.pattern
    return body


def _as_stored(attribute: dict[str, Any]) -> V2PolicyResourceAttribute:
    return {"key": attribute["key"], "operator": attribute["operator"], "value": attribute["value"]}


def _as_v1(attribute: dict[str, Any]) -> ResourceAttribute:
    value = attribute["value"]
    text = str(value).lower() if isinstance(value, bool) else value
    return {"name": attribute["key"], "value": text, "operator": attribute["operator"]}


def _roles(policy: PolicyRow, known: Mapping[str, Role], *, described: bool, with_actions: bool) -> list[PolicyRole]:
    service = next((each["value"] for each in policy.resource if each["key"] == "serviceName"), "")
    rendered: list[PolicyRole] = []
    for crn in policy.roles:
        body: PolicyRole = {"role_id": crn}
        if described and (role := known.get(crn)):
            body["display_name"], body["description"] = role.display_name, role.description
            if with_actions:
                actions = granted_actions(role, [service] if service and isinstance(service, str) else ())
                body["actions"] = [{"id": each, "display_name": each, "description": ""} for each in actions]
        rendered.append(body)
    return rendered


def _common(policy: PolicyRow, *, base: str) -> PolicyMetadata:
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
