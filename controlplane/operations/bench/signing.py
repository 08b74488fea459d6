"""The machine's raw RS256 rate: what every other figure is a share of."""

import multiprocessing
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def raw_rate(*, processes: int, seconds: float) -> float:
    """RSA-2048 SHA-256 signatures per second over ``processes`` processes that do nothing else."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.map(_sign_for, [seconds] * processes))


def _sign_for(seconds: float) -> float:
    key = rsa.generate_private_key(65537, 2048)
    message, count = b"x" * 800, 0
    begun = time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        count += 1
    return count / elapsed
