"""What a refused certificate signing request is told, and where each limit lies to the bit, octet and character."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from controlplane.kernel.errors import InvalidValue, Target
from identity import csr
from tests.build import EC_KEY, make_csr
from tests.rules.test_csr_vectors import (
    CHALLENGE,
    COUNTRY,
    EC_PUBLIC_KEY,
    ECDSA,
    ED448,
    EXPLICIT_P256,
    MODULUS,
    NULL,
    ORGANIZATION,
    POINT,
    a_set,
    asking_for,
    bits,
    name,
    oid,
    printable,
    request,
    rsa_spki,
    sequence,
    tlv,
)
from tests.tables import check_each

NO_MATCH = "its signature does not match its key"
"""Said of a key that is good in itself, when another signed."""
EXPONENT = "its RSA exponent is out of range; use 65537"
CURVE = "its key must be RSA, or on the curve P-256 or P-384"
ATTRIBUTES = "it has attributes, such as a challenge password; leave them out"
MALFORMED_KEY = "its key is malformed, or off its curve, or its RSA exponent is out of range; use 65537"
UNREADABLE = "it cannot be decoded as a PKCS #10 request (RFC 2986)"
MANY_NAMES = "its subject has multi-valued parts, or more than 16 of them"
SPELLED_OUT = sequence(sequence(oid(EC_PUBLIC_KEY), EXPLICIT_P256), bits(POINT))
UTF_8 = 0x0C
TWO_IN_ONE = a_set(sequence(oid(ORGANIZATION), printable("x")), sequence(oid(COUNTRY), printable("US")))
"""In DER's order; in another one they cannot be decoded."""
A_CHALLENGE = sequence(oid(CHALLENGE), a_set(printable("secret")))
NOTHING_ASKED = asking_for()


def named(oid: str, text: str) -> str:
    return request(subject=name((oid, tlv(UTF_8, text.encode()))))


def unused_bit_of_zero() -> str:
    """With an unused bit of one the request could not be decoded. Every signature is another one, half of them even."""
    pems = (request(unused_bits=1) for _ in range(100))
    return next(pem for pem in pems if base64.b64decode("".join(pem.splitlines()[1:-1]))[-1] % 2 == 0)


REASONS = {
    "private-key": (
        "-----BEGIN PRIVATE KEY-----",
        "it contains a private key. Keep that secret, make a new one, and send the request only",
    ),
    "not-pem": ("hello", "it must be exactly one PEM block, CERTIFICATE REQUEST"),
    "version-4": (request(version=b"\x02\x01\x03"), UNREADABLE),
    "key-not-on-the-curve": (
        request(spki=sequence(sequence(oid(EC_PUBLIC_KEY), oid("1.2.840.10045.3.1.7")), bits(POINT[:-1] + b"\0"))),
        MALFORMED_KEY,
    ),
    "rsa-2047-bits": (request(spki=rsa_spki(2**2046 + 1, 65537)), "its RSA key has 2047 bits; use 2048 to 8192"),
    "rsa-2048-bits": (request(spki=rsa_spki(2**2047 + 1, 65537)), NO_MATCH),
    "rsa-8192-bits": (request(spki=rsa_spki(2**8191 + 1, 65537)), NO_MATCH),
    "rsa-8193-bits": (request(spki=rsa_spki(2**8192 + 1, 65537)), "its RSA key has 8193 bits; use 2048 to 8192"),
    "exponent-65535": (request(spki=rsa_spki(MODULUS, 65535)), EXPONENT),
    "exponent-65537": (request(spki=rsa_spki(MODULUS, 65537)), NO_MATCH),
    "exponent-just-below-2-to-the-32": (request(spki=rsa_spki(MODULUS, 2**32 - 1)), NO_MATCH),
    "exponent-just-above-2-to-the-32": (request(spki=rsa_spki(MODULUS, 2**32 + 1)), EXPONENT),
    "p-521": (make_csr(ec.generate_private_key(ec.SECP521R1())), CURVE),
    "ed448": (request(spki=ED448), CURVE),
    "curve-spelled-out": (
        request(spki=SPELLED_OUT),
        "its key spells out its curve; name it instead (RFC 5480, section 2.1.1)",
    ),
    "sha-224": (
        request(algorithm=sequence(oid(ECDSA["sha224"])), digest=hashes.SHA224()),
        "it must be signed with SHA-256, SHA-384 or SHA-512",
    ),
    "unused-bits": (unused_bit_of_zero(), NO_MATCH),
    "multi-valued": (request(subject=sequence(TWO_IN_ONE)), MANY_NAMES),
    "17-names": (request(subject=name(*[(ORGANIZATION, printable("x"))] * 17)), MANY_NAMES),
    "common-name": (
        make_csr(names=((NameOID.COMMON_NAME, "web-1"),)),
        "its subject has a Common Name; the service sets that to the server's id, leave it out",
    ),
    "another-name": (named("1.2.3.4", "x"), "its subject may hold only C, ST, L, O and OU"),
    "line-break": (named(ORGANIZATION, "a\nb"), "its subject has characters that do not print"),
    "extensions": (
        request(attributes=asking_for(sequence(oid("1.2.3.4"), tlv(0x04, NULL)))),
        "it asks for extensions; the service sets them itself, leave them out",
    ),
    "challenge": (request(attributes=A_CHALLENGE), ATTRIBUTES),
    "challenge-beside-an-empty-extension-request": (request(attributes=NOTHING_ASKED + A_CHALLENGE), ATTRIBUTES),
    "two-empty-extension-requests": (request(attributes=NOTHING_ASKED * 2), ATTRIBUTES),
}


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_refusal_says_what_to_change() -> None:
    def check(name: str) -> None:
        pem, reason = REASONS[name]
        with pytest.raises(InvalidValue) as error:
            csr.check(pem)
        assert error.value.message == f"The certificate signing request is refused: {reason}."
        assert error.value.target == Target("csr")

    check_each(REASONS, check)


