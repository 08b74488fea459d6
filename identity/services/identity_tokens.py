"""Identity tokens, which prove to the metadata service and IAM which server the bearer is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.kernel.facts import ServerFacts
from identity import metadata_access, signing
from identity.claims import identity_audience, identity_claims, identity_issuer
from identity.key_cache import NoActiveKey
from identity.key_schedule import LEEWAY
from identity.models import KeyPair
from identity.services.guarded_event import record_for
from identity.services.key_rotation import ensure_identity_key
from servers.facts import facts_of
from servers.selectors import servers_for_facts

REQUIRED = frozenset({"aud", "exp", "iat", "iaas", "iss"})


@dataclass(frozen=True, repr=False)
class IssuedToken:
    """A token that has been recorded, and may be answered."""

    token: str
    created_at: datetime
    expires_at: datetime

    @property
    def lifetime(self) -> int:
        return int((self.expires_at - self.created_at).total_seconds())


def create_identity_token(facts: ServerFacts, *, lifetime: timedelta, nonce: str | None, now: datetime) -> IssuedToken:
    """Sign and record an identity token. Raises ServerChanged when ``facts`` are stale."""
    created_at = now.replace(microsecond=0)
    claims = identity_claims(facts, issuer=_issuer(facts), now=created_at, lifetime=lifetime, nonce=nonce)
    token, kid = _sign(claims, facts, now=now)
    evidence = {
        "jti": claims["jti"],
        "kid": kid,
        "exp": claims["exp"],
        "sha256": signing.token_hash(token),
        "epoch": facts.metadata_epoch,
    }
    record_for(facts, IDENTITY_TOKEN_CREATE, status=200, data=evidence)
    return IssuedToken(token, created_at, created_at + lifetime)


def verify_identity_token(token: str, *, facts: ServerFacts, now: datetime) -> signing.VerifiedClaims:
    """Check that ``token`` is an identity token of this server, from its present metadata session.

    Raises Unauthenticated, also for a token of another server, for one from before the service was switched off, and
    for an IAM token.
    """
    return _check_claims(signing.authenticate(token, purpose=KeyPair.Purpose.IDENTITY), facts=facts, now=now)


def verify_presented_token(token: str, *, now: datetime) -> tuple[signing.VerifiedClaims, ServerFacts]:
    """Check an identity token that is presented elsewhere than at the server's own metadata service.

    The token itself names its server. Raises Unauthenticated, also when the server was deleted or its metadata service
    is off.
    """
    signed_claims = signing.authenticate(token, purpose=KeyPair.Purpose.IDENTITY)
    iaas = signed_claims.claims.get("iaas")
    server = servers_for_facts().filter(id=iaas.get("instanceID", "")).first() if isinstance(iaas, dict) else None
    if server is None:
        raise signing.refusal("its server was deleted after it was issued")
    facts = facts_of(server)
    if not (verdict := metadata_access.may_use_metadata(facts)):
        raise signing.refusal(f"its server may not use it now. {verdict.because.rstrip('.')}")
    return _check_claims(signed_claims, facts=facts, now=now), facts


def _sign(claims: dict[str, Any], facts: ServerFacts, *, now: datetime) -> tuple[str, str]:
    try:
        return signing.sign(claims, purpose=KeyPair.Purpose.IDENTITY, region=facts.region, at=now)
    except NoActiveKey:  # the first token of a region, or after the clock was moved back, before the next tick
        ensure_identity_key(facts.region, now=now)
        return signing.sign(claims, purpose=KeyPair.Purpose.IDENTITY, region=facts.region, at=now)


def _check_claims(signed_claims: signing.SignedClaims, *, facts: ServerFacts, now: datetime) -> signing.VerifiedClaims:
    if signed_claims.region != facts.region:
        raise signing.refusal("it is signed by the key of another region")
    issuer = _issuer(facts)
    verified = signing.check_claims(
        signed_claims,
        issuer=issuer,
        now=now,
        leeway=LEEWAY,
        required=REQUIRED,
        audience=identity_audience(issuer, facts),
    )
    iaas = verified["iaas"]
    if not isinstance(iaas, dict) or iaas.get("instanceID") != facts.id:
        raise signing.refusal("it was issued to another server")
    return verified


def _issuer(facts: ServerFacts) -> str:
    return identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, facts.region)
