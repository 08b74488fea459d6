"""What is answered about the limits of an account, under the names of IBM's own models."""

from typing import NotRequired, TypedDict


class LimitCount(TypedDict):
    limit: int
    count: NotRequired[int]


class ProfileCount(TypedDict):
    profile_id: str
    count: int


class LimitPerProfile(TypedDict):
    limit: int
    profiles: NotRequired[list[ProfileCount]]


class IdentityCount(TypedDict):
    iam_id: str
    count: int


class LimitPerIdentity(TypedDict):
    limit: int
    identities: NotRequired[list[IdentityCount]]


class ServiceIdGroupCount(TypedDict):
    group_id: str
    count: int


class LimitPerServiceIdGroup(TypedDict):
    limit: int
    serviceid_groups: NotRequired[list[ServiceIdGroupCount]]


class TemplateCount(TypedDict):
    template_id: str
    count: int


class LimitPerTemplate(TypedDict):
    limit: int
    templates: NotRequired[list[TemplateCount]]


class AccessGroupCount(TypedDict):
    group_id: str
    count: int


class LimitPerAccessGroup(TypedDict):
    limit: int
    access_groups: NotRequired[list[AccessGroupCount]]


class IdentityLimitsUsageResponse(TypedDict):
    """Of what is not simulated the limit is 0."""

    serviceid_groups: LimitCount
    serviceids_per_group: LimitPerServiceIdGroup
    profiles: LimitCount
    apikeys_per_identity: LimitPerIdentity
    profile_templates: LimitCount
    account_settings_templates: LimitCount
    template_versions_per_template: LimitPerTemplate
    idps: LimitCount
    claim_rules_per_group: LimitPerAccessGroup
    claim_rules_per_profile: LimitPerProfile
    cr_links: LimitCount
    cr_links_per_profile: LimitPerProfile
    cr_rules: LimitCount
    cr_rules_per_profile: LimitPerProfile
