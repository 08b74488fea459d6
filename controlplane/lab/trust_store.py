"""The trust store of every server: our certificate authority, in the forms that programs look for.

Nobody else is trusted. A server of the lab reaches nobody else, and a name of IBM's that ever led elsewhere would fail.
"""

import os
import shutil
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from controlplane.lab.filesystem import CA_BUNDLE

BUNDLE_NAMES = ("ca-certificates.crt", "ca-bundle.crt")
# For what brings its own bundle along: Python's requests (certifi), Node, static curl. OpenSSL honours the first.
VARIABLES = {
    name: str(CA_BUNDLE) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
}


def files(pem: bytes) -> dict[str, str]:
    """By name under /etc/ssl/certs, in hexadecimal. ``pem`` holds one certificate or several."""
    certificates = x509.load_pem_x509_certificates(pem)
    entries = [
        pkcs12.PKCS12Certificate(each, f"baremint-{number}".encode()) for number, each in enumerate(certificates)
    ]
    found = dict.fromkeys(BUNDLE_NAMES, pem)
    found["java/cacerts"] = pkcs12.serialize_java_truststore(entries, NoEncryption())
    for each in certificates:
        found |= {f"{digest}.0": pem for digest in _hash(each.public_bytes(Encoding.PEM))}
    return {name: content.hex() for name, content in found.items()}


def _hash(certificate: bytes) -> list[str]:
    """By which OpenSSL finds a certificate in a directory. Without openssl nothing here would look there."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return []
    done = subprocess.run(  # noqa: S603
        [openssl, "x509", "-noout", "-subject_hash"], input=certificate, capture_output=True, check=True
    )
    return done.stdout.decode().split()


def java_homes() -> list[str]:
    """Of a Java that no distribution installed."""
    java = shutil.which("java")
    found = [os.environ.get("JAVA_HOME", ""), os.path.dirname(os.path.dirname(os.path.realpath(java))) if java else ""]
    return [home for home in found if home]
