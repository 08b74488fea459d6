"""One process at a time: a transaction, and in it a lock that has a name."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def turn(name: str) -> Iterator[None]:
    """A transaction that waits for those who took a turn of the same name before, on whatever machine.

    It keeps callers from doing the same work and losing it. What must never happen is for a constraint to prevent. On
    SQLite the transaction itself is the lock (``transaction_mode`` IMMEDIATE).
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        yield
