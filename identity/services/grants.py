"""The grants of the IAM token service: a presented credential is checked and exchanged for an IAM access token.

A refusal is recorded when its caller has been authenticated; nothing is stored about other callers.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from controlplane.activity.events import ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN
from controlplane.activity.record import Party, record
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import (
    ApiError,
    BadRequest,
    InvalidValue,
    ProfileNotLinked,
    ReferenceNotFound,
    Target,
    Unauthenticated,
)
from controlplane.kernel.facts import ServerFacts
from identity.claims import APIKEY_GRANT, ASSUME_GRANT, Subject
from identity.events import API_KEY_LOGIN, REFRESH_LOGIN, SERVICE_ID_LOGIN
from identity.models import ApiKey
from identity.selectors import find_api_key, find_service_id
from identity.services import iam_tokens, sessions
from identity.services.guarded_event import retry_once, server_party
from identity.services.identity_tokens import IssuedToken, verify_presented_token
from identity.services.token_kinds import require_iam_token, require_identity_token
from identity.signing import VerifiedClaims
from trustedprofiles.assume import find_assumable, identity_of, may_assume
from trustedprofiles.models import TrustedProfile
from trustedprofiles.models.service_id import is_service_id
from trustedprofiles.selectors import find_user, is_deactivated

UNKNOWN_API_KEY = "BXNIM0415E"


class Granted(NamedTuple):
    token: IssuedToken
    refresh_token: str = ""
    """Empty: this grant opens no session."""


def exchange_api_key(value: str, *, client_id: str, account_id: str = "", now: datetime) -> Granted:
    """Log a person or a service ID in; a person who uses a client that can keep a refresh token gets one too.

    Raises BadRequest (BXNIM0415E) when no usable API key has this value, InvalidValue when the key belongs to another
    account than the requested one.
    """
    key = usable(find_api_key(value), now=now)
    if account_id not in ("", key.account_id):
        raise InvalidValue(
            "Property 'account' does not name the account of the provided API key.", target=Target("account")
        )
    token = _log_in(key, client_id=client_id, event="", now=now)
    return Granted(token, sessions.open_session(key, client_id=client_id, now=now))


def refresh(value: str, *, client_id: str, now: datetime) -> Granted:
    """Issue a new access token in a session. Raises Unauthenticated, and SessionExpired once it has expired."""
    key = sessions.find_session(value, client_id=client_id, now=now)
    return Granted(_log_in(usable(key, now=now), client_id=client_id, event=REFRESH_LOGIN, now=now), value)


def usable(key: ApiKey | None, *, now: datetime) -> ApiKey:
    """Return the API key if it can be used to log in. Raises BadRequest (BXNIM0415E)."""
    if key is None:
        problem = "Provided API key could not be found."
    elif key.disabled:
        problem = "Provided API key is disabled. Enable it: DELETE /v1/apikeys/{id}/disable."
    elif key.expires_at and key.expires_at <= now:
        problem = "Provided API key has expired. Create another one."
    elif is_deactivated(key.iam_id):
        problem = "The user of the provided API key is not active. Ask the deployment administrator to activate it."
    else:
        return key
    raise _unusable(problem)


def _unusable(problem: str) -> BadRequest:
    return BadRequest(problem, code="not_found", iam_code=UNKNOWN_API_KEY)


def _log_in(key: ApiKey, *, client_id: str, event: str, now: datetime) -> IssuedToken:
    subject, is_person = subject_of(key)
    authn = itself(subject)
    token, evidence = iam_tokens.issue(subject, now=now, grant_type=APIKEY_GRANT, authn=authn, client_id=client_id)
    record(
        event or (API_KEY_LOGIN if is_person else SERVICE_ID_LOGIN),
        initiator=Party(key.iam_id, subject.name, subject.sub_type or "User"),
        target=Party(key.crn, key.name, "ApiKey"),
        account_id=key.account_id,
        data=evidence,
    )
    return token


def itself(subject: Subject) -> dict[str, str]:
    """Return the claim ``authn`` of a subject that authenticated itself."""
    authn = {"sub": subject.email or subject.identifier, "iam_id": subject.iam_id, "name": subject.name}
    return {**authn, "sub_type": subject.sub_type} if subject.sub_type else authn


def subject_of(key: ApiKey) -> tuple[Subject, bool]:
    """Return the subject of an API key, and whether it is a person.

    Raises BadRequest (BXNIM0415E) for a service ID that was deleted.
    """
    if is_service_id(key.iam_id):
        service_id = find_service_id(key.account_id, key.iam_id)
        if service_id is None:  # deleted at this moment, together with the key
            raise _unusable("Provided API key could not be found.")
        return Subject(key.iam_id, service_id.id, service_id.name, key.account_id, sub_type="ServiceId"), False
    user = find_user(key.account_id, key.iam_id)
    if user is None:
        return Subject(key.iam_id, key.iam_id, key.name, key.account_id), True
    name = user.get_full_name() or user.username
    return Subject(
        key.iam_id,
        key.iam_id,
        name,
        key.account_id,
        email=user.email,
        given_name=user.first_name,
        family_name=user.last_name,
    ), True


def exchange_compute_resource(
    value: str, *, selector: dict[str, str], client_id: str, clock: Callable[[], datetime]
) -> Granted:
    """Issue an IAM token of a trusted profile to the server of an identity token.

    The metadata service does the same, but only for calls from the server.

    Raises Unauthenticated for the token (UnsupportedToken when it is of another kind), ReferenceNotFound,
    ProfileNotLinked.
    """

    def exchange(verified: VerifiedClaims, facts: ServerFacts, now: datetime) -> Granted:
        token = iam_tokens.exchange_identity_token(
            verified, facts=facts, selector=selector, now=now, event=COMPUTE_RESOURCE_LOGIN, client_id=client_id
        )
        return Granted(token)

    def again() -> Granted:
        now = clock()
        return exchange(*verify_presented_token(value, now=now), now)

    now = clock()
    require_identity_token(value)
    verified, facts = verify_presented_token(value, now=now)
    try:
        return retry_once(facts.number, lambda: exchange(verified, facts, now), again=again)
    except Unauthenticated:
        raise
    except ApiError as refusal:
        _record_refusal(COMPUTE_RESOURCE_LOGIN, server_party(facts), facts.account_id, refusal)
        raise


def assume(value: str, *, selector: dict[str, str], account_id: str | None, client_id: str, now: datetime) -> Granted:
    """Issue an IAM token of a trusted profile to the bearer of an IAM access token.

    The profile trusts the bearer by one of its identities.
    Raises Unauthenticated for the token (UnsupportedToken when it is of another kind), ReferenceNotFound also for
    another account's profile that does not trust the bearer, ProfileNotLinked for such a profile of the bearer's own
    account.
    """
    require_iam_token(value)
    caller = iam_tokens.verify_iam_token(value, now=now)
    profile = find_assumable(account_id=account_id, **selector)
    try:
        because = _require_trust(caller, profile, selector)
    except ApiError as refusal:
        _record_refusal(ASSUME_LOGIN, Party.of(caller), caller.account_id, refusal)
        raise
    assert profile is not None  # noqa: S101  or it would not be trusted
    subject = Subject(profile.iam_id, profile.id, profile.name, profile.account_id, sub_type="Profile")
    authn = {
        "sub": caller.compute_resource_crn or caller.identifier or caller.iam_id,
        "iam_id": caller.iam_id,
        "sub_type": caller.sub_type,
        "name": caller.name,
    }
    token, evidence = iam_tokens.issue(subject, now=now, grant_type=ASSUME_GRANT, authn=authn, client_id=client_id)
    record(
        ASSUME_LOGIN,
        initiator=Party.of(caller),
        target=Party(profile.crn, profile.name, "TrustedProfile"),
        account_id=profile.account_id,
        data=evidence | {"profile_id": profile.id, "because": because},
    )
    return Granted(token)


def _require_trust(caller: Caller, profile: TrustedProfile | None, selector: dict[str, str]) -> str:
    verdict = may_assume(identity_of(caller), account_id=caller.account_id, profile=profile) if profile else None
    if verdict:
        return verdict.because
    if profile is None or verdict is None or profile.account_id != caller.account_id:
        raise ReferenceNotFound(
            f"There is no trusted profile of this {' and '.join(selector)} that you may assume.",
            target=Target(f"profile_{next(iter(selector), 'id')}"),
            iam_code=iam_tokens.UNKNOWN_PROFILE,
        )
    raise ProfileNotLinked(
        f"The trusted profile {profile.name} does not trust you: {verdict.because}",
        more_info=verdict.explanation,
        details=iam_tokens.ineligible(identity_of(caller), profile, verdict),
    )


def _record_refusal(event: str, initiator: Party, account_id: str, refusal: ApiError) -> None:
    record(event, initiator=initiator, target=initiator, account_id=account_id, error=refusal)
