"""IAM token service paths of ``iam.cloud.ibm.com``."""

from django.urls import path

from identity.iam import discovery, explain, introspection, token

urlpatterns = [
    path("identity/token", token.create_token),
    path("identity/profiles", introspection.profiles),
    path("identity/introspect", introspection.introspection_view),
    path("identity/userinfo", introspection.userinfo),
    path("identity/keys", discovery.jwks),
    path("identity/.well-known/openid-configuration", discovery.openid_configuration),
    path("_baremint/explain", explain.Explain.as_view()),
]
