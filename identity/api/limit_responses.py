"""Answers about limits, under the names of IBM's own models."""

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


class GroupCount(TypedDict):
    group_id: str
    count: int


class IdentityCount(TypedDict):
    iam_id: str
    count: int


class TemplateCount(TypedDict):
    template_id: str
    count: int


class LimitPerServiceIdGroup(TypedDict):
    limit: int
    serviceid_groups: NotRequired[list[GroupCount]]


class LimitPerIdentity(TypedDict):
    limit: int
    identities: NotRequired[list[IdentityCount]]


class LimitPerTemplate(TypedDict):
    limit: int
    templates: NotRequired[list[TemplateCount]]


class LimitPerAccessGroup(TypedDict):
    limit: int
    access_groups: NotRequired[list[GroupCount]]


class IdentityLimitsUsageResponse(TypedDict):
    """Templates and identity providers are not simulated: their limits are 0."""

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
