"""The URLs of a certificate authority: its certificate, its revocation list, its OCSP responder.

Certificates carry these URLs (RFC 5280, sections 4.2.1.13 and 4.2.2.1), so the paths must not change while any such
certificate is valid.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class AuthorityUrls:
    """Absolute URLs."""

    certificate: str
    revocation_list: str
    ocsp: str


def authority_urls(kid: str, *, base: str) -> AuthorityUrls:
    """Return the URLs of the authority with this kid; ``base`` is the control plane's public URL."""
    return AuthorityUrls(f"{base}/pki/{kid}.cer", f"{base}/pki/{kid}.crl", f"{base}/pki/ocsp")
