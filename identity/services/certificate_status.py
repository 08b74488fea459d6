"""The status of certificates, as a revocation list or over OCSP, answered by the authority that signed them.

Neither waits for the tick: certificates that are to be revoked are revoked when a client asks.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography.x509.ocsp import OCSPResponseStatus

from controlplane.activity.record import Party, record
from controlplane.activity.selectors import events_on
from identity import ca, key_cache, ocsp
from identity.crl import Revoked
from identity.events import REVOCATION_LIST_READ
from identity.models import IssuedCertificate, RevocationList
from identity.services.revocation import revoke_due
from identity.services.revocation_lists import fresh_list


def current_list(kid: str, *, now: datetime) -> RevocationList | None:
    """Return the list of certificates that an authority has revoked as of now, for a client that checks a certificate.

    None when there is no such authority.
    """
    revoke_due(now=now, wait=True, issuer__kid=kid)
    current = fresh_list(kid, now=now)
    if current is not None:
        _record_first_reader(kid, current.number)
    return current


def _record_first_reader(kid: str, number: int) -> None:
    """Record one event for each list, when the first client fetches it.

    Lists are public, so further requests are not recorded.
    """
    latest = events_on(kid, account_id="").filter(action=REVOCATION_LIST_READ).values_list("data", flat=True).first()
    if latest is None or latest.get("number") != number:
        record(REVOCATION_LIST_READ, initiator=Party(), target=Party(kid, type="Key"), data={"number": number})


@dataclass(frozen=True)
class Answer:
    """An OCSP response in DER. ``good_until`` is None for a refusal, which must not be cached."""

    der: bytes
    good_until: datetime | None = None


MALFORMED = Answer(ocsp.refusal(OCSPResponseStatus.MALFORMED_REQUEST))
UNAUTHORIZED = Answer(ocsp.refusal(OCSPResponseStatus.UNAUTHORIZED))


def respond(der: bytes, *, now: datetime) -> Answer:
    """Answer an OCSP request, or any other bytes.

    The answer is ``malformedRequest`` when the bytes are no OCSP request, and ``unauthorized`` for certificates of
    other authorities (RFC 6960, section 2.3).
    """
    try:
        question = ocsp.read(der)
    except ocsp.Malformed:
        return MALFORMED
    except ocsp.UnknownIssuer:
        return UNAUTHORIZED
    for signer in key_cache.authorities().values():
        issuer = ca.load(signer.certificate)
        if question.is_about(issuer):
            begins = now.replace(microsecond=0)
            status = _status(signer, question.serial_number, now=now)
            response = ocsp.answer(question, status, issuer=issuer, issuer_key=signer.private_key, now=begins)
            return Answer(response, good_until=begins + ocsp.LIFETIME)
    return UNAUTHORIZED


def _status(signer: key_cache.Signer, serial_number: int, *, now: datetime) -> ocsp.CertificateStatus:
    this = {"issuer_id": signer.row_id, "serial_number": f"{serial_number:x}"}
    revoke_due(now=now, wait=True, **this)
    certificate = IssuedCertificate.objects.filter(**this).first()
    if certificate is None:
        return ocsp.CertificateStatus(issued=False)
    if certificate.revoked_at is None:
        return ocsp.CertificateStatus(issued=True)
    revoked = Revoked(serial_number, certificate.revoked_at, certificate.revocation_reason)  # type: ignore[arg-type]
    return ocsp.CertificateStatus(issued=True, revoked=revoked)
