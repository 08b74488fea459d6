"""The schedule of renewals: when a certificate is renewed, and when it is not. Pure functions of values."""

from dataclasses import dataclass
from datetime import datetime

MOST_KEYS = 8
"""How many public keys of one server are renewed side by side: the latest that it asked for. Without this limit, a
client that makes a new key for each certificate would get ever more renewals."""


def renewal_due(created_at: datetime, expires_at: datetime) -> datetime:
    """Return the instant after two thirds of the lifetime.

    Time is left for a second try, and for the server to fetch the new certificate.
    """
    return created_at + (expires_at - created_at) * 2 / 3


@dataclass(frozen=True)
class DueCertificate:
    """A certificate whose renewal is due."""

    metadata_epoch: int | None
    """The server's epoch at the time of issue; None for a certificate older than epochs."""
    is_revoked: bool
    is_superseded: bool
    """Whether there is a later certificate for the same key."""
    newer_keys: int
    """How many other keys of the server, asked for later, are under rotation."""


@dataclass(frozen=True)
class MetadataState:
    """The metadata service of the server that the certificate belongs to."""

    metadata_is_on: bool
    metadata_epoch: int


def obstacle(certificate: DueCertificate, metadata: MetadataState, *, dies_with_epoch: bool) -> str:
    """Return why the certificate is not renewed; empty when it is.

    ``dies_with_epoch`` means that switching the metadata service off revokes certificates.
    """
    if certificate.is_revoked:
        return "it is revoked"
    if certificate.is_superseded:
        return "there is a later one for its key"
    if not metadata.metadata_is_on:
        return "the metadata service is off"
    if dies_with_epoch and certificate.metadata_epoch not in (None, metadata.metadata_epoch):
        return "the metadata service was switched off after it was issued"
    if certificate.newer_keys >= MOST_KEYS:
        return f"{MOST_KEYS} other keys of the server are newer"
    return ""
