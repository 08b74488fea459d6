"""Online certificate status (RFC 6960, in the profile of RFC 5019: one certificate a request). Bytes, no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from identity.crl import Revoked

LIFETIME = timedelta(minutes=5)
"""How long a response is valid: minutes rather than days, because the certificates live for minutes too."""
LONGEST_NONCE = 128
"""Octets (RFC 9654, section 2.1); a nonce is not empty."""


class Malformed(Exception):
    """Not a supported OCSP request: not DER, not about one certificate, or with an unknown critical extension."""


@dataclass(frozen=True)
class StatusRequest:
    """The certificate that an OCSP request is about: its serial number, and its issuer by two hashes."""

    serial_number: int
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    algorithm: hashes.HashAlgorithm
    nonce: bytes | None

    def is_about(self, issuer: x509.Certificate) -> bool:
        """Return whether the request is about a certificate of this issuer."""
        return (self.issuer_name_hash, self.issuer_key_hash) == _hashes_of(issuer, self.algorithm)


@dataclass(frozen=True)
class CertificateStatus:
    """Whether a certificate was issued, and whether it was revoked."""

    issued: bool
    revoked: Revoked | None = None


class UnknownIssuer(Exception):
    """The request names its issuer by an unsupported hash algorithm."""


def read(der: bytes) -> StatusRequest:
    """Parse a request in DER. Raises Malformed; UnknownIssuer for an unsupported hash algorithm."""
    try:
        request = ocsp.load_der_ocsp_request(der)
        if request.serial_number < 0:  # RFC 5280, section 4.1.2.2
            raise Malformed
        return StatusRequest(
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
    request: StatusRequest,
    certificate: CertificateStatus,
    *,
    issuer: x509.Certificate,
    issuer_key: RSAPrivateKey,
    now: datetime,
) -> bytes:
    """Return a successful response in DER, signed by the issuer itself, with the nonce of the request."""
    revocation = certificate.revoked
    valid = ocsp.OCSPCertStatus.GOOD if certificate.issued else ocsp.OCSPCertStatus.UNKNOWN
    reason = x509.ReasonFlags(revocation.reason) if revocation and revocation.reason != "unspecified" else None
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=request.issuer_name_hash,
        issuer_key_hash=request.issuer_key_hash,
        serial_number=request.serial_number,
        algorithm=request.algorithm,
        cert_status=ocsp.OCSPCertStatus.REVOKED if revocation else valid,
        this_update=now,
        next_update=now + LIFETIME,
        revocation_time=revocation.at if revocation else None,
        revocation_reason=reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    if request.nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(request.nonce), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.DER)


def refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    """Return an unsuccessful response in DER, which is unsigned (RFC 6960, section 2.3)."""
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
    assert isinstance(key, RSAPublicKey)  # noqa: S101  every authority has an RSA key
    # The bits of the public key without the SubjectPublicKeyInfo around them: for RSA, PKCS #1.
    bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return _hash(issuer.subject.public_bytes(), algorithm), _hash(bits, algorithm)


def _hash(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
