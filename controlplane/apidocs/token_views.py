"""The IAM token service: its operations, and what each takes."""

from controlplane.apidocs.json_schema import Schema
from controlplane.apidocs.plain_views import FORM, Door
from controlplane.kernel.envelopes import TokenError
from identity.claims import APIKEY_GRANT, ASSUME_GRANT, CR_TOKEN_GRANT, REFRESH_GRANT
from identity.iam.discovery import OpenIdConfiguration
from identity.iam.introspection import EligibleProfiles, Introspection, UserInfo
from identity.iam.token import LONGEST_SELECTOR, RESPONSE_TYPE, TokenResponse
from identity.selectors import JsonWebKeySet
from identity.services.apikeys import LONGEST_VALUE
from identity.signing import LONGEST_TOKEN_TEXT
from trustedprofiles.permissions import text

TAG = "IAM token"
IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETag of the answer you have: 304 if it is still the present one.",
    "schema": {"type": "string"},
}
PROFILE_FIELDS = {f"profile_{kind}": text(LONGEST_SELECTOR) for kind in ("id", "crn", "name")}
GRANT_FIELDS: dict[str, dict[str, Schema]] = {
    APIKEY_GRANT: {"apikey": text(LONGEST_VALUE), "account": text()},
    CR_TOKEN_GRANT: {"cr_token": text(LONGEST_TOKEN_TEXT), **PROFILE_FIELDS},
    ASSUME_GRANT: {"access_token": text(LONGEST_TOKEN_TEXT), **PROFILE_FIELDS, "account": text()},
    REFRESH_GRANT: {"refresh_token": text()},
}
"""Form fields of each grant; the first is needed."""


def _form(grant: str, **fields: Schema) -> Schema:
    return {
        "type": "object",
        "title": grant,
        "properties": {
            "grant_type": {"type": "string", "enum": [grant]},
            **fields,
            "response_type": {"type": "string", "enum": [RESPONSE_TYPE]},
            "scope": {"type": "string"},
        },
        "required": ["grant_type", next(iter(fields))],
    }


def _either(**fields: Schema) -> Schema:
    """One of the properties. Others are ignored."""
    return {
        "oneOf": [
            {"type": "object", "properties": {name: schema}, "required": [name]} for name, schema in fields.items()
        ]
    }


TOKEN_DOORS = (
    Door(
        path="/identity/token",
        method="post",
        name="create_iam_access_token",
        tag=TAG,
        summary="Exchange an API key, an identity token, an IAM token or a refresh token for an IAM access token",
        answer=TokenResponse,
        refusals=(400, 401, 500),
        envelope=TokenError,
        body={"oneOf": [_form(grant, **fields) for grant, fields in GRANT_FIELDS.items()]},
        body_required=True,
        body_type=FORM,
    ),
    Door(
        path="/identity/.well-known/openid-configuration",
        method="get",
        name="get_openid_configuration",
        tag=TAG,
        summary="Where the IAM token service has what (OpenID Connect Discovery)",
        answer=OpenIdConfiguration,
    ),
    Door(
        path="/identity/keys",
        method="get",
        name="list_iam_signing_keys",
        tag=TAG,
        summary="Public keys that verify IAM access tokens (JWKS)",
        answer=JsonWebKeySet,
        also={304: None},
        parameters=(IF_NONE_MATCH,),
    ),
    Door(
        path="/identity/profiles",
        method="post",
        name="list_eligible_profiles",
        tag=TAG,
        summary="The trusted profiles that the bearer of a token may become",
        description="By a server's identity token, or by an IAM access token. IBM's SDKs have no such operation.",
        answer=EligibleProfiles,
        refusals=(400, 401, 500),
        envelope=TokenError,
        body=_either(cr_token=text(LONGEST_TOKEN_TEXT), access_token=text(LONGEST_TOKEN_TEXT)),
        body_required=True,
        body_type=FORM,
    ),
    Door(
        path="/identity/introspect",
        method="post",
        name="introspect_token",
        tag=TAG,
        summary="Whether an IAM access token or an API key is good, and whose it is (RFC 7662)",
        description="`active` is false of whatever else is sent. IBM's SDKs have no such operation.",
        answer=Introspection,
        refusals=(400, 401, 500),
        envelope=TokenError,
        body=_either(token=text(LONGEST_TOKEN_TEXT), apikey=text(LONGEST_VALUE)),
        body_required=True,
        body_type=FORM,
    ),
    Door(
        path="/identity/userinfo",
        method="get",
        name="get_user_info",
        tag=TAG,
        summary="Whose an IAM access token is",
        description="`active` is false of a token that is not good. IBM's SDKs have no such operation.",
        answer=UserInfo,
        refusals=(401, 500),
        envelope=TokenError,
        security="IAM",
    ),
)
