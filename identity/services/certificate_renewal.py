"""Renewal of certificates that are due, from the stored requests, in chunks, each in its own transaction.

Two workers may process the same chunk, and a worker may stop in the middle of one. On PostgreSQL each worker locks
different rows; on SQLite the second worker finds, when it writes, that the certificates are no longer due. The database
also refuses a second renewal of the same certificate.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, compose, record_all
from controlplane.kernel import failpoints
from controlplane.kernel.errors import InvalidValue
from identity import csr, key_cache, renewal_schedule
from identity.certificates import (
    abandoned_renewals,
    certificates_due,
    certified_servers,
    planned_renewals,
    with_renewal_facts,
)
from identity.events import CERTIFICATE_RENEW
from identity.models import CertificateRotation, IssuedCertificate, KeyPair, RenewalProgress
from identity.services.certificates import evidence, parties, sign_certificate
from servers.models import BareMetalServer

log = structlog.get_logger(__name__)

CHUNK = 200
"""The most certificates in one run, which takes a fraction of a second so that other tasks, and requests on SQLite, are
not kept waiting."""


@dataclass
class Chunk:
    """The results for the certificates of one chunk."""

    issuer: str = ""
    """The kid of the authority that signs now."""
    renewed: list[IssuedCertificate] = field(default_factory=list)
    failed: list[ActivityEvent] = field(default_factory=list)


def due_at(now: datetime) -> datetime | None:
    """Return when the next renewal is due, or None while none is planned."""
    return planned_renewals().order_by("renew_at").values_list("renew_at", flat=True).first()


def renew_due(*, now: datetime) -> int:
    """Renew certificates that are due, at most CHUNK of them. Return how many were processed and are no longer due."""
    _begin(now=now)
    with _rows_are_lockable():
        due = with_renewal_facts(certificates_due(now=now)).order_by("renew_at", "pk")
        rows: list[Any] = list(due.select_for_update(skip_locked=True, of=("self",))[:CHUNK])
        if not rows:
            return 0
        chunk = _prepare(rows, now=now)
        failpoints.reach("after_sign", "renewal")
        _write(rows, chunk, now=now)
    failpoints.reach("after_commit", "renewal")
    return len(rows)


def _begin(*, now: datetime) -> None:
    """Begin a run and count what is due, unless a run is in progress: this chunk then belongs to it."""
    if RenewalProgress.objects.filter(ended_at=None).exists():
        return
    abandoned_renewals(now=now).update(renew_at=None)
    due = certificates_due(now=now).count()
    if not due:
        return
    first_values = {"begun_at": now, "ended_at": None, "due": due, "renewed": 0, "stopped": 0, "failed": 0}
    if not RenewalProgress.objects.exclude(ended_at=None).update(**first_values):
        RenewalProgress.objects.get_or_create(pk=RenewalProgress.THE_ROW, defaults=first_values)


def _rows_are_lockable() -> AbstractContextManager[Any]:
    """Return a transaction where the database can lock rows, else a context that does nothing.

    On SQLite a transaction would block other writers during signing.
    """
    return transaction.atomic() if connection.features.has_select_for_update_skip_locked else nullcontext()


def _prepare(rows: list[Any], *, now: datetime) -> Chunk:
    """Sign the renewals of these rows.

    The servers are read in one query, and the authority's key is decrypted once.
    """
    servers: dict[str, Any] = {server.id: server for server in certified_servers({row.instance_id for row in rows})}
    signer = key_cache.signer(KeyPair.Purpose.INTERMEDIATE, at=now)
    chunk = Chunk(issuer=signer.kid)
    for row in rows:
        server = servers.get(row.instance_id)
        if server is None or _obstacle(row, server):
            continue
        try:
            chunk.renewed.append(_renew(row, server, signer=signer, now=now))
        except InvalidValue as refusal:
            chunk.failed.append(
                compose(CERTIFICATE_RENEW, **parties(row, by=SYSTEM), error=refusal, data={"renewal_of": row.id})
            )
    return chunk


def _obstacle(row: Any, server: Any) -> str:
    certificate = renewal_schedule.DueCertificate(
        row.metadata_epoch, row.revoked_at is not None, row.is_superseded, row.newer_keys
    )
    is_on = server.metadata_enabled and not server.account_switched_off
    is_on = is_on and server.status != BareMetalServer.Status.DELETING
    metadata = renewal_schedule.MetadataState(metadata_is_on=is_on, metadata_epoch=server.metadata_epoch)
    return renewal_schedule.obstacle(certificate, metadata, dies_with_epoch=settings.BAREMINT_REVOKE_ON_DISABLE)


def _renew(
    row: IssuedCertificate, server: BareMetalServer, *, signer: key_cache.Signer, now: datetime
) -> IssuedCertificate:
    """Sign the renewal of a certificate. Raises InvalidValue when the request would not be signed today."""
    renewed = sign_certificate(
        csr.check_again(row.csr),
        server=server,
        lifetime=timedelta(seconds=row.lifetime),
        signer=signer,
        requested_at=row.requested_at,
        now=now,
    )
    renewed.renewal_of = row
    return renewed


@transaction.atomic
def _write(rows: list[Any], chunk: Chunk, *, now: datetime) -> None:
    """Write the whole chunk or nothing: certificates, events, the end of their being due, and the progress.

    The rows of the switches are locked, so that no certificate is renewed after its server's switch was turned off or
    its server was deleted.
    """
    due = IssuedCertificate.objects.filter(pk__in=[row.pk for row in rows], renew_at__lte=now)
    still_due = set(due.values_list("pk", flat=True))
    switches = CertificateRotation.objects.select_for_update(of=("self",)).filter(
        server__id__in={row.instance_id for row in rows}
    )
    rotating = {switch.server.id for switch in switches.select_related("server").order_by("pk")}
    renewed = [each for each in chunk.renewed if each.renewal_of_id in still_due and each.instance_id in rotating]
    IssuedCertificate.objects.bulk_create(renewed)
    failpoints.reach("after_insert", "renewal")
    record_all([*(_event(each, issuer=chunk.issuer) for each in renewed), *chunk.failed])
    IssuedCertificate.objects.filter(pk__in=still_due).update(renew_at=None)
    RenewalProgress.objects.update(
        renewed=F("renewed") + len(renewed),
        stopped=F("stopped") + len(still_due) - len(renewed) - len(chunk.failed),
        failed=F("failed") + len(chunk.failed),
    )
    # This comes after the update above, which waits for other chunks: when several run at once, the last one to commit
    # finds that nothing is due.
    if not certificates_due(now=now).exists():
        RenewalProgress.objects.update(ended_at=now)
    failpoints.reach("before_commit", "renewal")
    log.info("certificates renewed", renewed=len(renewed), of=len(rows), failed=len(chunk.failed))


def _event(renewed: IssuedCertificate, *, issuer: str) -> ActivityEvent:
    data = evidence(renewed, issuer=issuer) | {"renewal_of": str(renewed.renewal_of_id)}
    return compose(CERTIFICATE_RENEW, **parties(renewed, by=SYSTEM), data=data)
