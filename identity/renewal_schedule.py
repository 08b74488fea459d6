"""When a certificate is renewed, and when it is not. Arithmetic: values in, an instant or a reason out."""

from dataclasses import dataclass
from datetime import datetime

MOST_KEYS = 8
"""Public keys of one server that are renewed side by side: those for which it asked last. A client that makes a new key
for each certificate would otherwise be sent ever more."""


def renewal_due(created_at: datetime, expires_at: datetime) -> datetime:
    """Two thirds into its life: there is time for a second try, and for the server to fetch it."""
    return created_at + (expires_at - created_at) * 2 / 3


@dataclass(frozen=True)
class Candidate:
    """A certificate whose renewal is due."""

    metadata_epoch: int | None
    """The server's when it was issued; None when it is from before epochs were kept."""
    is_revoked: bool
    is_superseded: bool
    """There is a later one for the same key."""
    newer_keys: int
    """Other keys of the server, asked for later, that are under rotation."""


@dataclass(frozen=True)
class Holder:
    """The server that it belongs to."""

    metadata_is_on: bool
    metadata_epoch: int


def obstacle(candidate: Candidate, holder: Holder, *, dies_with_epoch: bool) -> str:
    """Why it is not renewed; empty when it is. ``dies_with_epoch``: switching the metadata service off revokes."""
    if candidate.is_revoked:
        return "it is revoked"
    if candidate.is_superseded:
        return "there is a later one for its key"
    if not holder.metadata_is_on:
        return "the metadata service is off"
    if dies_with_epoch and candidate.metadata_epoch not in (None, holder.metadata_epoch):
        return "the metadata service was switched off after it was issued"
    if candidate.newer_keys >= MOST_KEYS:
        return f"{MOST_KEYS} other keys of the server are newer"
    return ""
