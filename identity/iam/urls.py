"""IAM token service paths of ``iam.cloud.ibm.com``."""

from django.urls import path

from identity.iam import discovery, token

urlpatterns = [
    path("identity/token", token.create_token),
    path("identity/keys", discovery.jwks),
]
