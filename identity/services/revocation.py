"""Revocation of certificates: by hand, when their server is deleted, and when its metadata service is switched off.

The apps below know nothing of certificates and do not report changes of servers. Instead, the tick looks for
certificates that are to be revoked, and so does the code that answers whether a certificate is good.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from controlplane.activity.record import SYSTEM, Party, compose, record, record_all
from controlplane.kernel.errors import Conflict
from identity.certificates import certificates_to_revoke
from identity.crl import Reason
from identity.events import CERTIFICATE_REVOKE
from identity.models import IssuedCertificate
from identity.services.certificates import parties
from identity.services.revocation_lists import publish_soon

AT_ONCE = 500
SERVER_GONE: Reason = "cessationOfOperation"
SWITCHED_OFF: Reason = "privilegeWithdrawn"


@transaction.atomic
def revoke(certificate: IssuedCertificate, *, reason: Reason, by: Party, now: datetime) -> IssuedCertificate:
    """Revoke a certificate, or all the account's certificates for its key when the key is compromised.

    One event is recorded for each.
    Revoking a certificate again returns it as it was revoked before, and records an event that says so. Raises Conflict
    when it has expired.
    """
    row = IssuedCertificate.objects.select_for_update().get(pk=certificate.pk)
    if row.revoked_at is not None:
        record(
            CERTIFICATE_REVOKE,
            **parties(row, by=by),
            data={"id": row.id, "already_revoked_for": row.revocation_reason},
        )
        return row
    if row.not_after <= now:
        raise Conflict("The certificate has expired: no verifier accepts it any more, and there is nothing to revoke.")
    _revoke([row], reason=reason, by=by, now=now)
    if reason == "keyCompromise":
        same_key = IssuedCertificate.objects.filter(
            account_id=row.account_id, public_key_sha256=row.public_key_sha256, revoked_at=None, not_after__gt=now
        )
        # Repeat until there are no more: one of them may just have been renewed.
        while others := list(same_key.select_for_update().order_by("pk")):
            _revoke(others, reason=reason, by=by, now=now)
    row.refresh_from_db()
    return row


def due_at(now: datetime) -> datetime | None:
    """Return ``now`` when there is something to revoke, else None: later revocations cannot be foreseen."""
    return now if certificates_to_revoke(now=now).exists() else None


def revoke_due(*, now: datetime, wait: bool = False, **among: Any) -> int:
    """Revoke the certificates that are to be revoked, all of them or those ``among`` some. Return how many there were.

    Rows that another worker is revoking are left to it, unless ``wait`` is set: then they are revoked when this
    returns.
    """
    due = certificates_to_revoke(now=now).filter(**among)
    total = 0
    # The first query is without a transaction, which on SQLite would hold up all writers.
    while due.exists() and (number := _revoke_some(due, wait=wait, now=now)):
        total += number
    return total


@transaction.atomic
def _revoke_some(due: QuerySet[IssuedCertificate], *, wait: bool, now: datetime) -> int:
    locking = due.select_for_update(skip_locked=not wait, of=("self",))
    rows: list[Any] = list(locking.order_by("pk")[:AT_ONCE])
    _revoke([row for row in rows if row.server_is_gone], reason=SERVER_GONE, by=SYSTEM, now=now)
    _revoke([row for row in rows if not row.server_is_gone], reason=SWITCHED_OFF, by=SYSTEM, now=now)
    return len(rows)


def _revoke(rows: list[IssuedCertificate], *, reason: Reason, by: Party, now: datetime) -> None:
    """Revoke rows that this transaction has locked and that are not revoked yet."""
    if not rows:
        return
    IssuedCertificate.objects.filter(pk__in=[row.pk for row in rows]).update(
        revoked_at=now, revocation_reason=reason, renew_at=None
    )
    record_all(
        compose(
            CERTIFICATE_REVOKE,
            **parties(row, by=by),
            data={"id": row.id, "serial_number": row.serial_number, "sha256": row.sha256, "reason": reason},
        )
        for row in rows
    )
    for issuer_id in {row.issuer_id for row in rows}:
        publish_soon(issuer_id)
