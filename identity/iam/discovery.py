"""Discovery for verifiers: the addresses of the endpoints, and the published IAM signing keys."""

import random
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response, set_response_etag
from django.views.decorators.http import require_safe

from controlplane.kernel.operation import Parameter
from controlplane.kernel.route_spec import RouteSpec
from identity.claims import CLAIMS, SCOPE
from identity.iam.operation import TAG
from identity.iam.token import GRANTS, RESPONSE_TYPE
from identity.key_schedule import JWKS_MAX_AGE
from identity.models import KeyPair
from identity.selectors import JsonWebKeySet, published_keys

SPREAD_SECONDS = 60
"""The spread of cache lifetimes, so that verifiers that started together do not all return in the same second."""


@RouteSpec(
    method="GET",
    name="list_iam_signing_keys",
    tag=TAG,
    summary="Public keys that verify IAM access tokens (JWKS)",
    answer=JsonWebKeySet,
    also={304: None},
    headers=(
        Parameter(
            "If-None-Match", "ETag of the answer you have: 304 if it is still the present one.", {"type": "string"}
        ),
    ),
)
@require_safe
def jwks(request: HttpRequest) -> HttpResponseBase:
    """``GET /identity/keys``: the IAM keys as a JWKS. Identity tokens are verified by this service alone.

    A client may cache it for as long as a successor key is published before it signs. 304 for a client that has the
    present keys already.
    """
    max_age = int(JWKS_MAX_AGE.total_seconds()) - random.randrange(SPREAD_SECONDS)  # noqa: S311  not a secret
    response = JsonResponse({"keys": published_keys(KeyPair.Purpose.IAM)})
    response["Cache-Control"] = f"public, max-age={max_age}"
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


class OpenIdConfiguration(TypedDict):
    """OpenID Connect Discovery 1.0, section 3, without the properties that need a person at a browser."""

    issuer: str
    token_endpoint: str
    userinfo_endpoint: str
    introspection_endpoint: str
    jwks_uri: str
    response_types_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    scopes_supported: list[str]
    claims_supported: list[str]


@RouteSpec(
    method="GET",
    name="get_openid_configuration",
    tag=TAG,
    summary="Where the IAM token service has what (OpenID Connect Discovery)",
    answer=OpenIdConfiguration,
)
@require_safe
def openid_configuration(request: HttpRequest) -> JsonResponse:
    """``GET /identity/.well-known/openid-configuration``: the endpoints at the address that was asked."""
    base = request.build_absolute_uri("/").rstrip("/")
    document: OpenIdConfiguration = {
        "issuer": settings.BAREMINT_ISSUER,
        "token_endpoint": f"{base}/identity/token",
        "userinfo_endpoint": f"{base}/identity/userinfo",
        "introspection_endpoint": f"{base}/identity/introspect",
        "jwks_uri": f"{base}/identity/keys",
        "response_types_supported": [RESPONSE_TYPE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "scopes_supported": SCOPE.split(),
        "claims_supported": CLAIMS,
    }
    response = JsonResponse(document)
    response["Cache-Control"] = f"public, max-age={int(JWKS_MAX_AGE.total_seconds())}"
    return response
