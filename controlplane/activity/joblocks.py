"""One run of a job at a time, on all machines.

The lock is the database's own and belongs to a connection, not to a transaction: a job commits step by step while it
holds it, and the kernel lets go of it when the process ends, however it ends. No lease has to run out first. It only
keeps workers from doing the same work at once; what must never happen twice is for conditional updates and constraints
to prevent.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import DatabaseError, connection


@contextmanager
def held(job: str) -> Iterator[bool]:
    """Whether this run holds the lock of the job; never waits for it."""
    with _advisory_lock(job) if connection.vendor == "postgresql" else _file_lock(job) as is_mine:
        yield is_mine


@contextmanager
def _advisory_lock(job: str) -> Iterator[bool]:
    """A session-level advisory lock of PostgreSQL: of the very connection that the job works with."""
    digest = hashlib.sha256(f"job {job}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        [is_mine] = cursor.fetchone() or (False,)
    try:
        yield is_mine
    finally:
        if is_mine:
            with suppress(DatabaseError), connection.cursor() as cursor:  # a lost connection has let go of it
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _file_lock(job: str) -> Iterator[bool]:
    """SQLite is one machine's, and knows no lock outlasting a transaction: flock(2), in the data directory."""
    handle = os.open(settings.HOME.ensure() / f"job-{job}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
