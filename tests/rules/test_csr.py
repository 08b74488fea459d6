"""Which certificate signing requests are signed, and why the others are not."""

import base64
import textwrap

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AttributeOID, NameOID

from controlplane.kernel.errors import InvalidValue
from identity import csr
from tests.build import EC_KEY, make_csr
from tests.tables import check_each

US = (NameOID.COUNTRY_NAME, "US")
GOOD = make_csr()


def rsa_key(bits: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def ed25519_csr() -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    return request.public_bytes(serialization.Encoding.PEM).decode()


def pem_of(der: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"


def der_of(pem: str) -> bytes:
    return x509.load_pem_x509_csr(pem.encode()).public_bytes(serialization.Encoding.DER)


DSA_2048 = """-----BEGIN CERTIFICATE REQUEST-----
MIIDuDCCA14CAQAwDTELMAkGA1UEBhMCVVMwggNGMIICOQYHKoZIzjgEATCCAiwC
ggEBALRbTqzNix3agmDDdnW4lg7Q6xhJIBL6QB5rVDFGD8InTPd5qOJhTn558X7p
ZLBYYGycq72gqFdUvj1oTe/c1QiT9EvXfjhhV9MTwT3wh1SpTTSlAGU4dfuP5K1A
LlZrWjul/DQzQCRuyp3YvYrc07Y7aXzT2lSGy+wgRKpFXjHsfzWT2I8q9FTM/pqs
y0kGRVUBMbVd8i2hU/vzfJ587uYuFH6gXP7u7GNAJWsSbkgaWfSN4Wl/rndH7FeO
sCgG1J9Fl53Kj4tqKKLtM4KgVrebIgy9d0rYLtWJXFxnGEjlmwiBFmj2rVlpcdcF
gho68P5HeH7BFex57wDJ29C+v+cCIQCMCyNIgp1Q0H1BHGca86rRDuaU8r3Q8QUc
TBN0ZTIddwKCAQAKqycRwv7pxiJkmGbUhuqJVOpeyBpMXF7xtE8NLmtoSlQaQI/u
oUkbpCA/ZhPrE4aQCufj1UU51UJTX7rb9wdWd5yHH2rv2B5w68WglhGs86fNJMfA
Lih1ggfcgeO/TePgbsXnT7DJQI+Xk+9vnN41B9QsV6tLvd4inob3PHOKCsq+0+sA
FRtl2fyl6ouI0eS9wkbCsYudC4YkpEt4bylpxMRalBhfyfcIUYpg/Fy+6EL6867y
y3kiPONByONrj5U2FlgwFBMEILd1t1fw2ob9DrHU50QyuFJAcei03uJyBH1EMajS
h4kMTo1yPe0jOLYzAdYkhCEnraWDAwKo4FT/A4IBBQACggEAZZFmBz7nHRNQXdtd
ur402iSwrTViRCtJMe50qSqa0UuTf5QOUTA6fsof3R2FQoOz3FoFNIghBgYKqS0H
OluVa9O9P0a2hbsqkc08Bl1CO1Szmuu0HYSRIKtYdpCkkyqpJ5dP+vVuAsJTxF3Z
m/pomtXcHTZa0U+TA2LMRXCpz3c8KIqLXYcXJqGsoRqHihgJMDsVLk5ppbah2IZ5
6dLlnqVGdWLtx+hgrWvXWI1uRaDJYSXjOrH3sfc5nsGmAPmmmtH/dqEtyaq0n204
jr1ewqYJoPA0BYJjy1GZmkek/bEN0W9TohGpVJfDjSbnaORktFGcIhIAz621dG83
03ySuaAAMAsGCWCGSAFlAwQDAgNHADBEAiBN++QPHKYIDDKGQmdhI6fAbW0//5qx
xrafS9+vl5u5lQIgaWIQvNM+fPHCD3r9fqYSSZZuQE8bdh835nBuFYtCAdU=
-----END CERTIFICATE REQUEST-----
"""
"""Made once: to find the parameters of such a key takes seconds."""
PRIVATE_KEY = EC_KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()

ACCEPTED = {
    "subject-country-only": GOOD,
    "subject-empty": make_csr(names=()),
    "subject-every-allowed-name": make_csr(names=tuple((oid, "US") for oid in csr.ALLOWED_NAMES)),
    "rsa-2048": make_csr(rsa_key(2048)),
    "p-384": make_csr(ec.generate_private_key(ec.SECP384R1())),
    "sha-512": make_csr(algorithm=hashes.SHA512()),
    "crlf-line-ends": GOOD.replace("\n", "\r\n"),
    "no-final-newline": GOOD.rstrip("\n"),
}

REFUSED = {
    "empty": "",
    "not-pem": "hello",
    "der-as-text": base64.b64encode(der_of(GOOD)).decode(),
    "truncated": GOOD[:-40],
    "garbage-inside-the-pem-block": pem_of(b"\x30\x03\x02\x01\x00"),
    "two-blocks": GOOD + GOOD,
    "trailing-text": GOOD + "and more",
    "certificate-label": GOOD.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
    "private-key": PRIVATE_KEY,
    "private-key-beside-it": GOOD + PRIVATE_KEY,
    "nul-byte": GOOD.replace("\n", "\x00\n", 1),
    "byte-order-mark": "\ufeff" + GOOD,
    "common-name": make_csr(names=(US, (NameOID.COMMON_NAME, "web-1"))),
    "email-in-subject": make_csr(names=(US, (NameOID.EMAIL_ADDRESS, "a@example.com"))),
    "serial-number-in-subject": make_csr(names=((NameOID.SERIAL_NUMBER, "1"),)),
    "two-hundred-names": make_csr(names=((NameOID.ORGANIZATION_NAME, "x"),) * 200),
    "control-character-in-subject": make_csr(names=((NameOID.ORGANIZATION_NAME, "a\nb"),)),
    "subject-alternative-name": make_csr(extensions=(x509.SubjectAlternativeName([x509.DNSName("a")]),)),
    "basic-constraints-ca": make_csr(extensions=(x509.BasicConstraints(ca=True, path_length=None),)),
    "challenge-password": make_csr(attributes=((AttributeOID.CHALLENGE_PASSWORD, b"secret"),)),
    "rsa-1024": make_csr(rsa_key(1024)),
    "rsa-exponent-3": make_csr(rsa_key(2048, exponent=3)),
    "dsa": DSA_2048,
    "p-521": make_csr(ec.generate_private_key(ec.SECP521R1())),
    "secp256k1": make_csr(ec.generate_private_key(ec.SECP256K1())),
    "ed25519": ed25519_csr(),
}


def test_a_request_is_accepted() -> None:
    # D-11
    def check(name: str) -> None:
        pem = ACCEPTED[name]
        assert csr.check(pem).pem.startswith("-----BEGIN CERTIFICATE REQUEST-----")

    check_each(ACCEPTED, check)


def test_a_request_is_refused_and_csr_is_named_as_the_field() -> None:
    def check(name: str) -> None:
        pem = REFUSED[name]
        with pytest.raises(InvalidValue) as error:
            csr.check(pem)
        assert error.value.target is not None
        assert error.value.target.name == "csr"

    check_each(REFUSED, check)


def test_a_refusal_never_echoes_a_private_key() -> None:
    with pytest.raises(InvalidValue) as error:
        csr.check(PRIVATE_KEY)
    assert PRIVATE_KEY.splitlines()[1] not in str(error.value.as_json())


def test_no_request_with_one_byte_changed_is_accepted() -> None:
    good = der_of(GOOD)
    for position in range(len(good)):
        mutation = bytearray(good)
        mutation[position] ^= 0x01
        with pytest.raises(InvalidValue):
            csr.check(pem_of(bytes(mutation)))
