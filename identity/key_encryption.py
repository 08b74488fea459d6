"""Private keys and stored values of API keys at rest, and the KEK that they are encrypted under (controlplane/sealing).

A KEK that does not decrypt what is stored stops the start; no new key is made in its place. Each KEK in use has a known
answer in the database, which reveals a wrong KEK even when no secret is left to try it on.
"""

from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from controlplane.kernel.named_lock import named_lock
from controlplane.sealing import keks
from controlplane.sealing.keks import KEK_FILE, Sealed, first_kek
from controlplane.sealing.rows import has_secrets, require_fitting_kek
from identity.models import KeyPair, KnownAnswer

ANSWER = b"baremint known answer"


def seal_private_key(private_key: PrivateKeyTypes, *, kid: str) -> Sealed:
    """Encrypt a private key for the row with this kid."""
    der = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return keks.seal(der, bound_to=kid)


def unseal_private_key(row: KeyPair) -> PrivateKeyTypes:
    """Decrypt a private key. Raises ImproperlyConfigured when no configured KEK fits."""
    # Authenticated encryption: what decrypts is what was stored. Checking its primes takes as long as fifty signatures.
    return serialization.load_der_private_key(keks.unseal(row), password=None, unsafe_skip_rsa_key_validation=True)


def register_kek(*, now: datetime) -> None:
    """Check that the configured KEKs are those of this database, and store a known answer of the one that encrypts.

    Raises ImproperlyConfigured, without a change, when they do not decrypt the stored secrets.
    """
    with named_lock("kek"):
        require_fitting_kek()
        if not KnownAnswer.objects.filter(kek_id=first_kek()).exists():
            KnownAnswer.objects.create(**keks.seal(ANSWER, bound_to=first_kek()), first_used_at=now)


def refuse_wrong_kek() -> None:
    """Check the KEKs as ``require_fitting_kek`` does, for a process about to start; close the database connections.

    A database that does not answer yet is ignored here: readiness reports it.
    """
    try:
        require_fitting_kek()
    except DatabaseError:
        pass
    finally:
        connections.close_all()


def ensure_kek() -> bool:
    """Create the data directory's own KEK when none is configured. Returns whether one was created.

    Raises ImproperlyConfigured when secrets are stored already: a new KEK could not decrypt them.
    """
    if keks.is_configured():
        return False
    if has_secrets():
        raise ImproperlyConfigured(
            f"Private keys are stored, but the key-encryption key is gone: set BAREMINT_KEK, or restore "
            f"{settings.HOME.path / KEK_FILE}. No new one was made, nothing was changed."
        )
    keks.make_kek()
    return True


def refuse_unreadable_kek() -> None:
    """Check that the configured KEKs are valid; there may be none yet. Raises ImproperlyConfigured."""
    if keks.is_configured():
        keks.configured_keks()
