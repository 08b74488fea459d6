"""Sign and verify JSON web tokens; no other module does.

``sign`` turns claims into a compact JWS under the active key of a purpose. ``authenticate`` and then ``check_claims``
turn untrusted text into VerifiedClaims or refuse it; everything that grants something takes VerifiedClaims, never a
token.

Each purpose has its own keys, issuer and required claims, so a token of one purpose is refused for every other (RFC
8725, sections 3.8 to 3.12). ``kid`` is looked up as an opaque string among the published keys of that one purpose;
``jku``, ``x5u``, ``jwk`` and the like are refused, never followed. PyJWT alone is too lenient (it accepts numeric
strings for ``exp`` and duplicate claims), so the form is checked strictly first.
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
    """Claims whose signature, issuer and times have been checked. Only ``check_claims`` makes one."""

    claims: Mapping[str, Any]
    kid: str

    def __getitem__(self, name: str) -> Any:
        return self.claims[name]


def sign(claims: Mapping[str, Any], *, purpose: str, region: str = "", at: datetime | None = None) -> tuple[str, str]:
    """Sign with the active key of ``purpose``, in this region unless another is named. Returns the token and its kid.

    ``at`` is the time of issue. Raises NoActiveKey, also when the key was activated later than that.
    """
    signer = key_cache.signer(purpose, region=region, at=at)
    with timings.measured(f"{purpose}_token"):
        token = jwt.encode(dict(claims), signer.private_key, algorithm=signer.algorithm, headers={"kid": signer.kid})
    return token, signer.kid


def token_hash(token: str) -> str:
    """Return the hash of a token, which is stored instead of it: it identifies the token, but is no credential."""
    return hashlib.sha256(token.encode()).hexdigest()


def purpose_of(token: str) -> str | None:
    """Return the purpose of the published key that the token names; None for another key, or text that is no token."""
    try:
        header, _ = read(token)
    except Unauthenticated:
        return None
    kid = header.get("kid")
    purposes = (each for each in key_cache.TOKEN_PURPOSES if isinstance(kid, str) and key_cache.verifier(each, kid))
    return next(purposes, None)


@dataclass(frozen=True)
class SignedClaims:
    """Claims with a valid signature of a published key, not checked otherwise. Only ``authenticate`` makes one."""

    claims: Mapping[str, Any]
    kid: str
    region: str
    """The region of the key."""


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


def check_claims(
    signed_claims: SignedClaims,
    *,
    issuer: str,
    now: datetime,
    leeway: timedelta,
    required: frozenset[str],
    audience: list[str] | None = None,
) -> VerifiedClaims:
    """Check the claims of a token whose signature is valid.

    ``audience`` is compared whole; None means that the purpose has none and the claim must be absent. ``leeway``
    applies to ``iat`` and ``nbf``; ``exp`` is exact, because this service is the issuer. Raises Unauthenticated,
    TokenExpired.
    """
    check_issuer(signed_claims.claims, issuer)
    check_audience(signed_claims.claims, audience)
    check_completeness(signed_claims.claims, required)
    check_times(signed_claims.claims, now=now, leeway=leeway)
    return VerifiedClaims(signed_claims.claims, signed_claims.kid)


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


# --- The single checks, in their order. Each raises Unauthenticated, which says what is wrong. -------------------


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a JSON web token, not verified.

    Raises NotAToken, or Unauthenticated for a header with unknown members.
    """
    header, claims = decode(token)
    if not header.keys() <= HEADER_MEMBERS or header.get("typ", "JWT") != "JWT":
        raise refusal("its header has members other than alg, typ and kid")
    return header, claims


def decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a JSON web token of any issuer, not verified. Raises NotAToken."""
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
    """Decode base64url strictly: the bytes must encode to the same text. Raises NotAToken."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise NotAToken from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise NotAToken
    return raw


def _is_instant(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LATEST_INSTANT
