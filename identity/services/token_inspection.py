"""Inspection of a token for people: each check that a verifier makes, with its result.

The verifiers stop at the first failure; here every check that is still possible is made. The verifier of the token's
purpose decides about ``accepted``. Nothing is kept or recorded.

A token can contain any name. So a server, a trusted profile or a service ID that the caller may not read is treated as
if it did not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from django.conf import settings

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import ApiError, Unauthenticated
from controlplane.kernel.facts import ServerFacts
from identity import key_cache, metadata_access, signing
from identity.claims import identity_audience, identity_issuer
from identity.key_schedule import LEEWAY
from identity.models import STATES_THAT_VERIFY, KeyPair
from identity.services import iam_tokens, identity_tokens
from identity.services.explanation import may_read_server
from servers.facts import facts_of
from servers.selectors import servers_for_facts
from trustedprofiles.selectors import authorize

LIST_KEYS = "baremint.key.list"
SIGNING = ("Form", "Algorithm", "Key", "Key state", "Signature")
NO_SERVER = "the server it is about does not exist, or you may not read it"
Outcome = Literal["pass", "fail", "skipped"]
PREFIX, SUFFIX = "The token is refused: ", " Get a new one and retry."
STATES = {"prepared": "is published before it signs", "active": "signs now", "retiring": "only verifies"}


@dataclass(frozen=True)
class Check:
    name: str
    outcome: Outcome
    reason: str


@dataclass
class Inspection:
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    purpose: str = ""
    """``identity`` or ``iam``, the purpose of the key that the token names. Empty: no key of this service."""
    checks: list[Check] = field(default_factory=list)
    accepted: bool | None = False
    """None when the caller may not know."""
    because: str = ""

    def attempt(self, name: str, check: Callable[[], str]) -> bool:
        """Make one check and add its result. ``check`` returns its finding, or raises ApiError when it fails.

        Return whether it passed.
        """
        try:
            self.checks.append(Check(name, "pass", check()))
        except ApiError as refusal:
            self.checks.append(Check(name, "fail", _reason(refusal)))
            return False
        return True

    def skip(self, reason: str, *names: str) -> None:
        self.checks.extend(Check(name, "skipped", reason) for name in names)


def inspect(token: str, *, caller: Caller, now: datetime) -> Inspection:
    """Inspect a token for this caller. Any text is answered, even if it is not a token."""
    inspection = Inspection()
    if not inspection.attempt("Form", lambda: _form(token, inspection)):
        rest = ("Algorithm", "Key", "Key state", "Signature", "Issuer", "Audience", "Time", "Server", "Purpose")
        inspection.skip("There is nothing to look at.", *rest)
        inspection.because = inspection.checks[0].reason
        return inspection
    key = _key_of(inspection.header)
    inspection.purpose = key.purpose if key else ""
    details = authorize(caller, action=LIST_KEYS, resource={"accountId": caller.account_id, "serviceName": "baremint"})
    _check_signing(token, inspection, key, details=bool(details))
    facts = _server_of(inspection.claims, caller)
    _check_claims(inspection, facts, key, now=now)
    inspection.attempt("Purpose", lambda: _purpose(inspection))
    unsigned = next((check for check in inspection.checks if check.name in SIGNING and check.outcome == "fail"), None)
    if unsigned:
        inspection.because = unsigned.reason
    elif hidden := _hidden(inspection, facts, caller):
        inspection.accepted = None
        inspection.because = f"You are not authorized to see whether it is accepted: {hidden}."
    else:
        inspection.accepted, inspection.because = _verdict(token, inspection.purpose, now=now)
    return inspection


def _form(token: str, inspection: Inspection) -> str:
    inspection.header, inspection.claims = signing.read(token)
    return "Three parts of base64url; header and claims are JSON objects."


def _key_of(header: Mapping[str, Any]) -> KeyPair | None:
    kid = header.get("kid")
    if not isinstance(kid, str) or "\0" in kid:
        return None
    return KeyPair.objects.filter(kid=kid, purpose__in=key_cache.TOKEN_PURPOSES).first()


def _check_signing(token: str, inspection: Inspection, key: KeyPair | None, *, details: bool) -> None:
    """Check algorithm, key and signature.

    With ``details``, the checks describe the key beyond what is published; this is for a caller that may list keys.
    """
    algorithm = key.algorithm if key else "RS256"
    inspection.attempt(
        "Algorithm", lambda: _passing(f"{algorithm}.", signing.check_algorithm, inspection.header, algorithm)
    )
    if key is None:
        inspection.attempt("Key", lambda: _unknown_key(inspection.header))
        inspection.skip("The key is unknown.", "Key state", "Signature")
        return
    which = f"generation {key.generation} of the {key.get_purpose_display()} keys" if details else "one of this service"
    inspection.attempt("Key", lambda: f"{key.kid}, {which}.")
    inspection.attempt("Key state", lambda: _key_state(key, details=details))
    public = key_cache.load_public_key(key)
    inspection.attempt(
        "Signature", lambda: _passing("It verifies with this key.", signing.check_signature, token, public, algorithm)
    )


def _unknown_key(header: Mapping[str, Any]) -> str:
    raise signing.refusal("no key of this service has its kid" if header.get("kid") else "it names no key")


def _key_state(key: KeyPair, *, details: bool) -> str:
    if key.state not in STATES_THAT_VERIFY:
        raise signing.refusal("its key is no longer published")
    return f"{key.state}: it {STATES[key.state]}." if details else "It is published."


def _server_of(claims: Mapping[str, Any], caller: Caller) -> ServerFacts | None:
    """Return the server that an identity token, or an IAM token of a trusted profile, names, if the caller may read
    it."""
    iaas, authn = claims.get("iaas"), claims.get("authn")
    id = iaas.get("instanceID") if isinstance(iaas, dict) else None
    if id is None and isinstance(authn, dict):
        id = str(authn.get("sub", "")).rpartition(":bare-metal-server:")[2]
    if not isinstance(id, str) or "\0" in id:
        return None
    server = servers_for_facts().filter(id=id, account_id=caller.account_id).first()
    return facts_of(server) if server and may_read_server(caller, server) else None


def _check_claims(inspection: Inspection, facts: ServerFacts | None, key: KeyPair | None, *, now: datetime) -> None:
    claims = inspection.claims
    if inspection.purpose == KeyPair.Purpose.IDENTITY:
        region = facts.region if facts else key.region if key else settings.BAREMINT_REGION
        issuer = identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, region)
        audience = identity_audience(issuer, facts) if facts else None
    else:
        issuer, audience = settings.BAREMINT_ISSUER, None
    if inspection.purpose:
        inspection.attempt("Issuer", lambda: _passing(f"{issuer}.", signing.check_issuer, claims, issuer))
        if facts is None and inspection.purpose == KeyPair.Purpose.IDENTITY:
            inspection.skip("Whose it should be depends on the server.", "Audience")
        else:
            inspection.attempt("Audience", lambda: _audience(claims, audience))
    else:
        inspection.skip("Whose it should be depends on the key.", "Issuer", "Audience")
    inspection.attempt("Time", lambda: _time(claims, now=now))
    inspection.attempt("Server", lambda: _server(claims, facts, key))


def _audience(claims: Mapping[str, Any], audience: list[str] | None) -> str:
    signing.check_audience(claims, audience)
    return f"{', '.join(audience)}: the server's present session." if audience else "None, as it should be."


def _time(claims: Mapping[str, Any], *, now: datetime) -> str:
    signing.check_times(claims, now=now, leeway=LEEWAY)
    until = datetime.fromtimestamp(claims["exp"], UTC)
    return f"Good until {until:%Y-%m-%d %H:%M:%S} UTC, for {int((until - now).total_seconds())} more seconds."


def _server(claims: Mapping[str, Any], facts: ServerFacts | None, key: KeyPair | None) -> str:
    purpose = key.purpose if key else ""
    if purpose == KeyPair.Purpose.IAM and claims.get("sub_type") != "ComputeResource":
        return "It is not about a server."
    if facts is None:
        raise signing.refusal(NO_SERVER)
    if key and purpose == KeyPair.Purpose.IDENTITY:
        if key.region != facts.region:
            raise signing.refusal("it is signed by the key of another region")
        if not (verdict := metadata_access.may_use_metadata(facts)):
            raise signing.refusal(f"its server may not use it now. {verdict.because}")
    return f"{facts.name} ({facts.id})."


def _purpose(inspection: Inspection) -> str:
    match inspection.purpose:
        case KeyPair.Purpose.IDENTITY:
            signing.check_completeness(inspection.claims, identity_tokens.REQUIRED)
            return "An identity token: for the metadata service and the token service, not for APIs."
        case KeyPair.Purpose.IAM:
            signing.check_completeness(inspection.claims, iam_tokens.REQUIRED)
            return "An IAM access token: for APIs, not for the metadata service."
    raise signing.refusal("it is of no purpose of this service")


def _hidden(inspection: Inspection, facts: ServerFacts | None, caller: Caller) -> str:
    """Return which subject of the token the caller may not read, as text.

    Empty when the caller may know whether the token is accepted.
    """
    if inspection.purpose == KeyPair.Purpose.IDENTITY:
        return "" if facts else NO_SERVER
    account, authn = inspection.claims.get("account"), inspection.claims.get("authn")
    if not isinstance(account, dict) or account.get("bss") != caller.account_id:
        return "it is of another account"
    kind, subject = inspection.claims.get("sub_type"), str(inspection.claims.get("identifier", ""))
    by = str(authn.get("sub", "")) if isinstance(authn, dict) else ""
    if kind in ("ComputeResource", "Profile") and not _may_read(caller, "profile", subject):
        return "the trusted profile it is about does not exist, or you may not read it"
    service_id = subject if kind == "ServiceId" else by
    if service_id.startswith("ServiceId-") and not _may_read(caller, "serviceid", service_id):
        return "the service ID it is about does not exist, or you may not read it"
    return NO_SERVER if by.startswith("crn:") and facts is None else ""


def _may_read(caller: Caller, kind: str, id: str) -> bool:
    resource = {"accountId": caller.account_id, "serviceName": "iam-identity", "resourceType": kind, "resource": id}
    return bool(authorize(caller, action=f"iam-identity.{kind}.read", resource=resource))


def _verdict(token: str, purpose: str, *, now: datetime) -> tuple[bool, str]:
    try:
        if purpose == KeyPair.Purpose.IDENTITY:
            _, facts = identity_tokens.verify_presented_token(token, now=now)
            return True, f"The identity token of {facts.name} is good."
        caller = iam_tokens.verify_iam_token(token, now=now)
    except Unauthenticated as refusal:
        return False, _reason(refusal)
    return True, f"The IAM token of {caller.iam_id} is good."


def _passing(reason: str, check: Callable[..., None], *arguments: Any) -> str:
    """Make a check, and return ``reason`` when it raises nothing."""
    check(*arguments)
    return reason


def _reason(refusal: ApiError) -> str:
    reason = refusal.message.removeprefix(PREFIX).removesuffix(SUFFIX)
    return f"{reason[:1].upper()}{reason[1:]}"
