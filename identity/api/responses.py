"""What the IAM identity API answers about API keys and service IDs, under the names of IBM's own models."""

from typing import NotRequired, TypedDict

from controlplane.kernel import timestamps
from identity.models import ApiKey as ApiKeyRow
from trustedprofiles.api.activity import Activity
from trustedprofiles.api.history import EnityHistoryRecord
from trustedprofiles.api.pagination import IdentityPage
from trustedprofiles.models import ServiceId as ServiceIdRow


class ApiKey(TypedDict):
    """``apikey`` is the value: in the answer that creates it, and, where it is stored, in that of a GET of this one key
    to who may change it. Elsewhere it is absent."""

    id: str
    entity_tag: str
    crn: str
    locked: bool
    disabled: bool
    created_at: str
    created_by: str
    modified_at: str
    name: str
    description: NotRequired[str]
    support_sessions: bool
    action_when_leaked: str
    expires_at: NotRequired[str]
    iam_id: str
    account_id: str
    apikey: NotRequired[str]
    history: NotRequired[list[EnityHistoryRecord]]
    activity: NotRequired[Activity]


class ApiKeyList(IdentityPage):
    apikeys: list[ApiKey]


class ServiceId(TypedDict):
    """``apikey`` is there only when the service ID was created with one, in the answer to that."""

    id: str
    iam_id: str
    entity_tag: str
    crn: str
    locked: bool
    created_at: str
    modified_at: str
    account_id: str
    name: str
    description: NotRequired[str]
    unique_instance_crns: NotRequired[list[str]]
    group_id: NotRequired[str]
    history: NotRequired[list[EnityHistoryRecord]]
    apikey: NotRequired[ApiKey]
    activity: NotRequired[Activity]


class ServiceIdList(IdentityPage):
    serviceids: list[ServiceId]


def api_key_body(key: ApiKeyRow, *, value: str = "") -> ApiKey:
    """Optional members without a value are left out."""
    body: ApiKey = {
        "id": key.id,
        "entity_tag": key.entity_tag,
        "crn": key.crn,
        "locked": key.locked,
        "disabled": key.disabled,
        "created_at": timestamps.minutes(key.created_at),
        "created_by": key.created_by,
        "modified_at": timestamps.minutes(key.modified_at),
        "name": key.name,
        "support_sessions": key.support_sessions,
        "action_when_leaked": key.action_when_leaked,
        "iam_id": key.iam_id,
        "account_id": key.account_id,
    }
    if value:
        body["apikey"] = value
    if key.description:
        body["description"] = key.description
    if key.expires_at:
        body["expires_at"] = timestamps.minutes(key.expires_at)
    return body


def service_id_body(service_id: ServiceIdRow, *, show_group: bool = False) -> ServiceId:
    """Optional members without a value are left out; so is the group unless it is asked for."""
    body: ServiceId = {
        "id": service_id.id,
        "iam_id": service_id.iam_id,
        "entity_tag": service_id.entity_tag,
        "crn": service_id.crn,
        "locked": service_id.locked,
        "created_at": timestamps.minutes(service_id.created_at),
        "modified_at": timestamps.minutes(service_id.modified_at),
        "account_id": service_id.account_id,
        "name": service_id.name,
    }
    if service_id.description:
        body["description"] = service_id.description
    if service_id.unique_instance_crns:
        body["unique_instance_crns"] = service_id.unique_instance_crns
    if show_group and service_id.group_id:
        body["group_id"] = service_id.group_id
    return body


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
