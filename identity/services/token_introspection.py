"""Is a token, or an API key, good now, and whose is it? (OAuth 2.0 Token Introspection, RFC 7662.)

Its holder could use it, so nothing is said that the holder could not find out; of what is not good, nothing at all.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controlplane.kernel.errors import BadRequest, Unauthenticated
from identity import signing
from identity.claims import account_claim, subject_claims
from identity.selectors import find_api_key
from identity.services.grants import itself, subject_of, usable
from identity.services.iam_tokens import verify_iam_token

OF_THE_SUBJECT = (
    *("iam_id", "id", "realmid", "identifier", "name", "sub", "sub_type", "given_name", "family_name", "email"),
    *("authn", "account"),
)
"""The claims of a token that tell of its subject, not of the token."""


def introspect_token(token: str, *, now: datetime) -> Mapping[str, Any]:
    """The claims of an IAM access token that is good now; empty for whatever else, refresh and identity tokens too."""
    try:
        verify_iam_token(token, now=now)
    except Unauthenticated:
        return {}
    return signing.decode(token)[1]


def introspect_api_key(value: str, *, now: datetime) -> Mapping[str, Any]:
    """Whom an API key stands for that is good for a login now; empty for any other."""
    try:
        subject, _ = subject_of(usable(find_api_key(value), now=now))
    except BadRequest:
        return {}
    return {**subject_claims(subject), "authn": itself(subject), "account": account_claim(subject)}


def user_info(token: str, *, now: datetime) -> Mapping[str, Any]:
    """Of a token that is good now, the claims about its subject; empty for any other."""
    claims = introspect_token(token, now=now)
    return {name: claims[name] for name in OF_THE_SUBJECT if name in claims}
