"""``POST /identity/token``: grants in, IAM access tokens out."""

from typing import Literal, TypedDict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from controlplane.kernel import clock, envelopes
from controlplane.kernel.errors import BadRequest, MethodNotAllowed
from identity.claims import APIKEY_GRANT
from identity.services.iam_tokens import exchange_api_key
from identity.services.identity_tokens import IssuedToken

LONGEST_API_KEY = 512


class TokenResponse(TypedDict):
    access_token: str
    refresh_token: Literal["not_supported"]
    token_type: Literal["Bearer"]
    expires_in: int
    expiration: int
    scope: Literal["ibm openid"]


@csrf_exempt
def create_token(request: HttpRequest) -> JsonResponse:
    """Answers with IAM's own error form: ``errorCode``, ``errorMessage``, ``context``."""
    try:
        if request.method != "POST":
            raise MethodNotAllowed("Use POST here.", headers={"Allow": "POST"})
        grant = request.POST.get("grant_type", "")
        if grant != APIKEY_GRANT:
            raise BadRequest(
                f"Property grant_type is missing or unsupported. Send grant_type={APIKEY_GRANT} and apikey "
                "as application/x-www-form-urlencoded.",
                iam_code="BXNIM0109E",
            )
        return JsonResponse(_body(exchange_api_key(_api_key(request), now=clock.now())))
    except Exception as failure:
        return envelopes.json_response(envelopes.as_api_error(failure), envelopes.token)


def _api_key(request: HttpRequest) -> str:
    value = request.POST.get("apikey", "").strip()
    if not value or len(value) > LONGEST_API_KEY:
        raise BadRequest("Provided API key could not be found.", code="not_found", iam_code="BXNIM0415E")
    return value


def _body(issued: IssuedToken) -> TokenResponse:
    return {
        "access_token": issued.token,
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": issued.lifetime,
        "expiration": int(issued.expires_at.timestamp()),
        "scope": "ibm openid",
    }
