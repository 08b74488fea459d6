"""Snapshots of certificates and their renewal as pages show them, to compare with when a form is sent."""

from controlplane.kernel.form_snapshot import FormSnapshot
from identity.models import IssuedCertificate
from servers.form_snapshot import WORDS
from servers.models import BareMetalServer


def renewal_shown(server: BareMetalServer, *, rotating: bool) -> FormSnapshot:
    return FormSnapshot(f"renewal-{server.id}", server.name, {"certificate renewal": WORDS[rotating]})


def certificate_shown(certificate: IssuedCertificate) -> FormSnapshot:
    revoked = certificate.revocation_reason
    return FormSnapshot(
        certificate.id, certificate.serial_number, {"state": f"revoked for {revoked}" if revoked else "not revoked"}
    )
