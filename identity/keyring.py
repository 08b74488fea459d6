"""When a signing key is prepared, handed over to, retired and unpublished. Arithmetic: rows and ``now`` in, a step out.

A prepared key is published before it signs, so that no verifier meets a token whose key it cannot have fetched. A
retiring key stays published until the last token it signed has expired everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_TOKEN = timedelta(seconds=3600)
JWKS_MAX_AGE = timedelta(seconds=300)
PROCESS_REFRESH = timedelta(seconds=60)
"""How late a process of ours may notice a rotation; in truth about a second."""
LEEWAY = timedelta(seconds=60)
"""Clock skew granted between machines."""

PUBLISH_BEFORE_USE = JWKS_MAX_AGE + PROCESS_REFRESH + LEEWAY
VERIFY_AFTER_USE = LONGEST_TOKEN + JWKS_MAX_AGE + PROCESS_REFRESH + LEEWAY

KeyState = Literal["prepared", "active", "retiring", "retired"]


@dataclass(frozen=True)
class KeyFacts:
    kid: str
    state: KeyState
    published_at: datetime
    activated_at: datetime | None = None
    demoted_at: datetime | None = None


@dataclass(frozen=True)
class Prepare:
    """Make the next key and publish it."""


@dataclass(frozen=True)
class HandOver:
    """The heir starts to sign; the old key, if any, only verifies from now on."""

    old: str | None
    heir: str


@dataclass(frozen=True)
class Retire:
    """Unpublish a key: nothing it signed is alive."""

    kid: str


Step = Prepare | HandOver | Retire


def next_step(keys: Sequence[KeyFacts], *, now: datetime, period: timedelta) -> Step | None:
    """The one step that is due for a purpose, or None. Late or doubled calls find nothing more to do."""
    active = next((key for key in keys if key.state == "active"), None)
    heir = next((key for key in keys if key.state == "prepared"), None)
    if heir is None:
        return Prepare()
    if active is None:
        return HandOver(None, heir.kid)
    due = active.activated_at is not None and now >= active.activated_at + period
    if due and now >= heir.published_at + PUBLISH_BEFORE_USE:
        return HandOver(active.kid, heir.kid)
    for key in keys:
        if key.state == "retiring" and key.demoted_at and now >= key.demoted_at + VERIFY_AFTER_USE:
            return Retire(key.kid)
    return None
