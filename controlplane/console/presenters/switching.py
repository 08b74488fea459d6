"""What switching a metadata service off would end, said before it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.activity.selectors import last_success
from identity.services.certificates import EVENT as CERTIFICATE
from identity.services.iam_tokens import EXCHANGE_EVENT
from identity.services.identity_tokens import EVENT as IDENTITY_TOKEN
from servers.models import BareMetalServer

RECENTLY = timedelta(minutes=5)
USES = (IDENTITY_TOKEN, EXCHANGE_EVENT, CERTIFICATE)


@dataclass(frozen=True)
class LastUse:
    name: str
    at: datetime


def recent_uses(servers: Sequence[BareMetalServer], *, now: datetime) -> list[LastUse]:
    """Which of the servers used their metadata service a moment ago: programs on them will notice."""
    uses = [(server.name, last_success(server.crn, USES)) for server in servers if server.metadata_enabled]
    return [LastUse(name, at) for name, at in uses if at and now - at < RECENTLY]
