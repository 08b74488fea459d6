"""Detect RSA keys that can be factored from their public numbers.

The tests are those that a certification authority must make (CA/Browser Forum, Baseline Requirements, 6.1.1.3 and
6.1.6), and one for a modulus that is a prime. A key of a sound generator fails a test with a probability below 2**-100.
The lists of weak keys that Debian generated in 2008 are not checked.
"""

import math
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SMALL_FACTORS = 8192
"""The Baseline Requirements demand 752; this limit costs as much as one signature."""
ODD_EXPONENTS = (3, 5, 7, 11, 13)
"""Exponents of roots. Roots of a higher order are too short to be the primes of a generator."""
FERMAT_ROUNDS = 100
"""As the Baseline Requirements demand (https://fermatattack.secvuln.info)."""
EXPONENT = 65537
LARGEST_ROCA_FACTOR = 701
"""Largest factor of the product in moduli of 2048 bits; that of longer moduli has more factors."""
REMEMBERED = 1024


@lru_cache(REMEMBERED)
def weakness(modulus: int) -> str:
    """Return how a modulus of 512 bits or more can be factored, as a predicate of "its modulus"; empty for a sound one.

    The tests are in the order of their cost. Recent results are cached, because clients send the same key again when
    they renew certificates.
    """
    if _is_power(modulus):
        return "is a power of a smaller number"
    if math.gcd(modulus, _small_factors()) > 1:
        return "is even" if modulus % 2 == 0 else "has a small prime factor"
    if _is_roca(modulus):
        return "is one of an Infineon library whose keys can be factored (ROCA, CVE-2017-15361)"
    if _are_factors_close(modulus):
        return "is a product of two primes that are too close to each other"
    if _is_prime(modulus):
        return "is a prime number"
    return ""


def _is_power(modulus: int) -> bool:
    """Return whether an odd root of it is a whole number; Fermat's method finds squares."""
    return any(_root(modulus, exponent) ** exponent == modulus for exponent in ODD_EXPONENTS)


def _root(number: int, exponent: int) -> int:
    """Return the integer part of the root, by Newton's method from above."""
    root = 1 << -(-number.bit_length() // exponent)
    while (less := ((exponent - 1) * root + number // root ** (exponent - 1)) // exponent) < root:
        root = less
    return root


@cache
def _small_factors() -> int:
    return math.factorial(SMALL_FACTORS)


def _is_roca(modulus: int) -> bool:
    """Return whether it is a power of 65537 modulo every small prime, as one number in 2**154 is (Nemec and others,
    "The Return of Coppersmith's Attack", 2017, section 3.1)."""
    return all(powers >> modulus % prime & 1 for prime, powers in _powers_of_the_generator())


@cache
def _powers_of_the_generator() -> tuple[tuple[int, int], ...]:
    """Return each small prime with the powers of 65537 modulo it as the bits of a number."""
    primes = [each for each in range(3, LARGEST_ROCA_FACTOR + 1) if all(each % less for less in range(2, each))]
    return tuple((prime, sum(1 << power for power in _powers(EXPONENT, prime))) for prime in primes)


def _powers(base: int, prime: int) -> set[int]:
    return {pow(base, exponent, prime) for exponent in range(prime - 1)}


def _are_factors_close(modulus: int) -> bool:
    """Fermat's method: the modulus is a square less a square, the first hardly larger than the modulus itself."""
    begin = math.isqrt(modulus - 1) + 1
    for root in range(begin, begin + FERMAT_ROUNDS):
        difference = root * root - modulus
        if math.isqrt(difference) ** 2 == difference:
            return True
    return False


def _is_prime(modulus: int) -> bool:
    """Return whether the modulus is prime, by a signature with the private exponent that it would then have.

    The signature verifies if the modulus is prime and, except with negligible probability, only then: this is Fermat's
    test. OpenSSL computes the power seven times as fast as ``pow`` and without the interpreter's lock. OpenSSL's own
    primality test is not used, because it makes a hundred rounds for a prime, and a client could send primes.

    OpenSSL needs two prime factors, so the other one is three. When the result by the factors does not verify, as for a
    sound modulus, it computes again with ``d``, which is cheap because ``d`` is short.
    """
    exponent = EXPONENT
    while math.gcd(exponent, modulus - 1) > 1:
        exponent += 2
    numbers = rsa.RSAPrivateNumbers(
        p=modulus,
        q=3,
        d=3,
        dmp1=pow(exponent, -1, modulus - 1),
        dmq1=1,
        iqmp=pow(3, -1, modulus),
        public_numbers=rsa.RSAPublicNumbers(exponent, modulus * 3),
    )
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    scheme = padding.PKCS1v15(), hashes.SHA256()
    try:
        key.public_key().verify(key.sign(b"", *scheme), b"", *scheme)
    except InvalidSignature:
        return False
    return True
