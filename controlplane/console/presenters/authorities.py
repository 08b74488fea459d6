"""Certificate authorities, and the identity certificates that expire next."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from django.conf import settings

from controlplane.console.presenters.certificates import CertificateRow, certificate_row, common_name
from controlplane.console.truncated_list import TruncatedList
from identity.authority_urls import AuthorityUrls, authority_urls
from identity.models import STATES_THAT_VERIFY, IssuedCertificate, KeyPair

MOST_CERTIFICATES = 10


@dataclass(frozen=True)
class Authority:
    name: str
    purpose: str
    state: str
    not_after: datetime
    days_left: int
    serial_number: str
    published: AuthorityUrls
    """The URLs of its certificate, its revocation list and its OCSP responder."""


def authorities(*, now: datetime) -> list[Authority]:
    """The root and intermediate authorities of the region."""
    rows = KeyPair.objects.filter(region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY).exclude(certificate="")
    return [_authority(row, now=now) for row in rows.defer("ciphertext", "nonce").order_by("purpose", "-generation")]


def _authority(row: KeyPair, *, now: datetime) -> Authority:
    certificate = x509.load_pem_x509_certificate(row.certificate.encode())
    until = certificate.not_valid_after_utc
    return Authority(
        name=common_name(certificate.subject),
        purpose=row.get_purpose_display(),
        state=row.state,
        not_after=until,
        days_left=max((until - now).days, 0),
        serial_number=f"{certificate.serial_number:x}",
        published=authority_urls(row.kid, base=settings.BAREMINT_PUBLIC_URL),
    )


def expiring_certificates(account_id: str, *, now: datetime) -> TruncatedList[CertificateRow]:
    """The account's valid identity certificates, the first to expire first."""
    rows = IssuedCertificate.objects.select_related("issuer__issuer").filter(
        account_id=account_id, not_after__gt=now, revoked_at=None
    )
    first = rows.order_by("not_after")[: MOST_CERTIFICATES + 1]
    return TruncatedList.first(MOST_CERTIFICATES, (certificate_row(row, now=now) for row in first))
