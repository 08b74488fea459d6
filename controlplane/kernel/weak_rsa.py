"""RSA keys that anybody can factor: their public numbers alone give the private key away.

What is looked for is what a certification authority has to look for (CA/Browser Forum, Baseline Requirements, 6.1.1.3
and 6.1.6), and a modulus that is no product at all. No key of a sound generator is refused: the chance of one to fail a
test here by accident is below 2**-100. Lists of keys that Debian made in 2008 are not looked into.
"""

import math
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SMALL_FACTORS = 8192
"""The Baseline Requirements ask for 752; up to here it costs as much as one signature."""
ODD_EXPONENTS = (3, 5, 7, 11, 13)
"""Of roots. Those of a higher order are too short for any generator to have made a key of them."""
FERMAT_ROUNDS = 100
"""As the Baseline Requirements ask (https://fermatattack.secvuln.info)."""
EXPONENT = 65537
LARGEST_ROCA_FACTOR = 701
"""Of the product that moduli of 2048 bits, or more, are built around; a longer one has further factors."""
REMEMBERED = 1024


@lru_cache(REMEMBERED)
def weakness(modulus: int) -> str:
    """How a modulus of at least 512 bits is factored, to be read after "its modulus"; empty for a sound one.

    The tests come in the order of their cost. A modulus that was asked about lately is not tested again, so a client
    that sends a key again and again, as those do that renew certificates, makes no work.
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
    """Whether an odd root of it is a whole number; Fermat's method finds squares."""
    return any(_root(modulus, exponent) ** exponent == modulus for exponent in ODD_EXPONENTS)


def _root(number: int, exponent: int) -> int:
    """The integer part of the root, by Newton's method from above."""
    root = 1 << -(-number.bit_length() // exponent)
    while (less := ((exponent - 1) * root + number // root ** (exponent - 1)) // exponent) < root:
        root = less
    return root


@cache
def _small_factors() -> int:
    return math.factorial(SMALL_FACTORS)


def _is_roca(modulus: int) -> bool:
    """Whether it is a power of 65537 modulo every small prime (Nemec and others, "The Return of Coppersmith's Attack",
    2017, section 3.1), as one number in 2**154 is."""
    return all(powers >> modulus % prime & 1 for prime, powers in _powers_of_the_generator())


@cache
def _powers_of_the_generator() -> tuple[tuple[int, int], ...]:
    """Each small prime with the powers of 65537 modulo it, as the bits of a number."""
    primes = [each for each in range(3, LARGEST_ROCA_FACTOR + 1) if all(each % less for less in range(2, each))]
    return tuple((prime, sum(1 << power for power in _powers(EXPONENT, prime))) for prime in primes)


def _powers(base: int, prime: int) -> set[int]:
    return {pow(base, exponent, prime) for exponent in range(prime - 1)}


def _are_factors_close(modulus: int) -> bool:
    """Fermat's method: the modulus is a square less a square, the first hardly larger than the modulus itself."""
    begin = math.isqrt(modulus - 1) + 1
    for root in range(begin, begin + FERMAT_ROUNDS):
        rest = root * root - modulus
        if math.isqrt(rest) ** 2 == rest:
            return True
    return False


def _is_prime(modulus: int) -> bool:
    """Whether the private exponent is the one that everybody can compute, if the modulus is prime: try it.

    What it signs is verified when, and but for a chance of no account only when, the modulus is prime: this is Fermat's
    test. OpenSSL computes the power, seven times as fast as ``pow`` and without the interpreter's lock. Its own test of
    primality repeats itself a hundred times for a prime, which whoever asks would choose.

    OpenSSL wants two prime factors, so three is the other one. It goes back to ``d`` when what it computed by the
    factors does not verify; that is what happens with a sound modulus, and with a short ``d`` it costs nothing.
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
