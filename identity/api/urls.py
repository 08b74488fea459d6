"""Paths of ``iam.cloud.ibm.com`` that are about API keys, service IDs and limits, and those of
``user-management.cloud.ibm.com``, in the order of IBM's reference."""

from django.urls import path

from identity.api import apikey, apikeys, limits, serviceids, users

urlpatterns = [
    path("v1/serviceids", serviceids.ServiceIds.as_view()),
    # As IBM's Python client asks for it.
    path("v1/serviceids/", serviceids.ServiceIds.as_view()),
    path("v1/serviceids/<str:serviceid_id>", serviceids.OneServiceId.as_view()),
    path("v1/serviceids/<str:serviceid_id>/lock", serviceids.ServiceIdLock.as_view()),
    path("v1/accounts/<str:account_id>/limits/identity", limits.IdentityLimits.as_view()),
    path("v1/apikeys", apikeys.ApiKeys.as_view()),
    path("v1/apikeys/details", apikey.ApiKeyDetails.as_view()),
    path("v1/apikeys/<str:api_key_id>", apikey.OneApiKey.as_view()),
    path("v1/apikeys/<str:api_key_id>/lock", apikey.ApiKeyLock.as_view()),
    path("v1/apikeys/<str:api_key_id>/disable", apikey.ApiKeyDisabling.as_view()),
    path("v2/accounts/<str:account_id>/users", users.Users.as_view()),
    path("v2/accounts/<str:account_id>/users/<str:iam_id>", users.OneUser.as_view()),
    path("v2/accounts/<str:account_id>/users/<str:iam_id>/settings", users.OneUserSettings.as_view()),
]