NAMES = {
    "C": (NameOID.COUNTRY_NAME, 2, 2),
    "ST": (NameOID.STATE_OR_PROVINCE_NAME, 1, 128),
    "L": (NameOID.LOCALITY_NAME, 1, 128),
    "O": (NameOID.ORGANIZATION_NAME, 1, 64),
    "OU": (NameOID.ORGANIZATIONAL_UNIT_NAME, 1, 64),
}


@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize("label", NAMES)
def test_a_name_may_be_as_short_and_as_long_as_the_standard_says(label: str) -> None:
    """In characters: those of the longest are two octets each."""
    name, shortest, longest = NAMES[label]
    for good in ("x" * shortest, "\N{LATIN SMALL LETTER E WITH ACUTE}" * longest):
        assert csr.check(named(name.dotted_string, good)).subject.get_attributes_for_oid(name)[0].value == good
    for bad in ("x" * (shortest - 1), "x" * (longest + 1)):
        with pytest.raises(InvalidValue) as error:
            csr.check(named(name.dotted_string, bad))
        assert f"{label} in its subject must have {shortest} to {longest} characters" in error.value.message


def test_sixteen_names_are_accepted() -> None:
    assert len(list(csr.check(request(subject=name(*[(ORGANIZATION, printable("x"))] * 16))).subject)) == 16


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name)
def test_a_request_signed_with_one_of_three_hashes_is_accepted(digest: hashes.HashAlgorithm) -> None:
    assert csr.check(make_csr(algorithm=digest)).public_key.public_numbers() == EC_KEY.public_key().public_numbers()


@pytest.mark.parametrize("label", ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
def test_both_labels_are_accepted_in_whatever_whitespace_and_kept_without_it(label: str) -> None:
    pem = make_csr().strip().replace("CERTIFICATE REQUEST", label)
    assert csr.check(f" \n{pem}\n\n ").pem == pem + "\n"


def test_a_label_must_be_the_same_at_both_ends() -> None:
    with pytest.raises(InvalidValue, match="exactly one PEM block"):
        csr.check(make_csr().replace("BEGIN CERTIFICATE", "BEGIN NEW CERTIFICATE"))


def test_a_key_is_known_by_the_hash_of_its_public_half_in_der() -> None:
    der = EC_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert csr.public_key_sha256(csr.check(make_csr())) == hashlib.sha256(der).hexdigest()
