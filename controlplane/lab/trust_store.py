"""The trust store of every server: Baremint's certificate authority in the formats that programs read.

It contains no other authority. A lab server reaches no other host, and a connection to one of IBM's names that led
outside of the lab would fail.
"""

import os
import shutil
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from controlplane.lab.filesystem import CA_BUNDLE

BUNDLE_NAMES = ("ca-certificates.crt", "ca-bundle.crt")
# For programs with a bundle of their own: Python's requests (certifi), Node, static curl. OpenSSL reads the first.
VARIABLES = {
    name: str(CA_BUNDLE) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
}


def files(pem: bytes) -> dict[str, str]:
    """Return the files for /etc/ssl/certs: hexadecimal content by name. ``pem`` has one or more certificates."""
    certificates = x509.load_pem_x509_certificates(pem)
    entries = [
        pkcs12.PKCS12Certificate(each, f"baremint-{number}".encode()) for number, each in enumerate(certificates)
    ]
    contents = dict.fromkeys(BUNDLE_NAMES, pem)
    contents["java/cacerts"] = pkcs12.serialize_java_truststore(entries, NoEncryption())
    for each in certificates:
        contents |= {f"{digest}.0": pem for digest in _hash(each.public_bytes(Encoding.PEM))}
    return {name: content.hex() for name, content in contents.items()}


def _hash(certificate: bytes) -> list[str]:
    """Return the subject hash by which OpenSSL finds a certificate; empty where openssl is not installed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return []
    process = subprocess.run(  # noqa: S603
        [openssl, "x509", "-noout", "-subject_hash"], input=certificate, capture_output=True, check=True
    )
    return process.stdout.decode().split()


def java_homes() -> list[str]:
    """Return the home directories of Java installations that are not a distribution's package."""
    java = shutil.which("java")
    homes = [os.environ.get("JAVA_HOME", ""), os.path.dirname(os.path.dirname(os.path.realpath(java))) if java else ""]
    return [home for home in homes if home]
