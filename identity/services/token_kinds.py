"""The kind of a presented token, by the issuer that it claims, before the token is verified.

The token service answers a token of another kind differently from a forged one (identity/iam/codes.py).
"""

from django.conf import settings

from controlplane.kernel.errors import Unauthenticated
from identity import signing
from identity.claims import identity_issuer


class UnsupportedToken(Unauthenticated):
    """The token is a JSON web token, but of another issuer, or for another use."""


def require_iam_token(token: str) -> None:
    """Raise UnsupportedToken unless the token claims to be an IAM access token of this service.

    Raises NotAToken for text that is no token.
    """
    if _issuer(token) != settings.BAREMINT_ISSUER:
        raise UnsupportedToken("The token is refused: it is not an IAM access token of this service.")


def require_identity_token(token: str) -> None:
    """Raise UnsupportedToken unless the token claims to be the identity token of a bare metal server.

    Raises NotAToken for text that is no token.
    """
    if not _issuer(token).startswith(identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, "")):
        raise UnsupportedToken("The token is refused: it is not the identity token of a bare metal server.")


def refuse_json_web_token(text: str) -> None:
    """Raise UnsupportedToken for a JSON web token, where a token that only this service can read is expected."""
    try:
        signing.decode(text)
    except signing.NotAToken:
        return
    raise UnsupportedToken("The token is refused: it is not a refresh token of this service.")


def _issuer(token: str) -> str:
    _, claims = signing.decode(token)
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""
