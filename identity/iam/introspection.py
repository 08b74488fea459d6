"""``POST /identity/introspect``, ``GET /identity/userinfo`` and ``POST /identity/profiles``: information about tokens.

None of them needs a policy: the caller holds the token, or the API key, that the question is about.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from django.http import HttpRequest

from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue, Target, Unauthenticated
from controlplane.kernel.operation import text
from identity.authentication import BEARER
from identity.iam.clients import client_of
from identity.iam.operation import TokenServiceOperation, field, form_route, missing, one_property, token_service_route
from identity.services import eligible_profiles, token_introspection
from identity.services.apikeys import LONGEST_VALUE
from identity.signing import LONGEST_TOKEN_TEXT
from trustedprofiles.api import profile_responses


class AccountClaim(TypedDict):
    valid: bool
    bss: str
    frozen: bool


class AuthnClaim(TypedDict):
    sub: str
    iam_id: str
    sub_type: NotRequired[str]
    name: str


class UserInfo(TypedDict):
    """The claims about the subject of a token; only ``active`` when the token is not good."""

    active: bool
    iam_id: NotRequired[str]
    id: NotRequired[str]
    realmid: NotRequired[str]
    identifier: NotRequired[str]
    name: NotRequired[str]
    sub: NotRequired[str]
    sub_type: NotRequired[str]
    given_name: NotRequired[str]
    family_name: NotRequired[str]
    email: NotRequired[str]
    authn: NotRequired[AuthnClaim]
    account: NotRequired[AccountClaim]


class Introspection(UserInfo):
    """All claims of a token, or the claims about the subject of an API key."""

    jti: NotRequired[str]
    iat: NotRequired[int]
    exp: NotRequired[int]
    iss: NotRequired[str]
    grant_type: NotRequired[str]
    scope: NotRequired[str]
    client_id: NotRequired[str]
    acr: NotRequired[int]
    amr: NotRequired[list[str]]


class EligibleProfiles(TypedDict):
    """The trusted profiles, of any account, that the bearer of the token may assume."""

    count: int
    profiles: list[profile_responses.TrustedProfile]


def introspect(request: HttpRequest) -> Mapping[str, Any]:
    client_of(request)
    token, api_key = _either(request, "token", "apikey")
    now = clock.now()
    claims = (
        token_introspection.introspect_token(token, now=now)
        if token
        else token_introspection.introspect_api_key(api_key, now=now)
    )
    return {"active": bool(claims), **claims}


def get_userinfo(request: HttpRequest) -> Mapping[str, Any]:
    match = BEARER.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        raise Unauthenticated("The request carries no IAM token. Send Authorization: Bearer <IAM access token>.")
    claims = token_introspection.user_info(match[1], now=clock.now())
    return {"active": bool(claims), **claims}


def list_eligible_profiles(request: HttpRequest) -> EligibleProfiles:
    cr_token, access_token = _either(request, "cr_token", "access_token")
    now = clock.now()
    rows = (
        eligible_profiles.profiles_of_compute_resource(cr_token, now=now)
        if cr_token
        else eligible_profiles.profiles_of_bearer(access_token, now=now)
    )
    return {"count": len(rows), "profiles": [profile_responses.profile_body(row) for row in rows]}


def _either(request: HttpRequest, one: str, other: str) -> tuple[str, str]:
    """Return two properties of which exactly one is not empty.

    Raises MissingField when both are empty, InvalidValue when both are given.
    """
    values = field(request, one), field(request, other)
    if not any(values):
        raise missing(one, f"Send it, or {other}, as application/x-www-form-urlencoded.")
    if all(values):
        raise InvalidValue(f"Property '{other}' is not supported beside '{one}'.", target=Target(other))
    return values


introspection_view = TokenServiceOperation(
    form_route(
        name="introspect_token",
        summary="Whether an IAM access token or an API key is good, and whose it is (RFC 7662)",
        description="`active` is false of whatever else is sent. IBM's SDKs have no such operation.",
        answer=Introspection,
        body=one_property({"token": text(LONGEST_TOKEN_TEXT), "apikey": text(LONGEST_VALUE)}),
    ),
    introspect,
)
userinfo = TokenServiceOperation(
    token_service_route(
        method="GET",
        name="get_user_info",
        summary="Whose an IAM access token is",
        description="`active` is false of a token that is not good. IBM's SDKs have no such operation.",
        answer=UserInfo,
        refusals=(401, 500),
        security="IAM",
    ),
    get_userinfo,
)
profiles = TokenServiceOperation(
    form_route(
        name="list_eligible_profiles",
        summary="The trusted profiles that the bearer of a token may become",
        description="By a server's identity token, or by an IAM access token. IBM's SDKs have no such operation.",
        answer=EligibleProfiles,
        body=one_property({"cr_token": text(LONGEST_TOKEN_TEXT), "access_token": text(LONGEST_TOKEN_TEXT)}),
    ),
    list_eligible_profiles,
)
