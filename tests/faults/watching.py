"""A thread that watches the active keys while a test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import connection

from identity.models import KeyPair

PURPOSES = sorted(KeyPair.Purpose.values)


@contextmanager
def active_keys_watched() -> Iterator[list[int]]:
    """While the block runs, a thread looks every few milliseconds whether one key of each purpose is active.

    The list holds how often, and fails the test when it ever was not so.
    """
    over, looks, faults = Event(), [0], []

    def watch() -> None:
        while not over.wait(0.01):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT purpose FROM {KeyPair._meta.db_table} WHERE state = 'active'")
                purposes = sorted(row[0] for row in cursor.fetchall())
            looks[0] += 1
            if purposes != PURPOSES:
                faults.append(purposes)
        connection.close()

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield looks
    finally:
        over.set()
        watcher.join()
    assert faults == []
