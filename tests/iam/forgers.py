"""Who forges what: from tokens of Alice's, and of a server's."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from controlplane.kernel import clock
from identity import claims
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.forging import Forger
from tests.world import ACCOUNT, ALICE


def of_iam(**changes: Any) -> Forger:
    """Forges IAM tokens of Alice's, who owns the account and may do everything in it."""
    iam_claims = claims.iam_claims(
        claims.Subject(ALICE.iam_id, ALICE.iam_id, "Alice", ACCOUNT),
        issuer=settings.BAREMINT_ISSUER,
        now=clock.now(),
        lifetime=timedelta(seconds=3600),
        grant_type=claims.APIKEY_GRANT,
        authn={"sub": ALICE.iam_id},
    )
    return Forger("iam", {**iam_claims, **changes})


def of_identity(server: BareMetalServer) -> Forger:
    """Forges identity tokens of this server."""
    facts = facts_of(servers_for_facts().get(pk=server.pk))
    identity_claims = claims.identity_claims(
        facts,
        issuer=claims.identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, facts.region),
        now=clock.now(),
        lifetime=timedelta(seconds=300),
        nonce=None,
    )
    return Forger("identity", identity_claims)
