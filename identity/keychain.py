"""The keys a process signs and verifies with: read from the database at most once a second, decrypted once.

A rotation is noticed within that second; a kid nobody knows asks the database at once, so a token signed by a key
that was handed over a moment ago verifies everywhere.
"""

import threading
import time
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings

from controlplane.kernel.errors import ApiError
from identity import keystore
from identity.models import KeyPair
from identity.models.key import STATES_THAT_VERIFY

FRESH_SECONDS = 1.0
TOKEN_PURPOSES = (KeyPair.Purpose.IDENTITY, KeyPair.Purpose.IAM)


@dataclass(frozen=True, repr=False)
class Signer:
    row_id: int
    kid: str
    algorithm: str
    private_key: RSAPrivateKey
    certificate: str
    """PEM, of a certificate authority; empty for a token key."""


@dataclass(frozen=True)
class Verifier:
    kid: str
    algorithm: str
    public_key: RSAPublicKey


class Keychain:
    """The published keys of one purpose in this region."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._signer: Signer | None = None
        self._verifiers: dict[str, Verifier] = {}

    def signer(self) -> Signer:
        self._refresh(FRESH_SECONDS)
        if self._signer is None:
            raise ApiError(f"There is no active {self.purpose} key. Run: baremint bootstrap")
        return self._signer

    def verifier(self, kid: str) -> Verifier | None:
        self._refresh(FRESH_SECONDS)
        if kid not in self._verifiers:
            self._refresh(FRESH_SECONDS / 10)
        return self._verifiers.get(kid)

    def forget(self) -> None:
        """Read anew at the next use."""
        with self._lock:
            self._read_at, self._signer, self._verifiers = float("-inf"), None, {}

    def _refresh(self, fresh: float) -> None:
        if time.monotonic() - self._read_at < fresh:
            return
        with self._lock:
            if time.monotonic() - self._read_at < fresh:
                return
            rows = KeyPair.objects.filter(
                purpose=self.purpose, region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY
            )
            verifiers: dict[str, Verifier] = {}
            signer = None
            for row in rows:
                verifiers[row.kid] = self._verifiers.get(row.kid) or Verifier(
                    row.kid, row.algorithm, load_public_key(row)
                )
                if row.state == KeyPair.State.ACTIVE:
                    same = self._signer is not None and self._signer.kid == row.kid
                    signer = self._signer if same else _signer_of(row)
            self._verifiers, self._signer = verifiers, signer
            self._read_at = time.monotonic()


def _signer_of(row: KeyPair) -> Signer:
    return Signer(row.pk, row.kid, row.algorithm, load_private_key(row), row.certificate)


def load_private_key(row: KeyPair) -> RSAPrivateKey:
    """Decrypt the private key of a row. Raises ImproperlyConfigured when the KEK does not fit."""
    sealed = keystore.Sealed(row.kek_id, bytes(row.nonce), bytes(row.ciphertext))
    return cast(RSAPrivateKey, keystore.unseal(sealed, bound_to=row.kid))


def load_public_key(row: KeyPair) -> RSAPublicKey:
    return cast(RSAPublicKey, serialization.load_pem_public_key(row.public_key.encode()))


_chains = {purpose: Keychain(purpose) for purpose in (*TOKEN_PURPOSES, KeyPair.Purpose.INTERMEDIATE)}


def signer(purpose: str) -> Signer:
    """The active key of a purpose. Raises ApiError when there is none."""
    return _chains[KeyPair.Purpose(purpose)].signer()


def verifier(purpose: str, kid: str) -> Verifier | None:
    """The published key of this id, or None."""
    return _chains[KeyPair.Purpose(purpose)].verifier(kid)


def forget() -> None:
    """After a rotation in this process: do not wait for the second to pass."""
    for chain in _chains.values():
        chain.forget()
