"""Builders: the smallest valid thing of each kind, with what a test cares about as keyword arguments."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from controlplane.kernel.facts import NamedRef, ServerFacts

SERVER_ID = "0717-11111111-1111-4111-8111-111111111111"
FACTS = ServerFacts(
    id=SERVER_ID,
    crn=f"crn:v1:bluemix:public:is:us-south-1:a/{'a' * 32}::bare-metal-server:{SERVER_ID}",
    name="web-1",
    account_id="a" * 32,
    region="us-south",
    zone="us-south-1",
    profile_name="bx2-metal-96x384",
    resource_group_id="c" * 32,
    vpc=NamedRef("r006-v", "crn:v1:bluemix:public:is:us-south:a/x::vpc:r006-v", "vpc"),
    subnets=(NamedRef("0717-s", "crn:v1:bluemix:public:is:us-south-1:a/x::subnet:0717-s", "subnet"),),
    addresses=("10.240.0.4",),
    metadata_enabled=True,
    metadata_allowed=True,
    metadata_protocol="http",
    metadata_session="11111111-1111-4111-8111-111111111111_1",
    metadata_epoch=1,
    default_trusted_profile_id=None,
    revision=1,
    number=1,
)


def make_facts(**changes: Any) -> ServerFacts:
    return replace(FACTS, **changes)


Key = Any
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def make_csr(
    key: Key = EC_KEY,
    *,
    names: tuple[tuple[x509.ObjectIdentifier, str], ...] = ((NameOID.COUNTRY_NAME, "US"),),
    extensions: tuple[x509.ExtensionType, ...] = (),
    attributes: tuple[tuple[x509.ObjectIdentifier, bytes], ...] = (),
    algorithm: hashes.HashAlgorithm | None = None,
) -> str:
    """A certificate signing request in PEM."""
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    for oid, value in attributes:
        builder = builder.add_attribute(oid, value)
    request = builder.sign(key, algorithm or hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class Issuer:
    """An authority that signed itself: what signs lists and answers, when only those matter."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def make_issuer(common_name: str = "Test CA", *, key: rsa.RSAPrivateKey | None = None) -> Issuer:
    key = key or rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Issuer(builder.sign(key, hashes.SHA256()), key)
