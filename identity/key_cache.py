"""The keys a process signs and verifies with: read from the database at most once a second, decrypted once.

A rotation is noticed within that second; for an unknown kid the database is asked at once, so a token signed by a key
that was handed over a moment ago verifies everywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings

from controlplane.kernel.errors import ApiError
from controlplane.kernel.fresh_value import FreshValue
from identity import key_encryption
from identity.key_schedule import LEEWAY
from identity.models import STATES_THAT_VERIFY, KeyPair

FRESH_SECONDS = 1.0
TOKEN_PURPOSES = (KeyPair.Purpose.IDENTITY, KeyPair.Purpose.IAM)


class NoActiveKey(ApiError):
    """Nothing signs for this purpose in this region, at this time."""


@dataclass(frozen=True, repr=False)
class Signer:
    row_id: int
    kid: str
    algorithm: str
    private_key: RSAPrivateKey
    certificate: str
    """PEM, of a certificate authority; empty for other keys."""
    activated_at: datetime

    def is_later_than(self, instant: datetime) -> bool:
        """Whether what is issued at this instant would be older than the key, by more than the clocks of two machines
        may differ."""
        return self.activated_at > instant + LEEWAY


@dataclass(frozen=True)
class Verifier:
    kid: str
    region: str
    algorithm: str
    public_key: RSAPublicKey


@dataclass(frozen=True)
class CachedKeys:
    """What was read at one moment. Replaced whole, so a reader in another thread never sees a half."""

    verifiers: dict[str, Verifier]
    """By kid."""
    signers: dict[str, Signer]
    """By kid: the active ones, and of an authority all."""
    active: dict[str, Signer]
    """By region."""


class KeyCache:
    """The published keys of one purpose. Identity keys are those of all regions, others those of this one."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self.forget()

    def signer(self, region: str, *, at: datetime | None) -> Signer:
        signer = self._keys.get().active.get(region)
        if signer and at and signer.is_later_than(at):  # the clock was moved back; by now it may have been succeeded
            signer = self._keys.get(seconds=FRESH_SECONDS / 10).active.get(region)
        if signer is None:
            raise NoActiveKey(f"There is no active {self.purpose} key in {region}. Run: baremint bootstrap")
        if at and signer.is_later_than(at):
            raise NoActiveKey(
                f"The clock is behind the {self.purpose} key, which signs from "
                f"{signer.activated_at:%Y-%m-%dT%H:%M:%SZ} on. A tick of Celery beat replaces it; retry."
            )
        return signer

    def signers(self) -> dict[str, Signer]:
        return self._keys.get().signers

    def verifier(self, kid: str) -> Verifier | None:
        verifier = self._keys.get().verifiers.get(kid)
        return verifier or self._keys.get(seconds=FRESH_SECONDS / 10).verifiers.get(kid)

    def forget(self) -> None:
        """Read and decrypt every key again at the next use."""
        self._keys = FreshValue(self._read, seconds=FRESH_SECONDS)

    def _read(self, last: CachedKeys | None) -> CachedKeys:
        rows = KeyPair.objects.filter(purpose=self.purpose, state__in=STATES_THAT_VERIFY)
        if self.purpose != KeyPair.Purpose.IDENTITY:
            rows = rows.filter(region=settings.BAREMINT_REGION)
        before = last or CachedKeys({}, {}, {})
        verifiers = {row.kid: before.verifiers.get(row.kid) or _verifier_of(row) for row in rows}
        # An intermediate authority signs revocation lists for as long as it has its private key.
        is_authority = self.purpose == KeyPair.Purpose.INTERMEDIATE
        signing = [row for row in rows if row.state == KeyPair.State.ACTIVE or (is_authority and row.ciphertext)]
        signers = {row.kid: before.signers.get(row.kid) or signer_of(row) for row in signing}
        active = {row.region: signers[row.kid] for row in rows if row.state == KeyPair.State.ACTIVE}
        return CachedKeys(verifiers, signers, active)


def _verifier_of(row: KeyPair) -> Verifier:
    return Verifier(row.kid, row.region, row.algorithm, load_public_key(row))


def signer_of(row: KeyPair) -> Signer:
    """With its private key decrypted. Raises ImproperlyConfigured when the KEK does not fit."""
    since = row.activated_at or row.published_at
    return Signer(row.pk, row.kid, row.algorithm, load_private_key(row), row.certificate, since)


def load_private_key(row: KeyPair) -> RSAPrivateKey:
    """Decrypt the private key of a row. Raises ImproperlyConfigured when the KEK does not fit."""
    return cast(RSAPrivateKey, key_encryption.unseal_private_key(row))


def load_public_key(row: KeyPair) -> RSAPublicKey:
    return cast(RSAPublicKey, serialization.load_pem_public_key(row.public_key.encode()))


_caches = {
    purpose: KeyCache(purpose) for purpose in (*TOKEN_PURPOSES, KeyPair.Purpose.INTERMEDIATE, KeyPair.Purpose.TLS)
}


def signer(purpose: str, *, region: str = "", at: datetime | None = None) -> Signer:
    """The active key of a purpose, in this region unless another is named, for what is issued ``at`` that instant.

    Raises NoActiveKey, also when the key is of a later time.
    """
    return _caches[KeyPair.Purpose(purpose)].signer(region or settings.BAREMINT_REGION, at=at)


def verifier(purpose: str, kid: str) -> Verifier | None:
    """The published key of this id, or None."""
    return _caches[KeyPair.Purpose(purpose)].verifier(kid)


def authorities() -> dict[str, Signer]:
    """Every intermediate authority that is not retired, by kid: each signs the revocation lists of what it issued."""
    return _caches[KeyPair.Purpose.INTERMEDIATE].signers()


def forget() -> None:
    """After a rotation in this process: do not wait for the second to pass."""
    for cache in _caches.values():
        cache.forget()
