"""Identity certificates: a checked request becomes a chain, recorded before it is answered."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction

from controlplane.kernel.facts import ServerFacts
from identity import ca, csr, keychain
from identity.models import IssuedCertificate, KeyPair
from identity.services.ledger import record_for

EVENT = "is.metadata.certificate.create"
SUBJECT_PUBLIC_KEY_INFO = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


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

    The certificate never outlives its issuer. Raises InvalidValue when the request reuses a key of the service, and
    ServerChanged, with nothing recorded, when ``facts`` are stale.
    """
    _refuse_own_keys(request)
    try:
        return _issue(request, facts=facts, lifetime=lifetime, now=now)
    except IntegrityError:  # the serial number is taken: once in 2**159 tries, and not twice
        return _issue(request, facts=facts, lifetime=lifetime, now=now)


def _issue(request: csr.CheckedRequest, *, facts: ServerFacts, lifetime: timedelta, now: datetime) -> IssuedChain:
    signer = keychain.signer(KeyPair.Purpose.INTERMEDIATE, at=now)
    issuer = x509.load_pem_x509_certificate(signer.certificate.encode())
    created_at = now.replace(microsecond=0)
    expires_at = min(created_at + lifetime, issuer.not_valid_after_utc - timedelta(seconds=1))
    leaf = ca.build_leaf(
        request,
        common_name=facts.id,
        serial_number=x509.random_serial_number(),
        issuer=issuer,
        issuer_key=signer.private_key,
        now=created_at,
        not_after=expires_at,
    )
    row = IssuedCertificate(
        id=str(uuid.uuid4()),
        issuer_id=signer.row_id,
        serial_number=f"{leaf.serial_number:x}",
        server_id=facts.id,
        server_crn=facts.crn,
        account_id=facts.account_id,
        csr=request.pem,
        certificate=ca.pem(leaf),
        sha256=hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
        not_before=leaf.not_valid_before_utc,
        not_after=expires_at,
    )
    with transaction.atomic():
        evidence = {
            "id": row.id,
            "serial_number": row.serial_number,
            "sha256": row.sha256,
            "issuer": signer.kid,
        }
        record_for(facts, EVENT, status=200, data=evidence)
        row.save(force_insert=True)
    return IssuedChain(row.id, [row.certificate, signer.certificate], created_at, expires_at)


def _refuse_own_keys(request: csr.CheckedRequest) -> None:
    asked = request.public_key.public_bytes(*SUBJECT_PUBLIC_KEY_INFO).decode()
    if KeyPair.objects.filter(public_key=asked).exists():
        raise csr.refusal("its key belongs to the service; make one of your own")
