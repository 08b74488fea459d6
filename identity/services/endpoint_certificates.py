"""Certificates of the product's own TLS endpoints: one key for all of them, a certificate for each set of names."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings

from controlplane.kernel import clock
from identity import ca, key_cache
from identity.models import KeyPair


class EndpointChain(NamedTuple):
    certificates: str
    """PEM: the certificate of the endpoint, then that of the intermediate."""
    private_key: RSAPrivateKey


def endpoint_chain(dns_names: Sequence[str], addresses: Sequence[str], now: datetime) -> EndpointChain:
    """Certify the active TLS key for these names and IP addresses, under the active intermediate CA.

    The chain takes some milliseconds to make and is not recorded; keep it for as long as ``chain_version`` does not
    change. Raises NoActiveKey, and ValueError without a name or for an invalid address.
    """
    key = key_cache.signer(KeyPair.Purpose.TLS)
    authority = key_cache.signer(KeyPair.Purpose.INTERMEDIATE)
    lifetime = timedelta(hours=settings.BAREMINT_ENDPOINT_CERTIFICATE_HOURS)
    certificate = ca.build_endpoint(
        key.private_key.public_key(),
        dns_names=dns_names,
        addresses=addresses,
        issuer=x509.load_pem_x509_certificate(authority.certificate.encode()),
        issuer_key=authority.private_key,
        validity=ca.Validity.covering(now, clock.wall_clock(), lifetime=lifetime),
    )
    return EndpointChain(ca.pem(certificate) + authority.certificate, key.private_key)


def chain_version() -> tuple[str, str, int]:
    """Return a value that changes when chains made before should be replaced.

    It changes after a rotation of the TLS key or of the intermediate CA, and twice in the lifetime of a certificate by
    the real clock, which goes on while the domain's clock stands still.
    """
    third = settings.BAREMINT_ENDPOINT_CERTIFICATE_HOURS * 3600 / 3
    return (
        key_cache.signer(KeyPair.Purpose.TLS).kid,
        key_cache.signer(KeyPair.Purpose.INTERMEDIATE).kid,
        int(clock.wall_clock().timestamp() // third),
    )
