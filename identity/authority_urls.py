"""Where an authority is found: its certificate, its revocation list, its OCSP responder.

Certificates carry these addresses (RFC 5280, sections 4.2.1.13 and 4.2.2.1), so they stay good for as long as the
certificates are: the paths must not change.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Publication:
    """Absolute URLs."""

    certificate: str
    revocation_list: str
    ocsp: str


def publication_of(kid: str, *, base: str) -> Publication:
    """The addresses of the authority with this kid; ``base`` is the control plane's public URL."""
    return Publication(f"{base}/pki/{kid}.cer", f"{base}/pki/{kid}.crl", f"{base}/pki/ocsp")
