"""Identity certificates and the chain above them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509

from controlplane.console.truncated_list import TruncatedList
from identity.form_snapshot import certificate_shown
from identity.models import IssuedCertificate, KeyPair

MOST_CERTIFICATES = 20


@dataclass(frozen=True)
class Link:
    """One certificate of a chain."""

    name: str
    not_after: datetime


@dataclass(frozen=True)
class CertificateRow:
    certificate: IssuedCertificate
    days_left: int
    state: Literal["valid", "revoked", "expired"]
    note: str
    """Why it was revoked, or when its renewal is due; empty otherwise."""
    chain: list[Link]
    """The leaf, its issuer, and so on up to the root."""
    mark: str
    """The snapshot of its revocation (kernel/form_snapshot.py)."""


def certificates_of(instance_id: str, *, now: datetime, rotating: bool = False) -> TruncatedList[CertificateRow]:
    """A server's certificates, the last to expire first. ``rotating``: they are renewed."""
    rows = IssuedCertificate.objects.select_related("issuer__issuer").filter(instance_id=instance_id)
    newest = rows.order_by("-not_after")[: MOST_CERTIFICATES + 1]
    return TruncatedList.first(MOST_CERTIFICATES, (certificate_row(row, now=now, rotating=rotating) for row in newest))


def certificate_row(row: IssuedCertificate, *, now: datetime, rotating: bool = False) -> CertificateRow:
    """One row of the table. Needs ``issuer`` and the issuer's issuer to be fetched."""
    state: Literal["valid", "revoked", "expired"] = (
        "revoked" if row.revoked_at else "valid" if row.not_after > now else "expired"
    )
    note = row.revocation_reason
    if rotating and state == "valid" and row.renew_at:
        note = f"renewed at {row.renew_at:%Y-%m-%d %H:%M} UTC"
    return CertificateRow(
        certificate=row,
        days_left=max((row.not_after - now).days, 0),
        state=state,
        note=note,
        chain=[Link(row.instance_id, row.not_after), *_above(row.issuer)],
        mark=certificate_shown(row).mark,
    )


def _above(issuer: KeyPair | None) -> list[Link]:
    links = []
    while issuer is not None and issuer.certificate:
        certificate = x509.load_pem_x509_certificate(issuer.certificate.encode())
        links.append(Link(common_name(certificate.subject), certificate.not_valid_after_utc))
        issuer = issuer.issuer
    return links


def common_name(name: x509.Name) -> str:
    names = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
