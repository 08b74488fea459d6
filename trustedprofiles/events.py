"""Activity events of IAM.

IBM publishes create, update and delete of trusted profiles and policies and everything about access groups (IBM Cloud
docs, "Activity tracking events for IAM"), updates of account settings, and those of tags ("Events for managing tags");
links, roles, resource groups and every other read follow the same pattern.

A name consists of one of the prefixes below and a verb, ``iam-am.policy.create``.
"""

from typing import Any

from controlplane.activity.record import Party, record
from trustedprofiles.models import AccessGroup, CustomRole, ResourceGroup, ServiceId, ServiceIdGroup, TrustedProfile

PROFILE = "iam-identity.account-profile"
LINK = "iam-identity.account-profile-link"
RULE = "iam-identity.account-profile-rule"
IDENTITY = "iam-identity.account-profile-identity"
PROFILE_CHANGES = (
    *(f"{PROFILE}.{verb}" for verb in ("create", "update")),
    *(f"{LINK}.{verb}" for verb in ("create", "delete")),
    *(f"{thing}.{verb}" for thing in (RULE, IDENTITY) for verb in ("create", "update", "delete")),
)
"""The events of a profile's history."""
SERVICE_ID = "iam-identity.account-serviceid"
SERVICE_ID_CHANGES = (f"{SERVICE_ID}.create", f"{SERVICE_ID}.update")
"""The events of a service ID's history."""
SERVICE_ID_GROUP = "iam-identity.account-serviceid-group"
SETTINGS = "iam-identity.accountsettings"
ACCESS_SETTINGS = "iam-access-management.account-settings"
PREFERENCE = "iam-identity.preferences"
POLICY = "iam-am.policy"
ROLE = "iam-am.role"
RESOURCE_GROUP = "resource-controller.group"
ACCESS_GROUP = "iam-groups.group"
MEMBER = "iam-groups.member"
GROUP_RULE = "iam-groups.rule"
GROUP_SETTINGS = "iam-groups.account-settings"
TAG = "global-search-tagging.tag"

# Whole names.
LIMITS_READ = "iam-identity.account-limits.read"
EXPLANATION_READ = "iam-am.explanation.read"
ACCESS_GROUPS_LIST = "iam-groups.groups.list"
MEMBERS_LIST = "iam-groups.members.list"
GROUP_RULES_LIST = "iam-groups.rules.list"
UNUSED_TAGS_DELETE = "global-search-tagging.tags.delete"
RESOURCE_SEARCH = "global-search-tagging.resource.read"

# Templates and assignments.
ACTION_CONTROL_ASSIGNMENT = "iam-am.action-control-assignment"
ACTION_CONTROL_TEMPLATE = "iam-am.action-control-template"
POLICY_ASSIGNMENT = "iam-am.policy-assignment"
POLICY_TEMPLATE = "iam-am.policy-template"
ROLE_ASSIGNMENT = "iam-am.role-assignment"
ROLE_TEMPLATE = "iam-am.role-template"
ACCESS_GROUP_ASSIGNMENT = "iam-groups.group-assignment"
ACCESS_GROUP_TEMPLATE = "iam-groups.group-template"
ACCOUNT_SETTINGS_ASSIGNMENT = "iam-identity.account-settings-assignment"
ACCOUNT_SETTINGS_TEMPLATE = "iam-identity.account-settings-template"
PROFILE_ASSIGNMENT = "iam-identity.profile-assignment"
PROFILE_TEMPLATE = "iam-identity.profile-template"

Resource = AccessGroup | CustomRole | ResourceGroup | ServiceId | ServiceIdGroup | TrustedProfile
TYPES: dict[type[Resource], str] = {
    AccessGroup: "AccessGroup",
    CustomRole: "Role",
    ResourceGroup: "ResourceGroup",
    ServiceId: "ServiceId",
    ServiceIdGroup: "ServiceIdGroup",
    TrustedProfile: "TrustedProfile",
}
"""The names of the kinds of resources in events."""


def party_of(resource: Resource) -> Party:
    return Party(resource.crn, str(resource), TYPES[type(resource)])


def record_change(
    event: str, resource: Resource, *, by: Party, status: int = 200, data: dict[str, Any] | None = None
) -> None:
    """Record an event with this resource as its target."""
    record(event, initiator=by, target=party_of(resource), account_id=resource.account_id, status=status, data=data)
