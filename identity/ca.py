"""Certificates: root, intermediate, endpoint, leaf (RFC 5280).

IBM's published sample leaf is X.509 v1 without extensions; ours is v3 with key identifiers, key usage and extended key
usage, which every verifier accepts and certificate linters require.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from identity.authority_urls import AuthorityUrls
from identity.csr import CheckedRequest, PublicKey

BACKDATED = timedelta(seconds=60)
"""The clock of a peer may be behind."""
ORGANIZATION = "Baremint"
LONGEST_COMMON_NAME = 64
"""RFC 5280, appendix A: ub-common-name."""


@dataclass(frozen=True)
class Validity:
    not_before: datetime
    not_after: datetime

    @classmethod
    def covering(cls, *instants: datetime, lifetime: timedelta) -> "Validity":
        """Return a validity of at least ``lifetime`` from each of the instants, which are the present by different
        clocks: the domain's clock may be moved, while TLS clients use the real one."""
        first, last = (instant.replace(microsecond=0) for instant in (min(instants), max(instants)))
        return cls(first - BACKDATED, last + lifetime)

    def within(self, issuer: x509.Certificate) -> "Validity":
        """Return this validity, shortened to the end of the issuer's certificate."""
        return Validity(self.not_before, min(self.not_after, issuer.not_valid_after_utc))


def name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def build_root(key: rsa.RSAPrivateKey, *, common_name: str, validity: Validity) -> x509.Certificate:
    """Build a self-signed certificate authority that may have one level of authorities below it."""
    subject = name(common_name)
    return _authority(subject, subject, key.public_key(), validity, path_length=1).sign(key, hashes.SHA256())


def build_intermediate(
    public_key: rsa.RSAPublicKey,
    *,
    common_name: str,
    issuer: x509.Certificate,
    issuer_key: rsa.RSAPrivateKey,
    validity: Validity,
) -> x509.Certificate:
    """Build an authority that signs only leaves (path length 0, keyCertSign and cRLSign).

    It expires with its issuer at the latest.
    """
    builder = _authority(name(common_name), issuer.subject, public_key, validity.within(issuer), path_length=0)
    return builder.add_extension(authority_key_id(issuer), critical=False).sign(issuer_key, hashes.SHA256())


def build_endpoint(
    public_key: rsa.RSAPublicKey,
    *,
    dns_names: Sequence[str],
    addresses: Sequence[str],
    issuer: x509.Certificate,
    issuer_key: rsa.RSAPrivateKey,
    validity: Validity,
) -> x509.Certificate:
    """Build a TLS server's certificate for these names and IP addresses.

    Verifiers read the alternative names, and the Common Name is for people (RFC 9525). The certificate expires with its
    issuer at the latest. Raises ValueError without a name, and for an invalid address.
    """
    names = [
        *(x509.DNSName(each) for each in dns_names),
        *(x509.IPAddress(ipaddress.ip_address(each)) for each in addresses),
    ]
    if not names:
        raise ValueError("An endpoint certificate needs a DNS name or an address.")
    subject = name([*dns_names, *addresses][0][:LONGEST_COMMON_NAME])
    span = validity.within(issuer)
    return (
        _builder(subject, issuer.subject, public_key, span, serial_number=x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False, enciphers=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(authority_key_id(issuer), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def build_leaf(
    request: CheckedRequest,
    *,
    common_name: str,
    serial_number: int,
    issuer: x509.Certificate,
    issuer_key: rsa.RSAPrivateKey,
    urls: AuthorityUrls,
    now: datetime,
    not_after: datetime,
) -> x509.Certificate:
    """Build a server's identity certificate, with the request's subject and ``common_name`` as its Common Name.

    ``urls`` are those of its issuer, where clients look for revocations.
    """
    subject = x509.Name(
        [
            *request.subject.rdns,
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]),
        ]
    )
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    return (
        _builder(
            subject,
            issuer.subject,
            request.public_key,
            Validity(now - BACKDATED, not_after),
            serial_number=serial_number,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _key_usage(signs=False, enciphers=isinstance(request.public_key, rsa.RSAPublicKey)), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(authority_key_id(issuer), critical=False)
        .add_extension(_distribution_points(urls), critical=False)
        .add_extension(_information_access(urls), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


@lru_cache(maxsize=32)
def load(pem: str) -> x509.Certificate:
    """Load an authority's certificate, cached: there are few of them, and every signature needs one."""
    return x509.load_pem_x509_certificate(pem.encode())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _authority(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey, validity: Validity, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        _builder(subject, issuer, public_key, validity, serial_number=x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs=True, enciphers=False), critical=True)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: PublicKey, validity: Validity, *, serial_number: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial_number)
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs: bool, enciphers: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=enciphers,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def authority_key_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the extension that names the key of ``issuer`` in certificates and lists that it signs."""
    key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _distribution_points(urls: AuthorityUrls) -> x509.CRLDistributionPoints:
    location = x509.UniformResourceIdentifier(urls.revocation_list)
    return x509.CRLDistributionPoints([x509.DistributionPoint([location], None, None, None)])


def _information_access(urls: AuthorityUrls) -> x509.AuthorityInformationAccess:
    locations = {
        AuthorityInformationAccessOID.OCSP: urls.ocsp,
        AuthorityInformationAccessOID.CA_ISSUERS: urls.certificate,
    }
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in locations.items()]
    )
