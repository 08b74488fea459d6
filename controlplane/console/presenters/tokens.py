"""Live tokens, from the events of their issue. The tokens themselves are not stored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import events_on
from controlplane.console.truncated_list import TruncatedList
from identity.key_schedule import LONGEST_TOKEN
from servers.models import BareMetalServer
from trustedprofiles.models import TrustedProfile

KINDS = {IDENTITY_TOKEN_CREATE: "Identity token", METADATA_LOGIN: "IAM token"}
MOST_TOKENS = 50


@dataclass(frozen=True)
class LiveToken:
    kind: str
    event: ActivityEvent
    """Of its issue."""
    expires_at: datetime
    profile_id: str
    profile: str
    """The name of the profile of an IAM token; empty for an identity token."""
    profile_path: str
    """Empty when the account has no such profile: it was deleted, or belongs to another account."""


def live_tokens(server: BareMetalServer, *, now: datetime) -> TruncatedList[LiveToken]:
    """The server's live tokens, the newest first, at most MOST_TOKENS. Identity tokens from before the metadata service
    was last switched off, for the server or its account, are invalid."""
    account_id = server.account_id
    successes = events_on(server.crn, account_id=account_id).filter(outcome=ActivityEvent.Outcome.SUCCESS)
    events = [
        event
        for action in KINDS
        for event in successes.filter(
            action=action,
            time__gt=now - LONGEST_TOKEN - timedelta(minutes=1),
            data__exp__gt=now.timestamp(),
            **({"data__epoch": server.metadata_epoch} if action == IDENTITY_TOKEN_CREATE else {}),
        )[: MOST_TOKENS + 1]
    ]
    profile_ids = {event.data["profile_id"] for event in events if event.data.get("profile_id")}
    profiles = TrustedProfile.objects.filter(account_id=account_id, id__in=profile_ids)
    names = dict(profiles.values_list("id", "name")) if profile_ids else {}
    newest = sorted(events, key=lambda event: -event.pk)
    return TruncatedList.first(MOST_TOKENS, (_live_token(event, names) for event in newest))


def _live_token(event: ActivityEvent, names: dict[str, str]) -> LiveToken:
    profile = event.data.get("profile_id", "")
    return LiveToken(
        kind=KINDS[event.action],
        event=event,
        expires_at=datetime.fromtimestamp(event.data["exp"], UTC),
        profile_id=profile,
        profile=names.get(profile, profile),
        profile_path=f"/profiles/{profile}" if profile in names else "",
    )
