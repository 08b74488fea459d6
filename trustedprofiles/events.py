"""Activity events of IAM.

IBM publishes create, update and delete of trusted profiles and policies and everything about access groups (IBM Cloud
docs, "Activity tracking events for IAM"), updates of account settings, and those of tags ("Events for managing tags");
links, roles, resource groups and every other read follow the same pattern.
"""

PROFILE_CREATE = "iam-identity.account-profile.create"
PROFILE_READ = "iam-identity.account-profile.read"
PROFILE_UPDATE = "iam-identity.account-profile.update"
PROFILE_DELETE = "iam-identity.account-profile.delete"
LINK_CREATE = "iam-identity.account-profile-link.create"
LINK_READ = "iam-identity.account-profile-link.read"
LINK_DELETE = "iam-identity.account-profile-link.delete"
RULE_CREATE = "iam-identity.account-profile-rule.create"
RULE_READ = "iam-identity.account-profile-rule.read"
RULE_UPDATE = "iam-identity.account-profile-rule.update"
RULE_DELETE = "iam-identity.account-profile-rule.delete"
IDENTITY_CREATE = "iam-identity.account-profile-identity.create"
IDENTITY_READ = "iam-identity.account-profile-identity.read"
IDENTITY_DELETE = "iam-identity.account-profile-identity.delete"
IDENTITIES_UPDATE = "iam-identity.account-profile-identity.update"
PROFILE_CHANGES = (
    PROFILE_CREATE,
    PROFILE_UPDATE,
    LINK_CREATE,
    LINK_DELETE,
    RULE_CREATE,
    RULE_UPDATE,
    RULE_DELETE,
    IDENTITY_CREATE,
    IDENTITY_DELETE,
    IDENTITIES_UPDATE,
)
"""What makes up a profile's history."""
SERVICE_ID_CREATE = "iam-identity.account-serviceid.create"
SERVICE_ID_READ = "iam-identity.account-serviceid.read"
SERVICE_ID_UPDATE = "iam-identity.account-serviceid.update"
SERVICE_ID_DELETE = "iam-identity.account-serviceid.delete"
SERVICE_ID_CHANGES = (SERVICE_ID_CREATE, SERVICE_ID_UPDATE)
"""What makes up a service ID's history."""
SERVICE_ID_GROUP_CREATE = "iam-identity.account-serviceid-group.create"
SERVICE_ID_GROUP_READ = "iam-identity.account-serviceid-group.read"
SERVICE_ID_GROUP_UPDATE = "iam-identity.account-serviceid-group.update"
SERVICE_ID_GROUP_DELETE = "iam-identity.account-serviceid-group.delete"
SETTINGS_READ = "iam-identity.accountsettings.read"
SETTINGS_UPDATE = "iam-identity.accountsettings.update"
ACCESS_SETTINGS_READ = "iam-access-management.account-settings.read"
ACCESS_SETTINGS_UPDATE = "iam-access-management.account-settings.update"
PREFERENCE_READ = "iam-identity.preferences.read"
PREFERENCE_UPDATE = "iam-identity.preferences.update"
PREFERENCE_DELETE = "iam-identity.preferences.delete"
LIMITS_READ = "iam-identity.account-limits.read"
POLICY_CREATE = "iam-am.policy.create"
POLICY_READ = "iam-am.policy.read"
POLICY_UPDATE = "iam-am.policy.update"
POLICY_DELETE = "iam-am.policy.delete"
EXPLANATION_READ = "iam-am.explanation.read"
ROLE_CREATE = "iam-am.role.create"
ROLE_UPDATE = "iam-am.role.update"
ROLE_DELETE = "iam-am.role.delete"
ROLE_READ = "iam-am.role.read"
GROUP_CREATE = "resource-controller.group.create"
GROUP_READ = "resource-controller.group.read"
GROUP_UPDATE = "resource-controller.group.update"
GROUP_DELETE = "resource-controller.group.delete"
ACCESS_GROUP_CREATE = "iam-groups.group.create"
ACCESS_GROUP_READ = "iam-groups.group.read"
ACCESS_GROUP_LIST = "iam-groups.groups.list"
ACCESS_GROUP_UPDATE = "iam-groups.group.update"
ACCESS_GROUP_DELETE = "iam-groups.group.delete"
MEMBER_ADD = "iam-groups.member.add"
MEMBER_READ = "iam-groups.member.read"
MEMBER_LIST = "iam-groups.members.list"
MEMBER_DELETE = "iam-groups.member.delete"
GROUP_RULE_CREATE = "iam-groups.rule.create"
GROUP_RULE_READ = "iam-groups.rule.read"
GROUP_RULE_LIST = "iam-groups.rules.list"
GROUP_RULE_UPDATE = "iam-groups.rule.update"
GROUP_RULE_DELETE = "iam-groups.rule.delete"
GROUP_SETTINGS_READ = "iam-groups.account-settings.read"
GROUP_SETTINGS_UPDATE = "iam-groups.account-settings.update"
TAG_CREATE = "global-search-tagging.tag.create"
TAG_READ = "global-search-tagging.tag.read"
TAG_DELETE = "global-search-tagging.tag.delete"
UNUSED_TAGS_DELETE = "global-search-tagging.tags.delete"
TAG_ATTACH = "global-search-tagging.tag.attach"
TAG_DETACH = "global-search-tagging.tag.detach"
RESOURCE_SEARCH = "global-search-tagging.resource.read"

# How the names of the events of templates and assignments begin; the verb follows.
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
