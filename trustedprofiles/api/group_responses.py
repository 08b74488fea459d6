"""Response bodies about access groups, their members and rules, under the names of IBM's own models."""

from typing import Literal, NotRequired, TypedDict

from controlplane.kernel import timestamps
from controlplane.kernel.errors import ApiError
from trustedprofiles.api.response_fields import Authored
from trustedprofiles.models import AccessGroup, GroupMember, GroupRule


class Group(Authored):
    """``is_federated``, ``crn`` and ``membership_type`` are present when the query asks for them."""

    id: str
    name: str
    description: str
    account_id: str
    href: str
    is_federated: NotRequired[bool]
    crn: NotRequired[str]
    membership_type: NotRequired[Literal["static"]]


class GroupPageLink(TypedDict):
    href: str


class GroupPageLinks(TypedDict):
    limit: int
    offset: int
    total_count: int
    first: GroupPageLink
    last: GroupPageLink
    next: NotRequired[GroupPageLink]
    previous: NotRequired[GroupPageLink]


class GroupsList(GroupPageLinks):
    groups: list[Group]


class MemberDetails(TypedDict):
    """The details of a member that the account knows."""

    name: NotRequired[str]
    email: NotRequired[str]
    description: NotRequired[str]


class GroupMemberBody(MemberDetails):
    """``name``, ``email`` and ``description`` are present when ``verbose`` asks for them and they are known."""

    iam_id: str
    type: str
    membership_type: Literal["static"]
    href: str
    created_at: str
    created_by_id: str


class GroupMembersList(GroupPageLinks):
    members: list[GroupMemberBody]


class MemberError(TypedDict):
    code: str
    message: str


class MemberOutcome(TypedDict):
    """The result for one of several members; ``errors`` is present when it failed."""

    status_code: int
    trace: NotRequired[str]
    errors: NotRequired[list[MemberError]]


class AddedMember(MemberOutcome):
    iam_id: str
    type: str
    created_at: NotRequired[str]
    created_by_id: NotRequired[str]


class AddGroupMembersResponse(TypedDict):
    members: list[AddedMember]


class RemovedMember(MemberOutcome):
    iam_id: str


class DeleteGroupBulkMembersResponse(TypedDict):
    access_group_id: str
    members: list[RemovedMember]


class GroupOutcome(MemberOutcome):
    access_group_id: str


class MembershipsResponse(TypedDict):
    """The results of adding one identity to several groups, or of removing it."""

    iam_id: str
    groups: list[GroupOutcome]


class GroupRuleCondition(TypedDict):
    claim: str
    operator: str
    value: str


class GroupRuleAnswer(Authored):
    id: str
    name: str
    expiration: int
    realm_name: str
    access_group_id: str
    account_id: str
    conditions: list[GroupRuleCondition]


class GroupRulesList(TypedDict):
    rules: list[GroupRuleAnswer]


class GroupSettings(TypedDict):
    account_id: str
    public_access_enabled: bool
    last_modified_at: NotRequired[str]
    last_modified_by_id: NotRequired[str]


def group_body(group: AccessGroup, *, base: str) -> Group:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "account_id": group.account_id,
        "created_at": timestamps.seconds(group.created_at),
        "created_by_id": group.created_by_id,
        "last_modified_at": timestamps.seconds(group.last_modified_at),
        "last_modified_by_id": group.last_modified_by_id,
        "href": f"{base}/v2/groups/{group.id}",
    }


def member_body(member: GroupMember, *, base: str) -> GroupMemberBody:
    return {
        "iam_id": member.iam_id,
        "type": member.type,
        "membership_type": "static",
        "href": f"{base}/v2/groups/{member.group_id}/members/{member.iam_id}",
        "created_at": timestamps.seconds(member.created_at),
        "created_by_id": member.created_by_id,
    }


def failure(error: ApiError, trace: str) -> MemberOutcome:
    return {
        "status_code": error.status,
        "trace": trace,
        "errors": [{"code": error.code, "message": error.message}],
    }


def rule_body(rule: GroupRule) -> GroupRuleAnswer:
    return {
        "id": rule.id,
        "name": rule.name,
        "expiration": rule.expiration,
        "realm_name": rule.realm_name,
        "access_group_id": rule.group_id,
        "account_id": rule.group.account_id,
        "conditions": [
            {"claim": each["claim"], "operator": each["operator"], "value": each["value"]} for each in rule.conditions
        ],
        "created_at": timestamps.seconds(rule.created_at),
        "created_by_id": rule.created_by_id,
        "last_modified_at": timestamps.seconds(rule.last_modified_at),
        "last_modified_by_id": rule.last_modified_by_id,
    }
