"""IAM token service paths of ``iam.cloud.ibm.com``."""

from django.urls import path

from identity.iam import discovery, explain, token

urlpatterns = [
    path("identity/token", token.create_token),
    path("identity/keys", discovery.jwks),
    path("identity/.well-known/openid-configuration", discovery.openid_configuration),
    path("_baremint/explain", explain.Explain.as_view()),
]
