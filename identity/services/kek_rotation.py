"""Encryption of every private key and every stored value of an API key under the first KEK, so that the other KEKs can
be removed.

Each batch is a transaction, and the rows show which are done: if a call is killed at any point, the next one goes on
with the rest, and two calls at once share the work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from controlplane.activity.record import SYSTEM, Party, record
from controlplane.kernel import failpoints
from controlplane.kernel.named_lock import named_lock
from identity import key_encryption
from identity.events import KEK_ROTATE
from identity.models import KeyPair, KnownAnswer, StoredValue

BATCH = 5
"""Secrets in one batch: few, because no other key can be made and no KEK registered during a batch."""


@dataclass(frozen=True)
class Reencrypted:
    kek_id: str
    """The KEK that everything is encrypted under now."""
    keys: int
    """The number of secrets (private keys and values of API keys) that this call encrypted again."""
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
            KnownAnswer.objects.exclude(kek_id=key_encryption.first_kek()).delete()
        if keys:
            kek = Party(key_encryption.first_kek(), key_encryption.first_kek(), "KeyEncryptionKey")
            record(KEK_ROTATE, initiator=by, target=kek, data={"keys": keys, "left": remainder})
    total = KeyPair.objects.exclude(kek_id="").count() + StoredValue.objects.count()
    return Reencrypted(key_encryption.first_kek(), keys, remainder, total)


def _others() -> tuple[QuerySet[KeyPair], QuerySet[StoredValue]]:
    kek_ids = ["", key_encryption.first_kek()]
    return KeyPair.objects.exclude(kek_id__in=kek_ids), StoredValue.objects.exclude(kek_id__in=kek_ids)


def _outstanding() -> int:
    return sum(rows.count() for rows in _others())


def _reencrypt_batch() -> int:
    with named_lock("kek"):
        keys, values = _others()
        rows = list(keys.order_by("pk").select_for_update()[:BATCH])
        for row in rows:
            KeyPair.objects.filter(pk=row.pk).update(**key_encryption.reseal(row, bound_to=row.kid))
        stored = list(values.order_by("pk").select_for_update()[: BATCH - len(rows)])
        for value in stored:
            columns = key_encryption.reseal(value, bound_to=value.api_key_id)
            StoredValue.objects.filter(pk=value.pk).update(**columns)
        failpoints.reach("before_commit", "kek")
    return len(rows) + len(stored)
