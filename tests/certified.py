"""Certificates of servers, made as the metadata service makes them, and what other implementations say of them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from controlplane.kernel import clock
from identity import csr, key_cache
from identity.models import IssuedCertificate, KeyPair
from identity.selectors import trusted_roots
from identity.services.certificate_status import current_list
from identity.services.certificates import create_certificate
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.build import EC_KEY, make_csr


def issue(
    server: BareMetalServer,
    *,
    key: Any = EC_KEY,
    lifetime: timedelta = timedelta(hours=1),
    now: datetime | None = None,
) -> IssuedCertificate:
    """What the server gets for a request with this key."""
    facts = facts_of(servers_for_facts().get(pk=server.pk))
    chain = create_certificate(csr.check(make_csr(key)), facts=facts, lifetime=lifetime, now=now or clock.now())
    return IssuedCertificate.objects.select_related("issuer").get(id=chain.id)


def issue_before(server: BareMetalServer, age: timedelta) -> IssuedCertificate:
    """What the server got so long ago, from an authority that was active then."""
    KeyPair.objects.filter(state="active").update(activated_at=clock.now() - age)
    key_cache.forget()
    return issue(server, now=clock.now() - age)


def parsed(certificate: IssuedCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.certificate.encode())


def list_of(kid: str = "", *, now: datetime | None = None) -> x509.CertificateRevocationList:
    """What an authority publishes, the active one unless another is named."""
    published = current_list(kid or key_cache.signer("intermediate").kid, now=now or clock.now())
    assert published is not None
    return x509.load_der_x509_crl(bytes(published.der))


def listed(kid: str = "", *, now: datetime | None = None) -> set[str]:
    """Serial numbers in it, as records write them."""
    return {f"{entry.serial_number:x}" for entry in list_of(kid, now=now)}


def write_chain(folder: Path, certificate: IssuedCertificate) -> None:
    """``leaf.pem``, ``intermediate.pem``, ``root.pem`` and ``list.pem``, for commands."""
    (folder / "leaf.pem").write_text(certificate.certificate)
    (folder / "intermediate.pem").write_text(certificate.issuer.certificate)
    (folder / "root.pem").write_text(trusted_roots())
    (folder / "list.pem").write_bytes(list_of(certificate.issuer.kid).public_bytes(Encoding.PEM))


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the folder, whatever comes of it."""
    beside_python = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        list(words), cwd=folder, env=beside_python, capture_output=True, text=True, timeout=60, check=False
    )


def verify(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What ``openssl verify`` says of a chain that was written."""
    chain: Sequence[str] = ("-CAfile", "root.pem", "-untrusted", "intermediate.pem", "-CRLfile", "list.pem")
    return command(folder, "openssl", "verify", "-x509_strict", *options, *chain, "leaf.pem")
