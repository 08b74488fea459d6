"""Identity certificates: a chain is issued for a checked request, and recorded before it is answered."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.activity.timings import timings
from controlplane.kernel.errors import NotFound
from controlplane.kernel.facts import ServerFacts
from identity import ca, csr, key_cache
from identity.authority_urls import authority_urls
from identity.certificates import is_compromised, valid_certificates
from identity.events import METADATA_CERTIFICATE_CREATE, METADATA_CERTIFICATE_READ
from identity.models import CertificateRotation, IssuedCertificate, KeyPair
from identity.renewal_schedule import renewal_due
from identity.services.guarded_event import record_for
from servers.models import BareMetalServer

SUBJECT_PUBLIC_KEY_INFO = PublicFormat.SubjectPublicKeyInfo
MOST_CHAINS = 100
"""The most chains in one answer. A server that makes a key for each certificate gets only the latest ones."""


@dataclass(frozen=True)
class IssuedChain:
    id: str
    certificates: list[str]
    """PEM: leaf, then intermediate."""
    created_at: datetime
    expires_at: datetime

    @property
    def lifetime(self) -> int:
        return int((self.expires_at - self.created_at).total_seconds())


def create_certificate(
    request: csr.CheckedRequest, *, facts: ServerFacts, lifetime: timedelta, now: datetime
) -> IssuedChain:
    """Sign a certificate for this server with its id as Common Name.

    The certificate never outlives its issuer. Raises InvalidValue when the request reuses a key of the service, or one
    that was reported as compromised, and ServerChanged, with nothing recorded, when ``facts`` are stale.
    """
    _refuse_bad_keys(request)
    try:
        return _issue(request, facts=facts, lifetime=lifetime, now=now)
    except IntegrityError:  # the serial number is taken: once in 2**159 tries, and not twice
        return _issue(request, facts=facts, lifetime=lifetime, now=now)


@dataclass(frozen=True)
class CurrentChain(IssuedChain):
    """A chain that was issued before and is returned again."""

    public_key_sha256: str
    renewed: bool
    """Whether it was issued by rotation, not because the server asked."""
    renewal_due_at: datetime | None
    """None when it will not be renewed."""


def current_chains(facts: ServerFacts, *, now: datetime) -> list[CurrentChain]:
    """Return the chains that a server may use now: the latest of each of its keys, latest first.

    Raises NotFound when there is none, and ServerChanged when ``facts`` are stale.
    """
    rotating = CertificateRotation.objects.filter(server_id=facts.number).exists()
    rows = valid_certificates(facts.id, now=now).select_related("issuer")[:MOST_CHAINS]
    chains = [_current(row, rotating=rotating) for row in rows]
    if not chains:
        raise NotFound("This server has no valid certificate. Get one: POST /identity/v1/certificates with a csr.")
    record_for(facts, METADATA_CERTIFICATE_READ, status=200, data={"ids": [chain.id for chain in chains]})
    return chains


def _current(row: IssuedCertificate, *, rotating: bool) -> CurrentChain:
    return CurrentChain(
        row.id,
        [row.certificate, row.issuer.certificate],
        row.created_at.replace(microsecond=0),
        row.not_after,
        public_key_sha256=row.public_key_sha256,
        renewed=row.renewal_of_id is not None,
        renewal_due_at=row.renew_at if rotating else None,
    )


def sign_certificate(
    request: csr.CheckedRequest,
    *,
    server: ServerFacts | BareMetalServer,
    lifetime: timedelta,
    signer: key_cache.Signer,
    requested_at: datetime,
    now: datetime,
) -> IssuedCertificate:
    """Return the record of a newly signed certificate of a server; the record is not saved yet.

    Raises NoActiveKey when its issuer has expired.
    """
    issuer = ca.load(signer.certificate)
    begins = now.replace(microsecond=0)
    expires_at = min(begins + lifetime, issuer.not_valid_after_utc - timedelta(seconds=1))
    if expires_at <= begins:
        raise key_cache.NoActiveKey("The intermediate authority has expired. A tick of Celery beat replaces it; retry.")
    with timings.measured("certificate"):
        leaf = ca.build_leaf(
            request,
            common_name=server.id,
            serial_number=x509.random_serial_number(),
            issuer=issuer,
            issuer_key=signer.private_key,
            urls=authority_urls(signer.kid, base=settings.BAREMINT_PUBLIC_URL),
            now=begins,
            not_after=expires_at,
        )
    return IssuedCertificate(
        id=str(uuid.uuid4()),
        issuer_id=signer.row_id,
        serial_number=f"{leaf.serial_number:x}",
        instance_id=server.id,
        server_crn=server.crn,
        account_id=server.account_id,
        metadata_epoch=server.metadata_epoch,
        csr=request.pem,
        lifetime=int(lifetime.total_seconds()),
        requested_at=requested_at,
        certificate=ca.pem(leaf),
        sha256=hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
        public_key_sha256=csr.public_key_sha256(request),
        created_at=now,
        not_before=leaf.not_valid_before_utc,
        not_after=expires_at,
        renew_at=renewal_due(begins, expires_at),
    )


def parties(certificate: IssuedCertificate, *, by: Party) -> Any:
    """Return the initiator, target and account of an event of a certificate.

    The target is its server, which may have been deleted; the account is the server's.
    """
    target = Party(certificate.server_crn, type="BareMetalServer")
    return {"initiator": by, "target": target, "account_id": certificate.account_id}


def evidence(certificate: IssuedCertificate, *, issuer: str) -> dict[str, str]:
    """Return the data about a certificate that an event contains; ``issuer`` is a kid."""
    return {
        "id": certificate.id,
        "serial_number": certificate.serial_number,
        "sha256": certificate.sha256,
        "issuer": issuer,
    }


def _issue(request: csr.CheckedRequest, *, facts: ServerFacts, lifetime: timedelta, now: datetime) -> IssuedChain:
    signer = key_cache.signer(KeyPair.Purpose.INTERMEDIATE, at=now)
    row = sign_certificate(request, server=facts, lifetime=lifetime, signer=signer, requested_at=now, now=now)
    with transaction.atomic():
        record_for(facts, METADATA_CERTIFICATE_CREATE, status=200, data=evidence(row, issuer=signer.kid))
        row.save(force_insert=True)
    return IssuedChain(row.id, [row.certificate, signer.certificate], now.replace(microsecond=0), row.not_after)


def _refuse_bad_keys(request: csr.CheckedRequest) -> None:
    public_key = request.public_key.public_bytes(Encoding.PEM, SUBJECT_PUBLIC_KEY_INFO).decode()
    if KeyPair.objects.filter(public_key=public_key).exists():
        raise csr.refusal("its key belongs to the service; make one of your own")
    if is_compromised(csr.public_key_sha256(request)):
        raise csr.refusal("its key was reported as compromised; make a new one")
