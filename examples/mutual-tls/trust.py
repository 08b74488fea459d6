"""What both sides of a mutual TLS connection do: send a certificate, require one, and check whether it was revoked."""

import base64
import os
import ssl
import urllib.request
from pathlib import Path


def context(folder: Path, *, serves: bool) -> ssl.SSLContext:
    """For one connection, with the list of revoked certificates as it is now. ``folder`` is as certify.sh leaves it.

    A service with many callers keeps the list until its next update, which it names itself, or asks OCSP.
    """
    tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serves else ssl.PROTOCOL_TLS_CLIENT)
    tls_context.minimum_version = ssl.TLSVersion.TLSv1_2
    tls_context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    # Only these authorities are trusted, and none of the hundred that a browser trusts.
    tls_context.load_verify_locations(folder / "authorities.pem")
    # These certificates name a server, not a host: there is no host name in them to compare. A client must therefore
    # compare the name itself, as call.py does.
    tls_context.check_hostname = False
    tls_context.verify_mode = ssl.CERT_REQUIRED
    # Without a list every caller is refused. Otherwise a caller with a revoked certificate would be served.
    tls_context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    tls_context.load_verify_locations(_revoked(folder))
    return tls_context


def name(peer: ssl.SSLSocket) -> str:
    """The common name of the peer: the id of a server. Its certificate has been verified."""
    certificate = peer.getpeercert() or {}
    names = [value for part in certificate["subject"] for key, value in part if key == "commonName"]
    return str(names[0])


def _revoked(folder: Path) -> Path:
    """The revocation list of the authority that signed our own certificate, in the form that OpenSSL reads.

    A list is signed itself, so it may come by plain http.
    """
    address = (folder / "list").read_text().strip()
    request = urllib.request.Request(address, headers={"User-Agent": os.environ.get("BAREMINT_AGENT", "mutual-tls")})
    with urllib.request.urlopen(request, timeout=10) as answer:
        der = answer.read()
    pem = base64.encodebytes(der).decode()
    revocation_file = folder / "revoked.pem"
    revocation_file.write_text(f"-----BEGIN X509 CRL-----\n{pem}-----END X509 CRL-----\n")
    return revocation_file
