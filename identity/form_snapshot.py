"""What pages show of certificates and their renewal, for comparing when a form comes back."""

from controlplane.kernel.form_snapshot import Shown
from identity.models import IssuedCertificate
from servers.form_snapshot import WORDS
from servers.models import BareMetalServer


def renewal_shown(server: BareMetalServer, *, rotating: bool) -> Shown:
    return Shown(f"renewal-{server.id}", server.name, {"certificate renewal": WORDS[rotating]})


def certificate_shown(certificate: IssuedCertificate) -> Shown:
    revoked = certificate.revocation_reason
    return Shown(
        certificate.id, certificate.serial_number, {"state": f"revoked for {revoked}" if revoked else "not revoked"}
    )
