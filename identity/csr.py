"""A certificate signing request, checked from the outside in: size, PEM, self-signature, key, subject, attributes.

The service writes the Common Name and every extension itself, so a request may carry neither (IBM's metadata service
documentation). ``cryptography`` reads a request lazily and raises while attributes are being looked at, so every
member is touched inside one try block. The most expensive check comes last: a key is tested for weakness only after its
size and its signature have been accepted.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from controlplane.kernel import weak_rsa
from controlplane.kernel.errors import InvalidValue, Target

PEM = re.compile(
    r"\s*-----BEGIN (?P<label>(?:NEW )?CERTIFICATE REQUEST)-----[\r\n]+[A-Za-z0-9+/=\r\n]+-----END (?P=label)-----\s*"
)
SMALLEST_RSA, LARGEST_RSA = 2048, 8192
LARGEST_EXPONENT = 2**32
LARGEST_SUBJECT = 16
EXTENSION_REQUEST = ObjectIdentifier("1.2.840.113549.1.9.14")
ALLOWED_NAMES = {
    NameOID.COUNTRY_NAME: ("C", 2, 2),
    NameOID.STATE_OR_PROVINCE_NAME: ("ST", 1, 128),
    NameOID.LOCALITY_NAME: ("L", 1, 128),
    NameOID.ORGANIZATION_NAME: ("O", 1, 64),
    NameOID.ORGANIZATIONAL_UNIT_NAME: ("OU", 1, 64),
}
"""The names a subject may contain: short form, least and greatest number of characters (RFC 5280, appendix A.1)."""
NEW_KEY = "Make a new key, such as with openssl genrsa 2048, and a new request with it"
ALLOWED_CURVES = (ec.SECP256R1, ec.SECP384R1)
ALLOWED_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class CheckedRequest:
    """A request that may be signed."""

    pem: str
    subject: x509.Name
    public_key: PublicKey


def check(pem: str) -> CheckedRequest:
    """Check a request. Raises InvalidValue, target ``csr``, whose message says what to change without echoing it."""
    request = check_again(pem)
    key = request.public_key
    if isinstance(key, rsa.RSAPublicKey) and (weakness := weak_rsa.weakness(key.public_numbers().n)):
        raise refusal(f"its RSA modulus {weakness}. {NEW_KEY}")
    return request


def check_again(pem: str) -> CheckedRequest:
    """Check a request that was signed before: as ``check``, except for the strength of its key, which cannot change."""
    if "PRIVATE KEY" in pem:
        raise refusal("it contains a private key. Keep that secret, make a new one, and send the request only")
    if not PEM.fullmatch(pem):
        raise refusal("it must be exactly one PEM block, CERTIFICATE REQUEST")
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        for rule in RULES:
            rule(request)
        public_key = request.public_key()
        assert isinstance(public_key, PublicKey)  # noqa: S101  _key refused all others
        return CheckedRequest(pem.strip() + "\n", request.subject, public_key)
    except InvalidValue:
        raise
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ):
        raise refusal("it cannot be decoded as a PKCS #10 request (RFC 2986)") from None


def public_key_sha256(request: CheckedRequest) -> str:
    """Return the fingerprint of a request's key: SHA-256 of the SubjectPublicKeyInfo in DER, hexadecimal."""
    der = request.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def refusal(reason: str) -> InvalidValue:
    return InvalidValue(f"The certificate signing request is refused: {reason}.", target=Target("csr"))


def _key(request: x509.CertificateSigningRequest) -> None:
    try:
        key = request.public_key()
    except ValueError:
        raise refusal(
            "its key is malformed, or off its curve, or its RSA exponent is out of range; use 65537"
        ) from None
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
            raise refusal(f"its RSA key has {key.key_size} bits; use {SMALLEST_RSA} to {LARGEST_RSA}")
        if exponent % 2 == 0 or not 65537 <= exponent < LARGEST_EXPONENT:
            raise refusal("its RSA exponent is out of range; use 65537")
        if key.public_numbers().n % 2 == 0:  # no signature verifies with an even modulus
            raise refusal(f"its RSA modulus is even. {NEW_KEY}")
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ALLOWED_CURVES)):
        raise refusal("its key must be RSA, or on the curve P-256 or P-384")
    elif not _names_its_curve(request, key):
        raise refusal("its key spells out its curve; name it instead (RFC 5480, section 2.1.1)")


def _names_its_curve(request: x509.CertificateSigningRequest, key: ec.EllipticCurvePublicKey) -> bool:
    """Return whether the request names its curve.

    ``cryptography`` reads a curve that is given by its parameters as the named one.
    """
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm = der[2 : 4 + der[3]]  # the first member of a sequence, both shorter than 128 octets
    return algorithm in request.tbs_certrequest_bytes


def _signature(request: x509.CertificateSigningRequest) -> None:
    if not isinstance(request.signature_hash_algorithm, ALLOWED_HASHES):
        raise refusal("it must be signed with SHA-256, SHA-384 or SHA-512")
    # The signature is the last member, a BIT STRING of whole octets: the one before it counts unused bits.
    unused_bits = request.public_bytes(Encoding.DER)[-len(request.signature) - 1]
    if unused_bits or not request.is_signature_valid:
        raise refusal("its signature does not match its key")


def _subject(request: x509.CertificateSigningRequest) -> None:
    names = list(request.subject)
    if len(names) > LARGEST_SUBJECT or any(len(list(rdn)) != 1 for rdn in request.subject.rdns):
        raise refusal(f"its subject has multi-valued parts, or more than {LARGEST_SUBJECT} of them")
    for name in names:
        if name.oid == NameOID.COMMON_NAME:
            raise refusal("its subject has a Common Name; the service sets that to the server's id, leave it out")
        if name.oid not in ALLOWED_NAMES:
            raise refusal("its subject may hold only C, ST, L, O and OU")
        if not isinstance(name.value, str) or not name.value.isprintable():
            raise refusal("its subject has characters that do not print")
        label, shortest, longest = ALLOWED_NAMES[name.oid]
        if not shortest <= len(name.value) <= longest:
            raise refusal(f"{label} in its subject must have {shortest} to {longest} characters")


def _attributes(request: x509.CertificateSigningRequest) -> None:
    if len(request.extensions):
        raise refusal("it asks for extensions; the service sets them itself, leave them out")
    # An empty extension request, as in IBM's own sample, asks for nothing and is accepted; only the first is read.
    oids = [attribute.oid for attribute in request.attributes]
    if any(each != EXTENSION_REQUEST for each in oids) or len(oids) > 1:
        raise refusal("it has attributes, such as a challenge password; leave them out")


RULES: tuple[Callable[[x509.CertificateSigningRequest], None], ...] = (
    _key,
    _signature,
    _subject,
    _attributes,
)
