"""Sessions: with a refresh token, a client can go on after an access token has expired, while its API key exists."""

import secrets
from datetime import datetime, timedelta

from controlplane.kernel.errors import Unauthenticated
from identity.claims import DEFAULT_CLIENT
from identity.models import ApiKey, RefreshToken
from identity.services.token_kinds import refuse_json_web_token
from identity.signing import INVALID_TOKEN, token_hash

LIFETIME = timedelta(hours=72)
"""IBM's default for an account (Account settings, session expiration)."""
TOKEN_BYTES = 48


class SessionExpired(Unauthenticated):
    """The refresh token was valid, but has expired."""


def open_session(key: ApiKey, *, client_id: str, now: datetime) -> str:
    """Return a new refresh token for this client, and delete the key's expired ones.

    The result is empty for the default client and for service IDs, which get none (IBM's limits on tokens).
    """
    if client_id == DEFAULT_CLIENT or key.iam_id.startswith("iam-ServiceId-"):
        return ""
    key.refresh_tokens.filter(expires_at__lte=now).delete()
    value = secrets.token_urlsafe(TOKEN_BYTES)
    RefreshToken.objects.create(
        sha256=token_hash(value), api_key=key, client_id=client_id, created_at=now, expires_at=now + LIFETIME
    )
    return value


def find_session(value: str, *, client_id: str, now: datetime) -> ApiKey:
    """Return the API key that opened the session.

    Raises Unauthenticated for another client's token as for an unknown one, UnsupportedToken for a token of another
    kind, and SessionExpired.
    """
    session = (
        RefreshToken.objects.select_related("api_key").filter(sha256=token_hash(value), client_id=client_id).first()
    )
    if session is None:
        refuse_json_web_token(value)
        raise Unauthenticated(
            "Provided refresh token is not valid for this client. Log in again.", iam_code=INVALID_TOKEN
        )
    if session.expires_at <= now:
        raise SessionExpired("Provided refresh token has expired. Log in again.")
    return session.api_key
