"""Tokens that are alive, told from the records of their issue. The tokens themselves are kept nowhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.activity.events import METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import events_on
from controlplane.console.presenters.truncated_list import Listed
from identity.events import IDENTITY_TOKEN_CREATE as IDENTITY_TOKEN
from identity.key_schedule import LONGEST_TOKEN
from servers.models import BareMetalServer
from trustedprofiles.models import TrustedProfile

KINDS = {IDENTITY_TOKEN: "Identity token", METADATA_LOGIN: "IAM token"}
MOST_TOKENS = 50


@dataclass(frozen=True)
class LiveToken:
    kind: str
    jti: str
    kid: str
    issued_at: datetime
    expires_at: datetime
    profile_id: str
    profile: str
    """Whom an IAM token makes of the server; empty for an identity token."""
    profile_path: str
    """Empty when there is no such profile in the account: it was deleted, or is another account's."""


def live_tokens(server: BareMetalServer, *, now: datetime) -> Listed[LiveToken]:
    """The newest first, at most MOST_TOKENS. Identity tokens from before the last switching off, of
    the server or of its account, are dead."""
    account_id = server.account_id
    done = events_on(server.crn, account_id=account_id).filter(outcome=ActivityEvent.Outcome.SUCCESS)
    events = [
        event
        for action in KINDS
        for event in done.filter(
            action=action,
            time__gt=now - LONGEST_TOKEN - timedelta(minutes=1),
            data__exp__gt=now.timestamp(),
            **({"data__epoch": server.metadata_epoch} if action == IDENTITY_TOKEN else {}),
        )[: MOST_TOKENS + 1]
    ]
    named = {event.data["profile_id"] for event in events if event.data.get("profile_id")}
    profiles = TrustedProfile.objects.filter(account_id=account_id, id__in=named)
    names = dict(profiles.values_list("id", "name")) if named else {}
    newest = sorted(events, key=lambda event: -event.pk)
    return Listed.first(MOST_TOKENS, (_live_token(event, names) for event in newest))


def _live_token(event: ActivityEvent, names: dict[str, str]) -> LiveToken:
    profile = event.data.get("profile_id", "")
    return LiveToken(
        kind=KINDS[event.action],
        jti=event.data["jti"],
        kid=event.data["kid"],
        issued_at=event.time,
        expires_at=_expiry(event),
        profile_id=profile,
        profile=names.get(profile, profile),
        profile_path=f"/profiles/{profile}" if profile in names else "",
    )


def _expiry(event: ActivityEvent) -> datetime:
    return datetime.fromtimestamp(event.data["exp"], UTC)
