"""``POST /identity/token``: grants in, IAM access tokens out."""

from collections.abc import Callable
from typing import Literal, TypedDict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from controlplane.kernel import clock, envelopes
from controlplane.kernel.errors import BadRequest, MethodNotAllowed, MissingField, Target
from identity.claims import APIKEY_GRANT, ASSUME_GRANT, CR_TOKEN_GRANT, REFRESH_GRANT, SCOPE
from identity.iam.clients import client_of
from identity.services import grants
from identity.services.apikeys import LONGEST_VALUE
from identity.services.grants import UNKNOWN_API_KEY, Granted

LONGEST_SELECTOR = 512
RESPONSE_TYPE = "cloud_iam"
NO_REFRESH_TOKEN = "not_supported"  # noqa: S105  what IAM says where there is none


class TokenResponse(TypedDict):
    """``refresh_token`` is ``not_supported`` where the grant opens no session."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    expiration: int
    scope: str


@csrf_exempt
def create_token(request: HttpRequest) -> JsonResponse:
    """Answers with IAM's own error form: ``errorCode``, ``errorMessage``, ``context``."""
    try:
        if request.method != "POST":
            raise MethodNotAllowed("Use POST here.", headers={"Allow": "POST"})
        response = JsonResponse(_body(_grant(request)))
    except Exception as failure:
        response = envelopes.json_response(envelopes.as_api_error(failure), envelopes.token)
    response["Transaction-Id"] = envelopes.trace_id()
    response["Cache-Control"] = "no-store"
    return response


create_token.envelope = envelopes.token  # type: ignore[attr-defined]


def _grant(request: HttpRequest) -> Granted:
    grant = GRANTS.get(_field(request, "grant_type"))
    if grant is None:
        raise BadRequest(
            f"Property grant_type is missing or not supported. Send one of {', '.join(GRANTS)} "
            "as application/x-www-form-urlencoded.",
            target=Target("grant_type"),
        )
    wanted = _field(request, "response_type") or RESPONSE_TYPE
    if RESPONSE_TYPE not in wanted.replace(",", " ").split():
        raise BadRequest(f"response_type must be {RESPONSE_TYPE}.", target=Target("response_type"))
    return grant(request, client_of(request))


def _api_key(request: HttpRequest, client_id: str) -> Granted:
    value = _field(request, "apikey")
    if not value or len(value) > LONGEST_VALUE:
        raise BadRequest("Provided API key could not be found.", code="not_found", iam_code=UNKNOWN_API_KEY)
    account_id = _field(request, "account") or request.GET.get("account", "")
    return grants.exchange_api_key(value, client_id=client_id, account_id=account_id, now=clock.now())


def _compute_resource(request: HttpRequest, client_id: str) -> Granted:
    # What stands in a file often ends with a newline.
    return grants.exchange_compute_resource(
        _required(request, "cr_token"), selector=_selector(request), client_id=client_id, clock=clock.now
    )


def _assume(request: HttpRequest, client_id: str) -> Granted:
    selector = _selector(request)
    account_id = _field(request, "account") or request.GET.get("account") or None
    if selector.keys() == {"name"} and not account_id:
        raise MissingField("profile_name needs account beside it.", target=Target("account"))
    return grants.assume(
        _required(request, "access_token"),
        selector=selector,
        account_id=account_id,
        client_id=client_id,
        now=clock.now(),
    )


def _refresh(request: HttpRequest, client_id: str) -> Granted:
    return grants.refresh(_required(request, "refresh_token"), client_id=client_id, now=clock.now())


GRANTS: dict[str, Callable[[HttpRequest, str], Granted]] = {
    APIKEY_GRANT: _api_key,
    CR_TOKEN_GRANT: _compute_resource,
    ASSUME_GRANT: _assume,
    REFRESH_GRANT: _refresh,
}


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _required(request: HttpRequest, name: str) -> str:
    value = _field(request, name)
    if not value:
        raise MissingField(f"Property {name} is missing.", target=Target(name))
    return value


def _selector(request: HttpRequest) -> dict[str, str]:
    """Which trusted profile: ``profile_id``, ``profile_crn`` or ``profile_name``, or several that mean the same."""
    found = {kind: _field(request, f"profile_{kind}") for kind in ("id", "crn", "name")}
    named = {kind: value for kind, value in found.items() if value}
    if not named:
        raise MissingField(
            "Name the trusted profile: profile_id, profile_crn or profile_name.", target=Target("profile_id")
        )
    for kind, value in named.items():
        if len(value) > LONGEST_SELECTOR or not value.isprintable():
            raise BadRequest(
                f"profile_{kind} must be at most {LONGEST_SELECTOR} printable characters.",
                target=Target(f"profile_{kind}"),
            )
    return named


def _body(granted: Granted) -> TokenResponse:
    issued = granted.token
    return {
        "access_token": issued.token,
        "refresh_token": granted.refresh_token or NO_REFRESH_TOKEN,
        "token_type": "Bearer",
        "expires_in": issued.lifetime,
        "expiration": int(issued.expires_at.timestamp()),
        "scope": SCOPE,
    }
