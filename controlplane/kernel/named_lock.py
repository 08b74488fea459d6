"""A lock with a name, which lasts until the end of a transaction."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def named_lock(name: str) -> Iterator[None]:
    """Begin a transaction that waits until no other one, on any machine, has the lock of this name.

    It keeps callers from doing the same work in vain. Constraints prevent what must never happen. On SQLite the
    transaction itself is the lock (``transaction_mode`` IMMEDIATE).
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(name)])
        yield


def lock_number(name: str) -> int:
    """Return the number of PostgreSQL's advisory lock for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
