"""A token taken apart for people: every check that a verifier makes, one by one, each with what it found.

The verifiers stop at the first thing that is wrong; here all the checks are made that still can be. The last word is
theirs: ``accepted`` is what the verifier of the token's purpose says. Nothing is kept or recorded.

Anybody can write any name into a token. So nothing is said of a server, a trusted profile or a service ID that whoever
asks may not read: it is as if there were none.
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
from identity.models import KeyPair
from identity.models.key import STATES_THAT_VERIFY
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
    """``identity`` or ``iam``: of the key that it says signed it. Empty: of none of ours."""
    checks: list[Check] = field(default_factory=list)
    accepted: bool | None = False
    """None: whoever asks may not know."""
    because: str = ""

    def attempt(self, name: str, check: Callable[[], str]) -> bool:
        """Make one check: it returns what it found, or raises ApiError."""
        try:
            self.checks.append(Check(name, "pass", check()))
        except ApiError as refusal:
            self.checks.append(Check(name, "fail", _reason(refusal)))
            return False
        return True

    def skip(self, reason: str, *names: str) -> None:
        self.checks.extend(Check(name, "skipped", reason) for name in names)


def inspect(token: str, *, caller: Caller, now: datetime) -> Inspection:
    """Take a token apart, for this caller. Whatever it is, this answers."""
    found = Inspection()
    if not found.attempt("Form", lambda: _form(token, found)):
        rest = ("Algorithm", "Key", "Key state", "Signature", "Issuer", "Audience", "Time", "Server", "Purpose")
        found.skip("There is nothing to look at.", *rest)
        found.because = found.checks[0].reason
        return found
    key = _key_of(found.header)
    found.purpose = key.purpose if key else ""
    details = authorize(caller, action=LIST_KEYS, resource={"accountId": caller.account_id, "serviceName": "baremint"})
    _check_signing(token, found, key, details=bool(details))
    facts = _server_of(found.claims, caller)
    _check_claims(found, facts, key, now=now)
    found.attempt("Purpose", lambda: _purpose(found))
    unsigned = next((check for check in found.checks if check.name in SIGNING and check.outcome == "fail"), None)
    if unsigned:
        found.because = unsigned.reason
    elif hidden := _hidden(found, facts, caller):
        found.accepted, found.because = None, f"You are not authorized to see whether it is accepted: {hidden}."
    else:
        found.accepted, found.because = _verdict(token, found.purpose, now=now)
    return found


def _form(token: str, found: Inspection) -> str:
    found.header, found.claims = signing.read(token)
    return "Three parts of base64url; header and claims are JSON objects."


def _key_of(header: Mapping[str, Any]) -> KeyPair | None:
    kid = header.get("kid")
    if not isinstance(kid, str) or "\0" in kid:
        return None
    return KeyPair.objects.filter(kid=kid, purpose__in=key_cache.TOKEN_PURPOSES).first()


def _check_signing(token: str, found: Inspection, key: KeyPair | None, *, details: bool) -> None:
    """``details`` of a key that are not published with it are for whoever may list keys."""
    algorithm = key.algorithm if key else "RS256"
    found.attempt("Algorithm", lambda: _passing(f"{algorithm}.", signing.check_algorithm, found.header, algorithm))
    if key is None:
        found.attempt("Key", lambda: _unknown_key(found.header))
        found.skip("The key is unknown.", "Key state", "Signature")
        return
    which = f"generation {key.generation} of the {key.get_purpose_display()} keys" if details else "one of our own"
    found.attempt("Key", lambda: f"{key.kid}, {which}.")
    found.attempt("Key state", lambda: _key_state(key, details=details))
    public = key_cache.load_public_key(key)
    found.attempt(
        "Signature", lambda: _passing("It verifies with this key.", signing.check_signature, token, public, algorithm)
    )


def _unknown_key(header: Mapping[str, Any]) -> str:
    raise signing.refusal("no key of this service has its kid" if header.get("kid") else "it names no key")


def _key_state(key: KeyPair, *, details: bool) -> str:
    if key.state not in STATES_THAT_VERIFY:
        raise signing.refusal("its key is no longer published")
    return f"{key.state}: it {STATES[key.state]}." if details else "It is published."


def _server_of(claims: Mapping[str, Any], caller: Caller) -> ServerFacts | None:
    """The server that an identity token, or an IAM token of a trusted profile, says it is about, if the caller may read
    it."""
    iaas, authn = claims.get("iaas"), claims.get("authn")
    named = iaas.get("instanceID") if isinstance(iaas, dict) else None
    if named is None and isinstance(authn, dict):
        named = str(authn.get("sub", "")).rpartition(":bare-metal-server:")[2]
    if not isinstance(named, str) or "\0" in named:
        return None
    server = servers_for_facts().filter(id=named, account_id=caller.account_id).first()
    return facts_of(server) if server and may_read_server(caller, server) else None


def _check_claims(found: Inspection, facts: ServerFacts | None, key: KeyPair | None, *, now: datetime) -> None:
    claims = found.claims
    if found.purpose == KeyPair.Purpose.IDENTITY:
        region = facts.region if facts else key.region if key else settings.BAREMINT_REGION
        issuer = identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, region)
        audience = identity_audience(issuer, facts) if facts else None
    else:
        issuer, audience = settings.BAREMINT_ISSUER, None
    if found.purpose:
        found.attempt("Issuer", lambda: _passing(f"{issuer}.", signing.check_issuer, claims, issuer))
        if facts is None and found.purpose == KeyPair.Purpose.IDENTITY:
            found.skip("Whose it should be depends on the server.", "Audience")
        else:
            found.attempt("Audience", lambda: _audience(claims, audience))
    else:
        found.skip("Whose it should be depends on the key.", "Issuer", "Audience")
    found.attempt("Time", lambda: _time(claims, now=now))
    found.attempt("Server", lambda: _server(claims, facts, key))


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


def _purpose(found: Inspection) -> str:
    match found.purpose:
        case KeyPair.Purpose.IDENTITY:
            signing.check_completeness(found.claims, identity_tokens.REQUIRED)
            return "An identity token: for the metadata service and the token service, not for APIs."
        case KeyPair.Purpose.IAM:
            signing.check_completeness(found.claims, iam_tokens.REQUIRED)
            return "An IAM access token: for APIs, not for the metadata service."
    raise signing.refusal("it is of no purpose of this service")


def _hidden(found: Inspection, facts: ServerFacts | None, caller: Caller) -> str:
    """What the token is about and the caller may not read; empty: the caller may know what becomes of it."""
    if found.purpose == KeyPair.Purpose.IDENTITY:
        return "" if facts else NO_SERVER
    account, authn = found.claims.get("account"), found.claims.get("authn")
    if not isinstance(account, dict) or account.get("bss") != caller.account_id:
        return "it is of another account"
    kind, subject = found.claims.get("sub_type"), str(found.claims.get("identifier", ""))
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
    """What to say of a check that raises nothing."""
    check(*arguments)
    return reason


def _reason(refusal: ApiError) -> str:
    reason = refusal.message.removeprefix(PREFIX).removesuffix(SUFFIX)
    return f"{reason[:1].upper()}{reason[1:]}"
