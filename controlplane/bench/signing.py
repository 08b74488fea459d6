"""Measure the machine's raw RS256 rate, to which all other figures are relative."""

import contextlib
import json
import sys
import time
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from controlplane.bench import children


@dataclass(frozen=True)
class RawRate:
    """RSA-2048 SHA-256 signatures per second of all processes together."""

    wall: float
    """By elapsed time: less than ``cpu`` when other programs use the processors too."""
    cpu: float
    """By CPU time."""


def raw_rate(*, processes: int, seconds: float) -> RawRate:
    """Return the rate of ``processes`` processes that only sign for ``seconds``."""
    with contextlib.ExitStack() as stack:
        signers = [stack.enter_context(children.python(__name__, str(seconds))) for _ in range(processes)]
        rates = [RawRate(**json.loads(each.communicate()[0])) for each in signers]
    return RawRate(sum(rate.wall for rate in rates), sum(rate.cpu for rate in rates))


def _sign_for(seconds: float) -> RawRate:
    key = rsa.generate_private_key(65537, 2048)
    message, count = b"x" * 800, 0
    start, start_cpu = time.perf_counter(), time.process_time()
    while (elapsed := time.perf_counter() - start) < seconds:
        key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        count += 1
    return RawRate(count / elapsed, count / (time.process_time() - start_cpu))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_sign_for(float(sys.argv[1])))))
