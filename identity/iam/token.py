"""``POST /identity/token``: grants in, IAM access tokens out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from django.http import HttpRequest

from controlplane.kernel import clock
from controlplane.kernel.errors import BadRequest, InvalidValue, Target
from controlplane.kernel.operation import Schema, choices, text
from identity.claims import APIKEY_GRANT, ASSUME_GRANT, CR_TOKEN_GRANT, REFRESH_GRANT, SCOPE
from identity.iam.clients import client_of
from identity.iam.operation import TokenServiceOperation, field, form_route, missing, required
from identity.services import grants
from identity.services.apikeys import LONGEST_VALUE
from identity.signing import LONGEST_TOKEN_TEXT

LONGEST_SELECTOR = 512
SELECTORS = ("id", "crn", "name")
RESPONSE_TYPE = "cloud_iam"
OTHER_RESPONSE_TYPES = ("delegated_refresh_token", "ims_portal")
"""Response types that IAM knows but that are not answered here: a request must also ask for ``cloud_iam``."""
NO_REFRESH_TOKEN = "not_supported"  # noqa: S105  what IAM says where there is none


class TokenResponse(TypedDict):
    """``refresh_token`` is ``not_supported`` where the grant opens no session."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    expiration: int
    scope: str


def create_iam_access_token(request: HttpRequest) -> TokenResponse:
    token, refresh_token = _grant(request)
    return {
        "access_token": token.token,
        "refresh_token": refresh_token or NO_REFRESH_TOKEN,
        "token_type": "Bearer",
        "expires_in": token.lifetime,
        "expiration": int(token.expires_at.timestamp()),
        "scope": SCOPE,
    }


def _grant(request: HttpRequest) -> grants.Granted:
    grant_type = field(request, "grant_type")
    advice = f"Send one of {', '.join(GRANTS)} as application/x-www-form-urlencoded."
    if not grant_type:
        raise missing("grant_type", advice)
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise InvalidValue(
            f"Property 'grant_type' has a value that is not supported. {advice}", target=Target("grant_type")
        )
    _check_response_type(field(request, "response_type") or RESPONSE_TYPE)
    return grant.exchange(request, client_of(request))


def _check_response_type(response_type: str) -> None:
    types = response_type.replace(",", " ").split()
    if RESPONSE_TYPE not in types or not {*types} <= {RESPONSE_TYPE, *OTHER_RESPONSE_TYPES}:
        raise InvalidValue(
            f"Property 'response_type' has a value that is not supported. Send {RESPONSE_TYPE}.",
            target=Target("response_type"),
        )


def _api_key(request: HttpRequest, client_id: str) -> grants.Granted:
    value = required(request, "apikey")
    if len(value) > LONGEST_VALUE:
        raise BadRequest("Provided API key could not be found.", code="not_found", iam_code=grants.UNKNOWN_API_KEY)
    account_id = field(request, "account") or request.GET.get("account", "")
    return grants.exchange_api_key(value, client_id=client_id, account_id=account_id, now=clock.now())


def _compute_resource(request: HttpRequest, client_id: str) -> grants.Granted:
    return grants.exchange_compute_resource(
        required(request, "cr_token"), selector=_selector(request), client_id=client_id, clock=clock.now
    )


def _assume(request: HttpRequest, client_id: str) -> grants.Granted:
    selector = _selector(request)
    account_id = field(request, "account") or request.GET.get("account") or None
    if selector.keys() == {"name"} and not account_id:
        raise missing("account", "A name needs its account.")
    return grants.assume(
        required(request, "access_token"),
        selector=selector,
        account_id=account_id,
        client_id=client_id,
        now=clock.now(),
    )


def _refresh(request: HttpRequest, client_id: str) -> grants.Granted:
    return grants.refresh(required(request, "refresh_token"), client_id=client_id, now=clock.now())


def _selector(request: HttpRequest) -> dict[str, str]:
    """Return the selector of the trusted profile: ``id``, ``crn`` or ``name``, or several that mean the same one."""
    values = {kind: field(request, f"profile_{kind}") for kind in SELECTORS}
    selector = {kind: value for kind, value in values.items() if value}
    if not selector:
        raise missing("profile_id", "Name the trusted profile: profile_id, profile_crn or profile_name.")
    for kind, value in selector.items():
        if len(value) > LONGEST_SELECTOR or not value.isprintable():
            raise InvalidValue(
                f"Property 'profile_{kind}' must be at most {LONGEST_SELECTOR} printable characters.",
                target=Target(f"profile_{kind}"),
            )
    return selector


@dataclass(frozen=True)
class Grant:
    exchange: Callable[[HttpRequest, str], grants.Granted]
    """Exchanges the form, given the request and the id of the client."""
    fields: dict[str, Schema]
    """The properties of the form; the first is required."""

    def form(self, name: str) -> Schema:
        return {
            "type": "object",
            "title": name,
            "properties": {
                "grant_type": choices(name),
                **self.fields,
                "response_type": choices(RESPONSE_TYPE),
                "scope": {"type": "string"},
            },
            "required": ["grant_type", next(iter(self.fields))],
        }


PROFILE_FIELDS = {f"profile_{kind}": text(LONGEST_SELECTOR) for kind in SELECTORS}
GRANTS = {
    APIKEY_GRANT: Grant(_api_key, {"apikey": text(LONGEST_VALUE), "account": text()}),
    CR_TOKEN_GRANT: Grant(_compute_resource, {"cr_token": text(LONGEST_TOKEN_TEXT), **PROFILE_FIELDS}),
    ASSUME_GRANT: Grant(_assume, {"access_token": text(LONGEST_TOKEN_TEXT), **PROFILE_FIELDS, "account": text()}),
    REFRESH_GRANT: Grant(_refresh, {"refresh_token": text()}),
}

create_token = TokenServiceOperation(
    form_route(
        name="create_iam_access_token",
        summary="Exchange an API key, an identity token, an IAM token or a refresh token for an IAM access token",
        answer=TokenResponse,
        body={"oneOf": [grant.form(name) for name, grant in GRANTS.items()]},
    ),
    create_iam_access_token,
)
