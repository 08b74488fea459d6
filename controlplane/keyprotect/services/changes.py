"""Transactions in which something in an instance changes, one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import lock_instance
from controlplane.keyprotect.errors import Changed, KeyNotFound, Unauthorized
from controlplane.keyprotect.models import SERVICE, Key

NO_ACCESS = (
    "Either the user does not have access to the specified resource, the resource does not exist, or the region is "
    "incorrectly set"
)


@contextmanager
def changing(instance: ResourceInstance) -> Iterator[None]:
    """Change something in the instance in this block, a transaction that keeps other changes and its deletion waiting.

    Raises Unauthorized when the instance was deleted meanwhile.
    """
    with transaction.atomic():
        if lock_instance(instance.account_id, SERVICE, instance.guid) is None:
            raise Unauthorized(NO_ACCESS)
        yield


@contextmanager
def changing_key(key: Key) -> Iterator[Key]:
    """Change the key in this block, which gets the current row.

    Raises Unauthorized when its instance was deleted since ``key`` was read, KeyNotFound when it was purged, and
    Changed when it was moved to another key ring, for which IAM may decide otherwise.
    """
    with changing(key.instance):
        current = lock_key(key.pk)
        if current is None:
            raise KeyNotFound("key does not exist: it was purged while this request was on its way.")
        if current.ring_id != key.ring_id:
            raise Changed("Another request moved the key to another key ring. Try again.")
        yield current


def lock_key(pk: int) -> Key | None:
    """Return the current row, locked until the transaction ends; None when it was purged."""
    rows = Key.objects.select_for_update(of=("self",)).select_related("instance", "ring")
    return rows.filter(pk=pk).first()
