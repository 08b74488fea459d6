"""The trusted profiles that the bearer of a token may assume: those of any account that trust it, and no others."""

from datetime import datetime

from controlplane.activity.record import Party, record
from identity.services.guarded_event import server_party
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_presented_token
from identity.services.token_kinds import require_iam_token, require_identity_token
from trustedprofiles import events
from trustedprofiles.assume import identity_of, profiles_assumable
from trustedprofiles.models import TrustedProfile
from trustedprofiles.trust_lookups import profiles_of_server


def profiles_of_bearer(token: str, *, now: datetime) -> list[TrustedProfile]:
    """Return the profiles one of whose identities names the bearer of an IAM access token.

    Raises Unauthenticated for the token, UnsupportedToken when it is of another kind.
    """
    require_iam_token(token)
    caller = verify_iam_token(token, now=now)
    profiles = profiles_assumable(identity_of(caller), account_id=caller.account_id)
    _record(Party.of(caller), caller.account_id, profiles)
    return profiles


def profiles_of_compute_resource(token: str, *, now: datetime) -> list[TrustedProfile]:
    """Return the profiles that trust the server of an identity token by a link or a claim rule.

    Raises Unauthenticated for the token, UnsupportedToken when it is of another kind.
    """
    require_identity_token(token)
    _, facts = verify_presented_token(token, now=now)
    profiles = profiles_of_server(facts)
    _record(server_party(facts), facts.account_id, profiles)
    return profiles


def _record(bearer: Party, account_id: str, profiles: list[TrustedProfile]) -> None:
    record(
        f"{events.PROFILE}.read",
        initiator=bearer,
        target=Party(name="*"),
        account_id=account_id,
        data={"count": len(profiles)},
    )
