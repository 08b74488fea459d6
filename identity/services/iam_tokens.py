"""IAM access tokens: issued for the subject that a grant has proven, or for a server through a trusted profile, and
verified here."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from controlplane.activity.events import METADATA_LOGIN
from controlplane.kernel.caller import Caller, SubjectType
from controlplane.kernel.errors import MissingField, ProfileNotLinked, ReferenceNotFound, Target
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Verdict
from identity import signing
from identity.claims import CR_TOKEN_GRANT, DEFAULT_CLIENT, Subject, iam_claims
from identity.key_schedule import LEEWAY
from identity.models import KeyPair
from identity.selectors import is_gone
from identity.services.guarded_event import record_for
from identity.services.identity_tokens import IssuedToken
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import find_foreign_profile, find_profile, trusts

REQUIRED = frozenset({"account", "authn", "exp", "iam_id", "iat", "iss"})
UNKNOWN_PROFILE = "BXNIM0397E"


def issue(
    subject: Subject,
    *,
    now: datetime,
    grant_type: str,
    authn: dict[str, str],
    client_id: str = DEFAULT_CLIENT,
) -> tuple[IssuedToken, dict[str, Any]]:
    """Return a signed token and the evidence of it for the event. The token must be recorded before it is answered."""
    created_at, lifetime = now.replace(microsecond=0), timedelta(seconds=settings.BAREMINT_IAM_TOKEN_SECONDS)
    claims = iam_claims(
        subject,
        issuer=settings.BAREMINT_ISSUER,
        now=created_at,
        lifetime=lifetime,
        grant_type=grant_type,
        authn=authn,
        client_id=client_id,
    )
    token, kid = signing.sign(claims, purpose=KeyPair.Purpose.IAM, at=created_at)
    evidence = {"jti": claims["jti"], "kid": kid, "exp": claims["exp"], "sha256": signing.token_hash(token)}
    return IssuedToken(token, created_at, created_at + lifetime), evidence


def exchange_identity_token(
    verified: signing.VerifiedClaims,
    *,
    facts: ServerFacts,
    selector: dict[str, str],
    now: datetime,
    event: str = METADATA_LOGIN,
    client_id: str = DEFAULT_CLIENT,
) -> IssuedToken:
    """Issue an IAM token of a trusted profile to a server that has proven its identity.

    ``selector`` has ``id``, ``crn`` or ``name``, or several that must mean one profile; none means the server's default
    trusted profile. Raises MissingField without a default, ReferenceNotFound, ProfileNotLinked, or ServerChanged for
    stale ``facts``.
    """
    kind, value = next(iter(selector.items()), ("id", None))
    target = Target(f"trusted_profile.{kind}", value=value)
    profile = _select_profile(facts, selector, target)
    verdict = trusts(profile, facts)
    if not verdict:
        raise ProfileNotLinked(
            f"The trusted profile {profile.name} does not trust this server: {verdict.because}",
            target=target,
            more_info=verdict.explanation,
            details=ineligible(facts.crn, profile, verdict),
        )
    subject = Subject(profile.iam_id, profile.id, facts.name, profile.account_id, sub_type="ComputeResource")
    authn = {"sub": facts.crn, "iam_id": f"crn-{facts.crn}", "sub_type": "CRN", "name": facts.name}
    token, evidence = issue(subject, now=now, grant_type=CR_TOKEN_GRANT, authn=authn, client_id=client_id)
    evidence |= {
        "profile_id": profile.id,
        "because": verdict.because,
        "identity_jti": verified.claims.get("jti", ""),
    }
    record_for(facts, event, status=200, data=evidence)
    return token


def ineligible(subject: str, profile: TrustedProfile, verdict: Verdict) -> str:
    """Return the message that a profile does not trust ``subject``, and why, for a caller that has proven that it holds
    the token of ``subject``."""
    return (
        f"The token of '{subject}' is not permitted to assume the trusted profile '{profile.iam_id}' "
        f"({profile.name}): {verdict.because}"
    )


def _select_profile(facts: ServerFacts, selector: dict[str, str], target: Target) -> TrustedProfile:
    if not selector:
        if not facts.default_trusted_profile_id:
            raise MissingField(
                "This server has no default trusted profile. Name one: "
                '{"trusted_profile": {"id": "Profile-..."}}, or give the server a default when it is initialized.',
                target=Target("trusted_profile"),
            )
        selector = {"id": facts.default_trusted_profile_id}
    profile = find_profile(account_id=facts.account_id, **selector)
    if profile is None and "name" not in selector:
        profile = find_foreign_profile(facts, **selector)
    if profile is None:
        raise ReferenceNotFound(
            f"There is no trusted profile of this {' and '.join(selector)} in the server's account.",
            target=target,
            iam_code=UNKNOWN_PROFILE,
        )
    return profile


def verify_iam_token(token: str, *, now: datetime) -> Caller:
    """Return the bearer of an IAM access token.

    Raises Unauthenticated, also for an identity token, for a token whose trusted profile, service ID or server was
    deleted or whose user is no longer active, and when this holds for the identity that assumed the profile.
    """
    verified = signing.check_claims(
        signing.authenticate(token, purpose=KeyPair.Purpose.IAM),
        issuer=settings.BAREMINT_ISSUER,
        now=now,
        leeway=LEEWAY,
        required=REQUIRED,
    )
    caller = _caller(verified)
    if reason := is_gone(caller):
        raise signing.refusal(f"{reason} after it was issued")
    return caller


def _caller(verified: signing.VerifiedClaims) -> Caller:
    claims = verified.claims
    sub_type: SubjectType = claims.get("sub_type", "User")
    try:
        return Caller(
            iam_id=claims["iam_id"],
            account_id=claims["account"]["bss"],
            name=claims.get("name", ""),
            sub_type=sub_type,
            identifier=claims.get("identifier", ""),
            compute_resource_crn=claims["authn"]["sub"] if sub_type == "ComputeResource" else "",
            assumed_by=claims["authn"]["sub"] if sub_type == "Profile" else "",
            token_id=claims.get("jti", ""),
            key_id=verified.kid,
        )
    except (KeyError, TypeError):  # only a token of an earlier version of Baremint
        raise signing.refusal("it lacks the account or the compute resource it is for") from None
