"""Creation of keys: a key is generated, certified if its purpose requires it, and stored as the successor."""

import os
import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db.models import Max

from controlplane.kernel import clock
from controlplane.kernel.named_lock import named_lock
from controlplane.sealing.rows import require_known_kek
from identity import ca, key_cache, key_encryption
from identity.claims import identity_issuer
from identity.key_periods import configured_key_times
from identity.key_schedule import Purpose
from identity.models import KeyPair

TOKEN_KEY_BITS = 2048
ROOT_KEY_BITS = 3072
PUBLIC_EXPONENT = 65537
SUBJECTS = {"root": "Baremint Root CA", "intermediate": "Baremint Identity CA"}

State = KeyPair.State
Generate = Callable[[Purpose], rsa.RSAPrivateKey]


class NoIssuer(Exception):
    """There is no active root to sign an intermediate authority."""


def generate(purpose: Purpose) -> rsa.RSAPrivateKey:
    """Generate a private key. This is slow, so do it before any transaction begins."""
    return rsa.generate_private_key(PUBLIC_EXPONENT, ROOT_KEY_BITS if purpose == "root" else TOKEN_KEY_BITS)


@contextmanager
def generated_ahead(purposes: Sequence[Purpose]) -> Iterator[Generate]:
    """Generate keys for these purposes, with a thread for each core, while the block takes and stores them one by one.

    cryptography releases the interpreter's lock meanwhile. Further keys are generated when the block asks for them;
    keys that it does not take are discarded.
    """
    if len(purposes) < 2:
        yield generate
        return
    futures: defaultdict[Purpose, deque[Future[rsa.RSAPrivateKey]]] = defaultdict(deque)
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="keys")
    try:
        for purpose in purposes:
            futures[purpose].append(pool.submit(generate, purpose))
        yield lambda purpose: futures[purpose].popleft().result() if futures[purpose] else generate(purpose)
    finally:
        pool.shutdown(cancel_futures=True)


def store_successor(purpose: Purpose, region: str, key: rsa.RSAPrivateKey, *, now: datetime) -> KeyPair:
    """Store a key as prepared; it is published from the commit on.

    Raises IntegrityError when there is a successor already, NoIssuer, and ImproperlyConfigured when the configured
    KEK is not that of this database.
    """
    with named_lock("kek"):  # locked until the commit: no key is made under a KEK that is being replaced
        require_known_kek()
    peers = KeyPair.objects.filter(purpose=purpose, region=region)
    generation = (peers.aggregate(last=Max("generation"))["last"] or 0) + 1
    kid = _new_kid(purpose, region, now=now)
    issuer = None
    certificate = None
    if purpose in SUBJECTS:
        common_name = f"{SUBJECTS[purpose]} {region} {generation}"
        lifetime = configured_key_times()[purpose].certificate or timedelta()
        validity = ca.Validity.covering(now, clock.wall_clock(), lifetime=lifetime)
        if purpose == "root":
            certificate = ca.build_root(key, common_name=common_name, validity=validity)
        else:
            issuer = _active_root(region)
            certificate = ca.build_intermediate(
                key.public_key(),
                common_name=common_name,
                issuer=x509.load_pem_x509_certificate(issuer.certificate.encode()),
                issuer_key=key_cache.load_private_key(issuer),
                validity=validity,
            )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair.objects.create(
        purpose=purpose,
        region=region,
        generation=generation,
        kid=kid,
        state=State.PREPARED,
        public_key=public.decode(),
        certificate=ca.pem(certificate) if certificate else "",
        expires_at=certificate.not_valid_after_utc if certificate else None,
        issuer=issuer,
        **key_encryption.seal_private_key(key, kid=kid),
        published_at=now,
    )


def _active_root(region: str) -> KeyPair:
    root = KeyPair.objects.filter(purpose="root", region=region, state=State.ACTIVE).first()
    if root is None:
        raise NoIssuer
    return root


def _new_kid(purpose: Purpose, region: str, *, now: datetime) -> str:
    """Return a new kid.

    Identity keys have ``BMS-CR_us-south_<suffix>``; IAM keys the minute, ``202605110826``, or the next one not taken.
    """
    if purpose == "identity":
        issuer = identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, region)
        return f"{issuer}_{secrets.token_hex(16)}"
    if purpose != "iam":
        return f"{purpose}_{secrets.token_hex(8)}"
    minute = now
    while KeyPair.objects.filter(kid=minute.strftime("%Y%m%d%H%M")).exists():
        minute += timedelta(minutes=1)
    return minute.strftime("%Y%m%d%H%M")
