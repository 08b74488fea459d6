"""One run of a job at a time, on all machines.

The lock belongs to a connection of PostgreSQL, or to an open file, and not to a transaction: a job commits step by step
while it has the lock, and the lock ends with the process. No lease has to expire first. It only keeps workers from
doing the same work at once; conditional updates and constraints prevent what must never happen twice.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import DatabaseError, connection

from controlplane.deployment.file_lock import lock_file, take_lock
from controlplane.kernel.named_lock import lock_number

BETWEEN_TRIES = 0.05
"""Seconds."""


@contextmanager
def job_lock(job: str, *, patience: float = 0) -> Iterator[bool]:
    """Yield whether this run has the lock of the job; wait ``patience`` seconds for it at the most."""
    with _advisory_lock(job, patience) if connection.vendor == "postgresql" else _file_lock(job, patience) as is_mine:
        yield is_mine


@contextmanager
def _advisory_lock(job: str, patience: float) -> Iterator[bool]:
    """A session-level advisory lock of PostgreSQL, on the connection that the job uses."""
    number = lock_number(f"job {job}")

    def take() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            return bool((cursor.fetchone() or (False,))[0])

    is_mine = _try(take, patience)
    try:
        yield is_mine
    finally:
        if is_mine:
            with suppress(DatabaseError), connection.cursor() as cursor:  # a lost connection has released it
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _file_lock(job: str, patience: float) -> Iterator[bool]:
    """A lock on a file of the data directory: SQLite serves one machine and has no lock that outlasts a transaction."""
    with lock_file(settings.HOME.ensure() / f"job-{job}.lock") as descriptor:
        yield _try(lambda: take_lock(descriptor), patience)


def _try(take: Callable[[], bool], patience: float) -> bool:
    give_up_at = time.monotonic() + patience
    while not (is_mine := take()) and time.monotonic() < give_up_at:
        time.sleep(BETWEEN_TRIES)
    return is_mine
