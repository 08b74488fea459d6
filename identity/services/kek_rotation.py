"""Every private key anew under the first KEK, so that the others can be dropped.

A batch is a transaction, and what it has done shows in the rows: killed at any point, the next call goes on with what
is left, and two calls at once share the work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from controlplane.activity.record import SYSTEM, Party, record
from controlplane.kernel import failpoints
from controlplane.kernel.turns import turn
from identity import keystore
from identity.models import KeyPair, KnownAnswer

BATCH = 5
"""Small: while it lasts, no other key can be made or admitted."""


@dataclass(frozen=True)
class Reencrypted:
    kek_id: str
    """The KEK that everything is encrypted under now."""
    keys: int
    """Private keys that this call encrypted anew."""
    left: int
    """Private keys that name another KEK still; 0 unless a process that knows only that one made a key meanwhile."""
    total: int
    """Private keys that are stored."""


def rotate_kek(*, now: datetime, progress: Callable[[int, int], None], by: Party = SYSTEM) -> Reencrypted:
    """Encrypt every private key under the first KEK; ``progress`` is told how many of how many are done.

    Raises ImproperlyConfigured, with nothing changed, when the configured KEKs do not decrypt what is stored.
    """
    keystore.admit_kek(now=now)
    keys, outstanding, batches = 0, _others().count(), 0
    while done := _reencrypt_batch():
        keys, batches = keys + done, batches + 1
        failpoints.reach("after_batch", str(batches))
        progress(keys, max(outstanding, keys))
    with turn("kek"):
        left = _others().count()
        if not left:
            KnownAnswer.objects.exclude(kek_id=keystore.first_kek()).delete()
        if keys:
            kek = Party(keystore.first_kek(), keystore.first_kek(), "KeyEncryptionKey")
            record("baremint.kek.rotate", initiator=by, target=kek, data={"keys": keys, "left": left})
    return Reencrypted(keystore.first_kek(), keys, left, KeyPair.objects.exclude(kek_id="").count())


def _others() -> QuerySet[KeyPair]:
    return KeyPair.objects.exclude(kek_id__in=["", keystore.first_kek()])


def _reencrypt_batch() -> int:
    with turn("kek"):
        rows = list(_others().order_by("pk").select_for_update()[:BATCH])
        for row in rows:
            sealed = keystore.reseal(keystore.sealed_of(row), bound_to=row.kid)
            KeyPair.objects.filter(pk=row.pk).update(
                kek_id=sealed.kek_id, nonce=sealed.nonce, ciphertext=sealed.ciphertext
            )
        failpoints.reach("before_commit", "kek")
    return len(rows)
