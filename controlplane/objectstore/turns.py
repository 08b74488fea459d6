"""How many requests of the object store a process works on at once: fewer than it has threads.

Each asks IAM over HTTP, and IAM is this same control plane: when every thread worked on such a request, none would be
left to answer them, and they would wait for one another until all time out. So one thread is kept free. Nobody waits
for a turn either, since who waits holds a thread just the same; S3 clients try again when told to slow down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings

from controlplane.objectstore.errors import ServiceUnavailable, SlowDown


@cache
def _turns(count: int) -> BoundedSemaphore:
    return BoundedSemaphore(count)


@contextmanager
def one() -> Iterator[None]:
    """Raises SlowDown when all turns are taken, ServiceUnavailable when there can be none."""
    count = settings.BAREMINT_THREADS - 1
    if count < 1:
        raise ServiceUnavailable(
            "The object store needs a second thread to ask IAM in. Start Baremint with BAREMINT_THREADS=2 or more."
        )
    turns = _turns(count)
    if not turns.acquire(blocking=False):
        raise SlowDown("The object store is busy. Try again in a moment.")
    try:
        yield
    finally:
        turns.release()
