"""Online certificate status (RFC 6960, in the profile of RFC 5019: one certificate a request). Bytes, no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponderEncoding, OCSPResponseStatus

from identity.crl import Revoked

LIFETIME = timedelta(minutes=5)
"""How long an answer may be relied upon. Certificates live for minutes, so an answer does not live for days."""
LONGEST_NONCE = 128
"""Octets (RFC 9654, section 2.1); a nonce is not empty."""


class Malformed(Exception):
    """Not an OCSP request that is answered here: not DER, not one certificate, or with an extension that nobody knows
    and that says it is critical."""


@dataclass(frozen=True)
class Question:
    """Of which certificate the status is asked: its serial number, and its issuer by two hashes."""

    serial_number: int
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    algorithm: hashes.HashAlgorithm
    nonce: bytes | None

    def is_about(self, issuer: x509.Certificate) -> bool:
        """Whether the certificate that is asked about would be one of this issuer."""
        return (self.issuer_name_hash, self.issuer_key_hash) == _hashes_of(issuer, self.algorithm)


@dataclass(frozen=True)
class Standing:
    """What is known of a certificate: issued or not, revoked or not."""

    issued: bool
    revoked: Revoked | None = None


class UnknownIssuer(Exception):
    """The question names its issuer in a way that nobody here understands."""


def read(der: bytes) -> Question:
    """Raises Malformed; UnknownIssuer for a hash algorithm that is not known."""
    try:
        request = ocsp.load_der_ocsp_request(der)
        if request.serial_number < 0:  # RFC 5280, section 4.1.2.2
            raise Malformed
        return Question(
            request.serial_number,
            request.issuer_name_hash,
            request.issuer_key_hash,
            request.hash_algorithm,
            _nonce(request.extensions),
        )
    except UnsupportedAlgorithm:
        raise UnknownIssuer from None
    except (ValueError, NotImplementedError, x509.DuplicateExtension):
        raise Malformed from None


def answer(
    question: Question, standing: Standing, *, issuer: x509.Certificate, issuer_key: RSAPrivateKey, now: datetime
) -> bytes:
    """A successful response in DER, signed by the issuer itself; a nonce is returned."""
    revoked = standing.revoked
    status = OCSPCertStatus.REVOKED if revoked else OCSPCertStatus.GOOD if standing.issued else OCSPCertStatus.UNKNOWN
    reason = x509.ReasonFlags(revoked.reason) if revoked and revoked.reason != "unspecified" else None
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=question.issuer_name_hash,
        issuer_key_hash=question.issuer_key_hash,
        serial_number=question.serial_number,
        algorithm=question.algorithm,
        cert_status=status,
        this_update=now,
        next_update=now + LIFETIME,
        revocation_time=revoked.at if revoked else None,
        revocation_reason=reason,
    )
    builder = builder.responder_id(OCSPResponderEncoding.HASH, issuer)
    if question.nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(question.nonce), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.DER)


def refusal(status: OCSPResponseStatus) -> bytes:
    """An unsuccessful response in DER; nobody signs it (RFC 6960, section 2.3)."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _nonce(extensions: x509.Extensions) -> bytes | None:
    nonce = None
    for extension in extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            nonce = extension.value.nonce
            if not 1 <= len(nonce) <= LONGEST_NONCE:
                raise Malformed
        elif extension.critical:
            raise Malformed
    return nonce


def _hashes_of(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    key = issuer.public_key()
    assert isinstance(key, RSAPublicKey)  # noqa: S101  every authority's is
    # The bits of the public key without what wraps them, which for RSA is PKCS #1.
    bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return _hash(issuer.subject.public_bytes(), algorithm), _hash(bits, algorithm)


def _hash(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
