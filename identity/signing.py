"""Claimed becomes proven here, and nowhere else.

``sign`` turns claims into a compact JWS under the active key of a purpose. ``verify`` turns a stranger's text into
VerifiedClaims or refuses it; everything that grants something takes VerifiedClaims, never a token.

Each purpose has its own keys, issuer and required claims, so a token of one purpose is refused at every other door
(RFC 8725, sections 3.8 to 3.12). ``kid`` is looked up as an opaque string among the published keys of that one purpose;
``jku``, ``x5u``, ``jwk`` and their like are refused, never followed. PyJWT alone is too kind (it takes numeric strings
for ``exp`` and duplicate claims), so the form is checked strictly first.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from controlplane.activity.timings import timings
from controlplane.kernel import strictjson
from controlplane.kernel.errors import InvalidRequest, Unauthenticated
from identity import key_cache

LONGEST_TOKEN_TEXT = 8192
PART = re.compile(r"[A-Za-z0-9_-]+")
HEADER_MEMBERS = {"alg", "typ", "kid"}
LATEST_INSTANT = 2**40
PARTS = 3
INVALID_TOKEN = "BXNIM0407E"  # noqa: S105  IAM's code for one


@dataclass(frozen=True)
class VerifiedClaims:
    """Claims whose signature, issuer and times have been checked. Only ``admit`` makes one."""

    claims: Mapping[str, Any]
    kid: str

    def __getitem__(self, name: str) -> Any:
        return self.claims[name]


def sign(claims: Mapping[str, Any], *, purpose: str, region: str = "", at: datetime | None = None) -> tuple[str, str]:
    """Sign with the active key of ``purpose``, of this region unless another is named. Returns the token and the kid
    that signed it.

    ``at`` is the time of issue. Raises NoActiveKey, also when the key is of a later time.
    """
    signer = key_cache.signer(purpose, region=region, at=at)
    with timings.measured(f"{purpose}_token"):
        token = jwt.encode(dict(claims), signer.private_key, algorithm=signer.algorithm, headers={"kid": signer.kid})
    return token, signer.kid


def token_hash(token: str) -> str:
    """What is kept of a token: enough to recognise it, useless to present."""
    return hashlib.sha256(token.encode()).hexdigest()


def purpose_of(token: str) -> str | None:
    """Which of our keys the token says it is signed with: by its purpose. None: none, or it is no token."""
    try:
        header, _ = read(token)
    except Unauthenticated:
        return None
    kid = header.get("kid")
    purposes = (each for each in key_cache.TOKEN_PURPOSES if isinstance(kid, str) and key_cache.verifier(each, kid))
    return next(purposes, None)


@dataclass(frozen=True)
class SignedClaims:
    """Claims that a key of ours signed; whether they hold here and now is not known yet. Only ``authenticate`` makes
    one."""

    claims: Mapping[str, Any]
    kid: str
    region: str
    """Where the key signs."""


def authenticate(token: str, *, purpose: str) -> SignedClaims:
    """Check form and signature of a token. Raises Unauthenticated."""
    header, claims = read(token)
    kid = header.get("kid")
    key = key_cache.verifier(purpose, kid) if isinstance(kid, str) else None
    if key is None or kid is None:
        raise refusal("it is not signed by a key that is published for this purpose")
    check_algorithm(header, key.algorithm)
    check_signature(token, key.public_key, key.algorithm)
    return SignedClaims(claims, kid, key.region)


def admit(
    signed: SignedClaims,
    *,
    issuer: str,
    now: datetime,
    leeway: timedelta,
    required: frozenset[str],
    audience: list[str] | None = None,
) -> VerifiedClaims:
    """Check what a token claims.

    ``audience`` is compared whole; None means the purpose has none and the claim must be absent. ``leeway`` is granted
    to ``iat`` and ``nbf``; ``exp`` is exact, for this service is the issuer. Raises Unauthenticated, TokenExpired.
    """
    check_issuer(signed.claims, issuer)
    check_audience(signed.claims, audience)
    check_completeness(signed.claims, required)
    check_times(signed.claims, now=now, leeway=leeway)
    return VerifiedClaims(signed.claims, signed.kid)


def verify(
    token: str,
    *,
    purpose: str,
    issuer: str,
    now: datetime,
    leeway: timedelta,
    required: frozenset[str],
    audience: list[str] | None = None,
) -> VerifiedClaims:
    """Check a token: ``authenticate``, then ``admit``. Raises Unauthenticated, whatever is wrong."""
    signed = authenticate(token, purpose=purpose)
    return admit(signed, issuer=issuer, now=now, leeway=leeway, required=required, audience=audience)


class TokenExpired(Unauthenticated):
    iam_code = "BXNIM0106E"


class NotAToken(Unauthenticated):
    """The text is not a JSON web token."""

    def __init__(self) -> None:
        super().__init__(
            "The token is refused: it is not a JSON web token. Get a new one and retry.", iam_code=INVALID_TOKEN
        )


def refusal(reason: str) -> Unauthenticated:
    return Unauthenticated(f"The token is refused: {reason}. Get a new one and retry.", iam_code=INVALID_TOKEN)


# --- The single checks, in the order they are made. Each raises Unauthenticated, which says what it found. -------


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a text in the form of a JSON web token. Nothing of them is proven.

    Raises NotAToken, or Unauthenticated for a header with other members than ours.
    """
    header, claims = decode(token)
    if not header.keys() <= HEADER_MEMBERS or header.get("typ", "JWT") != "JWT":
        raise refusal("its header has members other than alg, typ and kid")
    return header, claims


def decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JSON web token of anybody's. Nothing of them is proven. Raises NotAToken."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN_TEXT or len(parts) != PARTS or not all(map(PART.fullmatch, parts)):
        raise NotAToken
    header, claims = (_decode(part) for part in parts[:2])
    _bytes(parts[2])
    return header, claims


def check_algorithm(header: Mapping[str, Any], algorithm: str) -> None:
    if header.get("alg") != algorithm:
        raise refusal(f"its algorithm is not {algorithm}")


def check_signature(token: str, key: RSAPublicKey, algorithm: str) -> None:
    try:
        jwt.PyJWS(algorithms=[algorithm]).decode(token, key, algorithms=[algorithm])
    except jwt.PyJWTError:
        raise refusal("its signature does not verify") from None


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise refusal(f"its issuer is not {issuer}")


def check_audience(claims: Mapping[str, Any], audience: list[str] | None) -> None:
    if claims.get("aud") != audience:
        raise refusal("it was issued for another audience, or before the metadata service was last switched off")


def check_completeness(claims: Mapping[str, Any], required: frozenset[str]) -> None:
    if missing := sorted(required - claims.keys()):
        raise refusal(f"it lacks {', '.join(missing)}")


def check_times(claims: Mapping[str, Any], *, now: datetime, leeway: timedelta) -> None:
    instant = int(now.timestamp())
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if (value is None and name != "nbf") or (value is not None and not _is_instant(value)):
            raise refusal(f"its {name} is not a whole number of seconds")
    if instant >= claims["exp"]:
        raise TokenExpired("The token is refused: it has expired. Get a new one and retry.")
    if max(claims["iat"], claims.get("nbf", 0)) > instant + int(leeway.total_seconds()):
        raise refusal("it is not valid yet")


def _decode(part: str) -> dict[str, Any]:
    try:
        return strictjson.parse_object(_bytes(part), limit=LONGEST_TOKEN_TEXT)
    except InvalidRequest:
        raise NotAToken from None


def _bytes(part: str) -> bytes:
    """base64url with nothing left to chance: what was read must encode to the same text."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise NotAToken from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise NotAToken
    return raw


def _is_instant(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LATEST_INSTANT
