"""Introspection: whether a token or an API key is good now, and whose it is (OAuth 2.0 Token Introspection, RFC 7662).

The caller holds it and could use it, so the answer reveals only what the holder could find out. If it is not good, the
answer reveals nothing about it.
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
"""The claims that describe the subject of a token, not the token."""


def introspect_token(token: str, *, now: datetime) -> Mapping[str, Any]:
    """Return the claims of an IAM access token that is good now.

    Empty for any other text, also for refresh and identity tokens.
    """
    try:
        verify_iam_token(token, now=now)
    except Unauthenticated:
        return {}
    return signing.decode(token)[1]


def introspect_api_key(value: str, *, now: datetime) -> Mapping[str, Any]:
    """Return the claims about the subject of an API key that can be used to log in now; empty for any other."""
    try:
        subject, _ = subject_of(usable(find_api_key(value), now=now))
    except BadRequest:
        return {}
    return {**subject_claims(subject), "authn": itself(subject), "account": account_claim(subject)}


def user_info(token: str, *, now: datetime) -> Mapping[str, Any]:
    """Return the claims about the subject of a token that is good now; empty for any other."""
    claims = introspect_token(token, now=now)
    return {name: claims[name] for name in OF_THE_SUBJECT if name in claims}
