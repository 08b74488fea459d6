"""RSA keys that can be factored are refused, each really able to sign; sound ones are not, and the search is cheap."""

import base64
import hashlib
import math
import secrets
import textwrap
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from controlplane.kernel import weak_rsa
from controlplane.kernel.errors import InvalidValue
from identity import csr
from tests.build import make_csr
from tests.rules.test_csr_vectors import NULL, US, bits, integer, oid, request, rsa_spki, sequence, tlv
from tests.tables import check_each

E = 65537
PRIME = 2**2203 - 1
"""Of Mersenne's, as is 2**1279 - 1."""
CUBE_ROOT = 2**1279 - 1
SHA256_WITH_RSA = sequence(oid("1.2.840.113549.1.1.11"), NULL)
SMALL = math.factorial(1000)
SOUND = rsa.generate_private_key(E, 2048)


def is_prime(candidate: int) -> bool:
    return math.gcd(candidate, SMALL) == 1 and pow(2, candidate - 1, candidate) == 1


def prime_near(start: int, *, step: int = 2) -> int:
    """The first one from ``start`` on with which E is good as an exponent."""
    while not is_prime(start) or (start - 1) % E == 0:
        start += step
    return start


def close_primes() -> tuple[int, int]:
    first = prime_near(secrets.randbits(1024) | 3 << 1022 | 1)
    return first, prime_near(first + 2)


def roca_prime() -> int:
    """As the library made them: k * M + (65537**a mod M)."""
    product = math.prod(each for each in range(2, 702) if all(each % less for less in range(2, each)))
    power = pow(E, secrets.randbits(64), product)
    begin = (3 << 1022) // product + secrets.randbits(40)
    return prime_near(begin * product + power, step=product)


def signed(modulus: int, order: int, *, exponent: int = E) -> str:
    """A request signed with a key that no library makes; ``order``: of the group of numbers modulo it."""
    info = sequence(integer(0), US, rsa_spki(modulus, exponent), tlv(0xA0))
    digest = sequence(
        sequence(oid("2.16.840.1.101.3.4.2.1"), NULL), tlv(0x04, hashlib.sha256(info).digest())
    )  # RFC 8017, section 9.2
    size = (modulus.bit_length() + 7) // 8
    encoded = int.from_bytes(b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest)
    signature = pow(encoded, pow(exponent, -1, order), modulus).to_bytes(size)
    body = "\n".join(textwrap.wrap(base64.b64encode(sequence(info, SHA256_WITH_RSA, bits(signature))).decode(), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"


def of_two(first: int, second: int) -> str:
    return signed(first * second, (first - 1) * (second - 1) if first != second else first * (first - 1))


WEAK: dict[str, tuple[Callable[[], str], str]] = {
    "prime": (lambda: signed(PRIME, PRIME - 1), "is a prime number"),
    "even": (lambda: of_two(2, PRIME), "is even"),
    "three-times-a-prime": (lambda: of_two(3, PRIME), "has a small prime factor"),
    "a-factor-of-13-bits": (lambda: of_two(8191, PRIME), "has a small prime factor"),
    "close-primes": (lambda: of_two(*close_primes()), "is a product of two primes that are too close to each other"),
    "a-square": (lambda: of_two(2**1279 - 1, 2**1279 - 1), "is a product of two primes that are too close"),
    "a-cube": (lambda: signed(CUBE_ROOT**3, CUBE_ROOT**2 * (CUBE_ROOT - 1)), "is a power of a smaller number"),
    "roca": (lambda: of_two(roca_prime(), roca_prime()), "is one of an Infineon library"),
}


def test_a_key_that_can_be_factored_is_refused_and_its_owner_told_to_make_another() -> None:
    def check(name: str) -> None:
        make, reason = WEAK[name]
        with pytest.raises(InvalidValue) as error:
            csr.check(make())
        assert f"its RSA modulus {reason}" in error.value.message
        assert "Make a new key" in error.value.message

    check_each(WEAK, check)


@pytest.mark.parametrize("exponent", [1, 2, 3, 65535, 65538])
def test_an_exponent_that_is_small_or_even_is_refused_with_the_one_to_use(exponent: int) -> None:
    with pytest.raises(InvalidValue, match="use 65537"):
        csr.check(request(spki=rsa_spki(SOUND.public_key().public_numbers().n, exponent)))


@pytest.mark.parametrize("sizes", [(2048, 2048, 2048), (2049,), (3072,), (4096,)], ids=str)
def test_generated_keys_are_not_refused(sizes: tuple[int, ...]) -> None:
    for size in sizes:
        assert csr.check(make_csr(rsa.generate_private_key(E, size)))


def test_a_prime_is_told_whose_predecessor_is_divisible_by_the_usual_exponent() -> None:
    prime = 2 * E * secrets.randbits(600) + 1
    while not is_prime(prime):
        prime += 2 * E
    assert weak_rsa.weakness(prime) == "is a prime number"


def test_a_modulus_that_is_too_long_is_refused_before_anything_is_computed_with_it() -> None:
    tested = weak_rsa.weakness.cache_info()
    with pytest.raises(InvalidValue, match="its RSA key has 16384 bits; use 2048 to 8192"):
        csr.check(request(spki=rsa_spki(2**16384 - 1, E)))
    assert weak_rsa.weakness.cache_info() == tested


def test_a_key_is_not_tested_for_who_has_not_signed_with_it() -> None:
    tested = weak_rsa.weakness.cache_info()
    with pytest.raises(InvalidValue, match="its signature does not match its key"):
        csr.check(request(spki=rsa_spki(PRIME, E)))
    assert weak_rsa.weakness.cache_info() == tested


def test_a_key_is_tested_once_however_often_it_is_sent_or_its_certificate_renewed() -> None:
    weak_rsa.weakness.cache_clear()
    pem = make_csr(SOUND)
    csr.check(pem)
    assert csr.check(pem) == csr.check_again(pem)
    assert weak_rsa.weakness.cache_info()[:2] == (1, 1)


def test_the_test_of_a_key_of_2048_bits_costs_less_cpu_than_forty_signatures() -> None:
    modulus = SOUND.public_key().public_numbers().n
    tested = cpu(lambda: weak_rsa.weakness.__wrapped__(modulus))
    cost = cpu(lambda: SOUND.sign(b"claims", padding.PKCS1v15(), hashes.SHA256()))
    assert tested < 40 * cost


def cpu(work: Callable[[], object]) -> float:
    """Seconds, the least of several."""
    spent = []
    for _ in range(10):
        start = time.thread_time()
        work()
        spent.append(time.thread_time() - start)
    return min(spent)
