"""Requests that no library makes: put together byte by byte, and really signed, so that what is odd is all there is."""

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from controlplane.kernel.errors import InvalidValue
from identity import csr
from tests.build import EC_KEY
from tests.tables import check_each

# --- DER (X.690), as much of it as a request has ----------------------------------------------------------------


def tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*contents: bytes) -> bytes:
    return tlv(0x30, *contents)


def a_set(*contents: bytes) -> bytes:
    return tlv(0x31, *contents)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray([40 * first + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return tlv(0x06, bytes(content))


def printable(text: str) -> bytes:
    return tlv(0x13, text.encode())


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), content)


NULL, TRUE = tlv(0x05), tlv(0x01, b"\xff")
COUNTRY, ORGANIZATION, COMMON_NAME = "2.5.4.6", "2.5.4.10", "2.5.4.3"
EXTENSION_REQUEST, CHALLENGE = "1.2.840.113549.1.9.14", "1.2.840.113549.1.9.7"
BASIC_CONSTRAINTS, KEY_USAGE = "2.5.29.19", "2.5.29.15"
ECDSA = {"sha256": "1.2.840.10045.4.3.2", "sha1": "1.2.840.10045.4.1", "sha224": "1.2.840.10045.4.3.1"}
RSA_KEY, PRIME256V1, EC_PUBLIC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.3.1.7", "1.2.840.10045.2.1"


def name(*pairs: tuple[str, bytes]) -> bytes:
    return sequence(*(a_set(sequence(oid(each), value)) for each, value in pairs))


US = name((COUNTRY, printable("US")))
SPKI = EC_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ALGORITHM = sequence(oid(ECDSA["sha256"]))


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(oid(dotted), TRUE if critical else b"", tlv(0x04, value))


def asking_for(*extensions: bytes) -> bytes:
    return sequence(oid(EXTENSION_REQUEST), a_set(sequence(*extensions)))


def request(
    *,
    version: bytes = integer(0),
    subject: bytes = US,
    spki: bytes = SPKI,
    attributes: bytes = b"",
    algorithm: bytes = ALGORITHM,
    digest: hashes.HashAlgorithm | None = None,
    after: bytes = b"",
    unused_bits: int = 0,
) -> str:
    """A request of these parts in PEM, signed by our own key whatever they are."""
    info = sequence(version, subject, spki, tlv(0xA0, attributes))
    signature = EC_KEY.sign(info, ec.ECDSA(digest or hashes.SHA256()))
    der = sequence(info, algorithm, bits(signature, unused_bits), after)
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"


def rsa_spki(modulus: int, exponent: int) -> bytes:
    return sequence(sequence(oid(RSA_KEY), NULL), bits(sequence(integer(modulus), integer(exponent))))


MODULUS = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
POINT = EC_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
EXPLICIT_P256 = sequence(
    integer(1),
    sequence(oid("1.2.840.10045.1.1"), integer(P)),
    sequence(
        tlv(0x04, (P - 3).to_bytes(32, "big")),
        tlv(0x04, bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")),
    ),
    tlv(
        0x04,
        bytes.fromhex(
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        ),
    ),
    integer(0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    integer(1),
)
ED448 = ed448.Ed448PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
CA_TRUE = sequence(TRUE)

VECTORS = {
    "version-2": request(version=integer(1)),
    "version-4": request(version=integer(3)),
    "version-negative": request(version=integer(-1)),
    "subject-is-no-sequence": request(subject=printable("US")),
    "subject-multi-valued": request(
        subject=sequence(a_set(sequence(oid(COUNTRY), printable("US")), sequence(oid(ORGANIZATION), printable("x"))))
    ),
    "subject-empty-part": request(subject=sequence(a_set())),
    "subject-country-of-three-letters": request(subject=name((COUNTRY, printable("USA")))),
    "subject-organization-too-long": request(subject=name((ORGANIZATION, printable("x" * 65)))),
    "subject-common-name-among-others": request(
        subject=name((COUNTRY, printable("US")), (COMMON_NAME, printable("0717-x")))
    ),
    "subject-unknown-attribute": request(subject=name(("1.2.3.4", printable("x")))),
    "subject-with-nul": request(subject=name((ORGANIZATION, tlv(0x0C, b"a\0b")))),
    "subject-not-utf-8": request(subject=name((ORGANIZATION, tlv(0x0C, b"\xff\xfe")))),
    "extension-malformed": request(attributes=asking_for(extension(BASIC_CONSTRAINTS, b"\x30\x05\x01"))),
    "extension-twice": request(attributes=asking_for(*[extension(BASIC_CONSTRAINTS, CA_TRUE)] * 2)),
    "extension-unknown-and-critical": request(attributes=asking_for(extension("1.2.3.4", NULL, critical=True))),
    "extension-authority": request(attributes=asking_for(extension(BASIC_CONSTRAINTS, CA_TRUE, critical=True))),
    "extension-request-twice": request(
        attributes=asking_for() + asking_for(extension(KEY_USAGE, bits(b"\x06", 1), critical=True))
    ),
    "attribute-without-a-value": request(attributes=sequence(oid(CHALLENGE), a_set())),
    "attribute-unknown": request(attributes=sequence(oid("1.2.3.4"), a_set(NULL))),
    "key-rsa-of-16384-bits": request(spki=rsa_spki(2**16383 + 1, 65537)),
    "key-rsa-exponent-1": request(spki=rsa_spki(MODULUS, 1)),
    "key-rsa-exponent-even": request(spki=rsa_spki(MODULUS, 65538)),
    "key-rsa-exponent-huge": request(spki=rsa_spki(MODULUS, 2**64 + 1)),
    "key-rsa-modulus-negative": request(spki=rsa_spki(-MODULUS, 65537)),
    "key-curve-spelled-out": request(spki=sequence(sequence(oid(EC_PUBLIC_KEY), EXPLICIT_P256), bits(POINT))),
    "key-point-not-on-the-curve": request(
        spki=sequence(sequence(oid(EC_PUBLIC_KEY), oid(PRIME256V1)), bits(POINT[:-1] + bytes([POINT[-1] ^ 1])))
    ),
    "key-ed448": request(spki=ED448),
    "key-is-not-the-one-that-signed": request(spki=rsa_spki(MODULUS, 65537)),
    "signature-sha-1": request(algorithm=sequence(oid(ECDSA["sha1"])), digest=hashes.SHA1()),
    "signature-sha-224": request(algorithm=sequence(oid(ECDSA["sha224"])), digest=hashes.SHA224()),
    "signature-of-another-algorithm": request(algorithm=sequence(oid(ECDSA["sha224"]))),
    "signature-algorithm-unknown": request(algorithm=sequence(oid("1.2.3.4"))),
    "signature-with-unused-bits": request(unused_bits=1),
    "something-after-the-signature": request(after=NULL),
}


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_an_odd_request_is_refused_and_csr_is_named_as_the_field() -> None:
    def check(name: str) -> None:
        pem = VECTORS[name]
        with pytest.raises(InvalidValue) as error:
            csr.check(pem)
        assert error.value.target is not None
        assert error.value.target.name == "csr"

    check_each(VECTORS, check)


@pytest.mark.parametrize(
    "pem",
    [request(), request(subject=sequence()), request(attributes=asking_for())],
    ids=["plain", "without-subject", "with-an-empty-extension-request"],
)
def test_a_request_put_together_so_and_nothing_odd_about_it_is_accepted(pem: str) -> None:
    """Else the others would be refused for how they are made."""
    assert csr.check(pem).pem.startswith("-----BEGIN CERTIFICATE REQUEST-----")
