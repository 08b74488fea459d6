"""Verification of the Authorization header (RFC 8725: first the form, then the signature)."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from django.conf import settings

from controlplane.activity.record import Party
from controlplane.cloudservice import keyset
from controlplane.cloudservice.errors import MissingToken, UnreadableToken
from controlplane.kernel import strictjson
from controlplane.kernel.errors import InvalidRequest, Unauthenticated

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
LONGEST = 8192
PART = re.compile(r"[A-Za-z0-9_-]+")
HEADER_MEMBERS = {"alg", "typ", "kid"}
LATEST_INSTANT = 2**40
LEEWAY = 60
"""Seconds that IAM's clock may be ahead of this one; expiry is exact."""


@dataclass(frozen=True)
class Bearer:
    """The bearer of a verified token."""

    token: str
    account_id: str
    party: Party
    person: str = ""
    """IAM id of who logged in: of the party, or of who became it, a trusted profile."""


def bearer_of(authorization: str, *, now: datetime) -> Bearer:
    """Return the verified bearer.

    Raises MissingToken without a header, UnreadableToken for a token that IAM did not sign, Unauthenticated for one
    that is not valid now, and IamUnavailable.
    """
    if not authorization:
        raise MissingToken("The request carries no token. Send Authorization: Bearer <IAM access token>.")
    match = BEARER.fullmatch(authorization)
    if match is None:
        raise UnreadableToken(
            "The Authorization header must be Bearer and an IAM access token; HMAC keys are not supported."
        )
    token = match[1]
    kid = _check_form(token)
    key = keyset.known.find(kid)
    if key is None:
        raise _unreadable("it is not signed by a key that IAM publishes")
    try:
        jwt.PyJWS(algorithms=[keyset.ALGORITHM]).decode(token, key, algorithms=[keyset.ALGORITHM])
    except jwt.PyJWTError:
        raise _unreadable("its signature does not verify") from None
    claims = _decode(token.split(".")[1])
    _check_times(claims, now=int(now.timestamp()))
    return _bearer(token, claims)


def _unreadable(reason: str) -> UnreadableToken:
    return UnreadableToken(_message(reason))


def _message(reason: str) -> str:
    return f"The token is refused: {reason}. Get a new one and retry."


def _check_form(token: str) -> str:
    """The kid of a well-formed token of IAM; for any other text IAM is not called. Raises UnreadableToken."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3 or not all(map(PART.fullmatch, parts)):
        raise _unreadable("it is not a JSON web token")
    header, claims = _decode(parts[0]), _decode(parts[1])
    kid = header.get("kid")
    if not header.keys() <= HEADER_MEMBERS or header.get("typ", "JWT") != "JWT" or not isinstance(kid, str):
        raise _unreadable("its header must have alg, kid and nothing else but typ")
    if header.get("alg") != keyset.ALGORITHM:
        raise _unreadable(f"its algorithm is not {keyset.ALGORITHM}")
    if claims.get("iss") != settings.BAREMINT_ISSUER:
        raise _unreadable(f"its issuer is not {settings.BAREMINT_ISSUER}")
    return kid


def _decode(part: str) -> dict[str, Any]:
    try:
        return strictjson.parse_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), limit=LONGEST)
    except (InvalidRequest, binascii.Error, ValueError):
        raise _unreadable("it is not a JSON web token") from None


def _check_times(claims: dict[str, Any], *, now: int) -> None:
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0 if name == "nbf" else None)
        if type(value) is not int or not 0 <= value <= LATEST_INSTANT:
            raise _unreadable(f"its {name} is not a whole number of seconds")
    if now >= claims["exp"]:
        raise Unauthenticated(_message("it has expired"))
    if max(claims["iat"], claims.get("nbf", 0)) > now + LEEWAY:
        raise Unauthenticated(_message("it is not valid yet"))


def _bearer(token: str, claims: dict[str, Any]) -> Bearer:
    iam_id, account = claims.get("iam_id"), claims.get("account")
    account_id = account.get("bss") if isinstance(account, dict) else None
    if not (isinstance(iam_id, str) and iam_id and isinstance(account_id, str) and account_id):
        raise _unreadable("it names no subject with an account")
    party = Party(iam_id, str(claims.get("name") or ""), str(claims.get("sub_type") or "User"))
    login = claims.get("authn")
    person = login.get("iam_id") if isinstance(login, dict) else None
    return Bearer(token, account_id, party, person if isinstance(person, str) and person else iam_id)
