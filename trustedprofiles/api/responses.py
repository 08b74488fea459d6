"""What the IAM APIs answer, under the names of IBM's own models; the OpenAPI document is made from it."""

from typing import Any, Literal, NotRequired, TypedDict

from trustedprofiles.api.activity import Activity
from trustedprofiles.api.history import EnityHistoryRecord
from trustedprofiles.api.pagination import IdentityPage

# --- IAM identity -------------------------------------------------------------------------------------------------


class TrustedProfile(TypedDict):
    id: str
    entity_tag: str
    crn: str
    name: str
    description: NotRequired[str]
    email: NotRequired[str]
    created_at: str
    modified_at: str
    iam_id: str
    account_id: str
    history: NotRequired[list[EnityHistoryRecord]]
    activity: NotRequired[Activity]


class TrustedProfilesList(IdentityPage):
    profiles: list[TrustedProfile]


class ProfileLinkLink(TypedDict):
    crn: str
    namespace: NotRequired[str]
    name: NotRequired[str]
    component_type: NotRequired[str]
    component_name: NotRequired[str]


class ProfileLink(TypedDict):
    id: str
    entity_tag: str
    created_at: str
    modified_at: str
    name: NotRequired[str]
    cr_type: str
    is_cross_account: bool
    link: ProfileLinkLink


class ProfileLinkList(TypedDict):
    links: list[ProfileLink]


class ProfileClaimRuleConditions(TypedDict):
    """``value`` is JSON in a string, or text that stands for itself."""

    claim: str
    operator: str
    value: str


class ProfileClaimRule(TypedDict):
    id: str
    entity_tag: str
    created_at: str
    modified_at: str
    name: NotRequired[str]
    type: str
    realm_name: NotRequired[str]
    expiration: int
    cr_type: NotRequired[str]
    conditions: list[ProfileClaimRuleConditions]


class ProfileClaimRuleList(TypedDict):
    rules: list[ProfileClaimRule]


class ProfileIdentityResponse(TypedDict):
    iam_id: str
    identifier: str
    type: str
    accounts: NotRequired[list[str]]
    description: str


class ProfileIdentitiesResponse(TypedDict):
    entity_tag: str
    identities: list[ProfileIdentityResponse]


# --- IAM policy ---------------------------------------------------------------------------------------------------


class PolicyMetadata(TypedDict):
    """What both renderings of a policy share."""

    id: str
    type: str
    description: str
    href: str
    created_at: str
    created_by_id: str
    last_modified_at: str
    last_modified_by_id: str
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
    """``value`` is a list of strings where a v2 policy says so."""

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
    """``rule`` is one condition, or several joined by ``and`` or ``or``."""

    subject: V2PolicySubject
    control: Control
    resource: V2PolicyResource
    rule: NotRequired[dict[str, Any]]
    pattern: NotRequired[str]


class First(TypedDict):
    href: str


class Neighbour(TypedDict):
    href: str
    start: str


class PageLinks(TypedDict):
    """Only in a page that was asked for with ``limit`` or ``start``."""

    limit: NotRequired[int]
    first: NotRequired[First]
    next: NotRequired[Neighbour]
    previous: NotRequired[Neighbour]


class PolicyCollection(PageLinks):
    policies: list[Policy]


class V2PolicyCollection(PageLinks):
    policies: list[V2Policy]


class Role(TypedDict):
    display_name: str
    description: str
    actions: list[str]
    crn: str


class CustomRole(Role):
    id: str
    name: str
    account_id: str
    service_name: str
    created_at: str
    created_by_id: str
    last_modified_at: str
    last_modified_by_id: str
    href: str


class RoleCollection(TypedDict):
    custom_roles: list[CustomRole]
    service_roles: list[Role]
    system_roles: list[Role]


# --- Resource manager ---------------------------------------------------------------------------------------------


class ResourceGroup(TypedDict):
    id: str
    crn: str
    account_id: str
    name: str
    state: Literal["ACTIVE"]
    default: bool
    quota_id: str
    quota_url: str
    payment_methods_url: None
    teams_url: None
    created_at: str
    updated_at: str
    resource_linkages: list[Any]


class ResCreateResourceGroup(TypedDict):
    id: str
    crn: str


class ResourceGroupList(TypedDict):
    resources: list[ResourceGroup]
