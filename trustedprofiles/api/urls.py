"""Paths of ``iam.cloud.ibm.com``, ``resource-controller.cloud.ibm.com`` and the two hosts of
``global-search-tagging.cloud.ibm.com``, in the order of IBM's reference."""

from django.urls import path

from trustedprofiles.api import (
    access_settings,
    identities,
    identity_settings,
    limits,
    links,
    policies,
    profiles,
    resource_groups,
    roles,
    rules,
    search,
    service_id_groups,
    tags,
    templates,
)

urlpatterns = [
    path("v1/profiles", profiles.Profiles.as_view()),
    path("v1/profiles/<str:profile_id>", profiles.Profile.as_view()),
    path("v1/profiles/<str:profile_id>/links", links.Links.as_view()),
    path("v1/profiles/<str:profile_id>/links/<str:link_id>", links.Link.as_view()),
    path("v1/profiles/<str:profile_id>/rules", rules.Rules.as_view()),
    path("v1/profiles/<str:profile_id>/rules/<str:rule_id>", rules.OneRule.as_view()),
    path("v1/profiles/<str:profile_id>/identities", identities.Identities.as_view()),
    path("v1/profiles/<str:profile_id>/identities/<str:identity_type>", identities.IdentitiesOfType.as_view()),
    path(
        "v1/profiles/<str:profile_id>/identities/<str:identity_type>/<path:identifier_id>",
        identities.OneIdentity.as_view(),
    ),
    path("v1/accounts/<str:account_id>/limits/identity", limits.IdentityLimits.as_view()),
    path("v1/accounts/<str:account_id>/settings/identity", identity_settings.IdentitySettings.as_view()),
    path(
        "v1/accounts/<str:account_id>/effective_settings/identity",
        identity_settings.EffectiveIdentitySettings.as_view(),
    ),
    path("v1/accounts/<str:account_id>/settings/access_management", access_settings.AccessSettings.as_view()),
    path("v1/serviceid_groups", service_id_groups.ServiceIdGroups.as_view()),
    path("v1/serviceid_groups/<str:group_id>", service_id_groups.OneServiceIdGroup.as_view()),
    path("v1/profile_templates", templates.ProfileTemplates.as_view()),
    path("v1/account_settings_templates", templates.AccountSettingsTemplates.as_view()),
    path("v1/policies", policies.Policies.as_view()),
    path("v1/policies/<str:policy_id>", policies.OnePolicy.as_view()),
    path("v2/policies", policies.PoliciesV2.as_view()),
    path("v2/policies/<str:policy_id>", policies.OnePolicyV2.as_view()),
    path("v2/roles", roles.Roles.as_view()),
    path("v2/roles/<str:role_id>", roles.OneRole.as_view()),
    path("v2/resource_groups", resource_groups.ResourceGroups.as_view()),
    path("v2/resource_groups/<str:group_id>", resource_groups.OneResourceGroup.as_view()),
    path("v3/tags", tags.Tags.as_view()),
    path("v3/tags/attach", tags.Attachments.as_view()),
    path("v3/tags/detach", tags.Detachments.as_view()),
    path("v3/tags/<str:tag_name>", tags.OneTag.as_view()),
    path("v3/resources/search", search.Search.as_view()),
]
