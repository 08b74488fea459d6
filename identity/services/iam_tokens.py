"""IAM access tokens: for a server through a trusted profile, or for a person with an API key."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from controlplane.activity.record import Party, record
from controlplane.kernel.caller import Caller, SubjectType
from controlplane.kernel.errors import BadRequest, MissingField, ProfileNotLinked, ReferenceNotFound, Target
from controlplane.kernel.facts import ServerFacts
from identity import signing
from identity.claims import APIKEY_GRANT, CR_TOKEN_GRANT, Subject, iam_claims
from identity.keyring import LEEWAY
from identity.models import KeyPair
from identity.selectors import find_api_key
from identity.services.identity_tokens import IssuedToken
from identity.services.ledger import record_for
from identity.signing import VerifiedClaims
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import find_profile, find_user, trusts

EXCHANGE_EVENT = "is.metadata.computeresource-token.read"
LOGIN_EVENT = "iam-identity.user-apikey.login"
LIFETIME = timedelta(seconds=3600)
REQUIRED = frozenset({"account", "exp", "iam_id", "iat", "iss"})


def exchange_identity_token(
    verified: VerifiedClaims, *, facts: ServerFacts, selector: tuple[str, str] | None, now: datetime
) -> IssuedToken:
    """Turn a proven server into a trusted profile.

    ``selector`` is ``("id" | "crn" | "name", value)``; None means the server's default trusted profile.
    Raises MissingField without a default, ReferenceNotFound, ProfileNotLinked, or ServerChanged for stale ``facts``.
    """
    profile = _select_profile(facts, selector)
    verdict = trusts(profile, facts)
    if not verdict:
        raise ProfileNotLinked(
            f"The trusted profile does not trust this server: {verdict.because}",
            target=Target(f"trusted_profile.{selector[0] if selector else 'id'}"),
        )
    subject = Subject(profile.iam_id, profile.id, facts.name, profile.account_id, sub_type="ComputeResource")
    authn = {"sub": facts.crn, "iam_id": f"crn-{facts.crn}", "sub_type": "CRN", "name": facts.name}
    token, evidence = _issue(subject, now=now, grant_type=CR_TOKEN_GRANT, authn=authn)
    evidence |= {
        "profile_id": profile.id,
        "because": verdict.because,
        "identity_jti": verified.claims.get("jti", ""),
    }
    record_for(facts, EXCHANGE_EVENT, status=200, data=evidence)
    return token


def _select_profile(facts: ServerFacts, selector: tuple[str, str] | None) -> TrustedProfile:
    if selector is None:
        if not facts.default_trusted_profile_id:
            raise MissingField(
                "This server has no default trusted profile. Name one: "
                '{"trusted_profile": {"id": "Profile-..."}}, or give the server a default when it is initialized.',
                target=Target("trusted_profile"),
            )
        selector = ("id", facts.default_trusted_profile_id)
    kind, value = selector
    profile = find_profile(account_id=facts.account_id, **{kind: value})
    if profile is None:
        raise ReferenceNotFound(
            f"There is no trusted profile of this {kind} in the server's account.",
            target=Target(f"trusted_profile.{kind}"),
        )
    return profile


def exchange_api_key(value: str, *, now: datetime) -> IssuedToken:
    """Log a person in. Raises BadRequest (BXNIM0415E) when no usable API key has this value."""
    key = find_api_key(value)
    if key is None:
        raise BadRequest("Provided API key could not be found.", code="not_found", iam_code="BXNIM0415E")
    user = find_user(key.account_id, key.iam_id)
    name = user.get_full_name() or user.username if user else key.name
    subject = Subject(key.iam_id, key.iam_id, name, key.account_id, email=user.email if user else "")
    authn = {"sub": subject.email or key.iam_id, "iam_id": key.iam_id, "name": name}
    token, evidence = _issue(subject, now=now, grant_type=APIKEY_GRANT, authn=authn)
    record(
        LOGIN_EVENT,
        initiator=Party(key.iam_id, name, "User"),
        target=Party(key.id, key.name, "ApiKey"),
        account_id=key.account_id,
        data=evidence,
    )
    return token


def verify_iam_token(token: str, *, now: datetime) -> Caller:
    """Who bears this IAM access token. Raises Unauthenticated; an identity token is not one."""
    verified = signing.verify(
        token,
        purpose=KeyPair.Purpose.IAM,
        issuer=settings.BAREMINT_ISSUER,
        now=now,
        leeway=LEEWAY,
        required=REQUIRED,
    )
    claims = verified.claims
    sub_type: SubjectType = claims.get("sub_type", "User")
    return Caller(
        iam_id=claims["iam_id"],
        account_id=claims["account"]["bss"],
        name=claims.get("name", ""),
        sub_type=sub_type,
        identifier=claims.get("identifier", ""),
        compute_resource_crn=claims["authn"]["sub"] if sub_type == "ComputeResource" else "",
    )


def _issue(
    subject: Subject, *, now: datetime, grant_type: str, authn: dict[str, str]
) -> tuple[IssuedToken, dict[str, Any]]:
    """A signed token, and what is kept of it."""
    created_at = now.replace(microsecond=0)
    claims = iam_claims(
        subject,
        issuer=settings.BAREMINT_ISSUER,
        now=created_at,
        lifetime=LIFETIME,
        grant_type=grant_type,
        authn=authn,
    )
    token, kid = signing.sign(claims, purpose=KeyPair.Purpose.IAM)
    evidence = {"jti": claims["jti"], "kid": kid, "exp": claims["exp"], "sha256": signing.token_hash(token)}
    return IssuedToken(token, created_at, created_at + LIFETIME), evidence
