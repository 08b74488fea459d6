"""Encryption of every stored secret under the first KEK, so that the other KEKs can be removed: private keys, stored
values of API keys, and key material of Key Protect.

Each batch is a transaction, and the rows show which are done: if a call is killed at any point, the next one goes on
with the rest, and two calls at once share the work.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from controlplane.activity.record import SYSTEM, Party, record
from controlplane.kernel import failpoints
from controlplane.kernel.named_lock import named_lock
from controlplane.sealing.keks import first_kek, reseal
from controlplane.sealing.rows import SealedRow, sealed_models, sealed_rows
from identity import key_encryption
from identity.events import KEK_ROTATE
from identity.models import KnownAnswer

BATCH = 5
"""Secrets in one batch: few, because no other key can be made and no KEK registered during a batch."""


@dataclass(frozen=True)
class Reencrypted:
    kek_id: str
    """The KEK that everything is encrypted under now."""
    keys: int
    """The number of secrets that this call encrypted again."""
    left: int
    """The number of secrets that still name another KEK; 0 unless a process that knows only that KEK made one
    meanwhile."""
    total: int
    """The number of secrets that are stored."""


def rotate_kek(*, now: datetime, progress: Callable[[int, int], None], by: Party = SYSTEM) -> Reencrypted:
    """Encrypt every stored secret under the first KEK.

    ``progress`` is called after each batch with the number of secrets done and the total number to do. Raises
    ImproperlyConfigured, with nothing changed, when the configured KEKs do not decrypt the stored secrets.
    """
    key_encryption.register_kek(now=now)
    keys, outstanding, batches = 0, _outstanding(), 0
    while number := _reencrypt_batch():
        keys, batches = keys + number, batches + 1
        failpoints.reach("after_batch", str(batches))
        progress(keys, max(outstanding, keys))
    with named_lock("kek"):
        remainder = _outstanding()
        if not remainder:
            KnownAnswer.objects.exclude(kek_id=first_kek()).delete()
        if keys:
            kek = Party(first_kek(), first_kek(), "KeyEncryptionKey")
            record(KEK_ROTATE, initiator=by, target=kek, data={"keys": keys, "left": remainder})
    total = sum(rows.count() for rows in _secrets())
    return Reencrypted(first_kek(), keys, remainder, total)


def _secrets() -> Iterator[QuerySet[SealedRow]]:
    """Yield the stored secrets of each kind, without those that were wiped."""
    for model in sealed_models():
        if not model.proves_kek:
            yield sealed_rows(model)


def _others() -> list[QuerySet[SealedRow]]:
    return [rows.exclude(kek_id=first_kek()) for rows in _secrets()]


def _outstanding() -> int:
    return sum(rows.count() for rows in _others())


def _reencrypt_batch() -> int:
    number = 0
    with named_lock("kek"):
        for others in _others():
            for row in others.order_by("pk").select_for_update()[: BATCH - number]:
                others.model._base_manager.filter(pk=row.pk).update(**reseal(row))
                number += 1
        failpoints.reach("before_commit", "kek")
    return number
