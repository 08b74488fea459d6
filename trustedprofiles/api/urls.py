"""Paths of ``iam.cloud.ibm.com`` and ``resource-controller.cloud.ibm.com``, in the order of IBM's reference."""

from django.urls import path

from trustedprofiles.api import links, policies, profiles, resource_groups, roles

urlpatterns = [
    path("v1/profiles", profiles.Profiles.as_view()),
    path("v1/profiles/<str:profile_id>", profiles.Profile.as_view()),
    path("v1/profiles/<str:profile_id>/links", links.Links.as_view()),
    path("v1/profiles/<str:profile_id>/links/<str:link_id>", links.Link.as_view()),
    path("v1/policies", policies.Policies.as_view(api_version="v1")),
    path("v1/policies/<str:policy_id>", policies.OnePolicy.as_view(api_version="v1")),
    path("v2/policies", policies.Policies.as_view(api_version="v2")),
    path("v2/policies/<str:policy_id>", policies.OnePolicyV2.as_view(api_version="v2")),
    path("v2/roles", roles.Roles.as_view()),
    path("v2/resource_groups", resource_groups.ResourceGroups.as_view()),
    path("v2/resource_groups/<str:group_id>", resource_groups.OneResourceGroup.as_view()),
]
