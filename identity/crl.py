"""Certificate revocation lists (RFC 5280, section 5). Pure: entries and ``now`` in, a signed list out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from identity.ca import authority_key_id

Reason = Literal[
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""The reasons of RFC 5280, section 5.3.1, that fit a server's certificate and are final."""


@dataclass(frozen=True)
class Revoked:
    """One entry of a list."""

    serial_number: int
    at: datetime
    reason: Reason


def build_list(
    revoked: Iterable[Revoked],
    *,
    number: int,
    issuer: x509.Certificate,
    issuer_key: RSAPrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateRevocationList:
    """Build a complete list of one issuer, valid from ``now`` for ``lifetime``. ``number`` grows from list to list."""
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=issuer.subject,
        last_update=now,
        next_update=now + lifetime,
        # Add all at once: the builder's own method copies the whole list for each entry that it adds.
        revoked_certificates=[_entry(each) for each in revoked],
    )
    builder = builder.add_extension(authority_key_id(issuer), critical=False)
    return builder.add_extension(x509.CRLNumber(number), critical=False).sign(issuer_key, hashes.SHA256())


def is_due(this_update: datetime, next_update: datetime, *, now: datetime) -> bool:
    """Return whether a new list must be signed.

    It must when half of this one's lifetime is over, or when the clock was moved back to before it.
    """
    return not this_update <= now < this_update + (next_update - this_update) / 2


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(revoked.serial_number, revoked.at)
    # Section 5.3.1: the reason should be absent rather than unspecified.
    if revoked.reason != "unspecified":
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(revoked.reason)), critical=False)
    return builder.build()
