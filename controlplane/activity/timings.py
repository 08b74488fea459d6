"""Durations of operations, as a histogram of the whole deployment.

A process adds up its measurements in memory, and writes the sums to the database every few seconds, where those of all
processes are added. ``kill -9`` loses the last seconds, because this is a sample and not a record.
"""

import threading
import time
from bisect import bisect_left

from django.db import DatabaseError, connection, transaction
from django.db.models import F

from controlplane.activity.models import TimingTally

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, float("inf"))
"""Upper bounds of the buckets in seconds. Stored tallies refer to them by number, so new ones are added at the end."""
WRITE_SECONDS = 5.0

Bucket = tuple[str, int]


class Timings:
    """Measurements of this process that are not in the database yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Bucket, tuple[int, float]] = {}
        self._written_at = time.monotonic()

    def measured(self, kind: str) -> "Measured":
        """Measure the duration of a ``with`` block, unless it fails."""
        return Measured(self, kind)

    def add(self, kind: str, seconds: float) -> None:
        bucket = (kind, bisect_left(BOUNDS, seconds))
        with self._lock:
            count, total = self._counts.get(bucket, (0, 0.0))
            self._counts[bucket] = (count + 1, total + seconds)
            # Not within a caller's transaction, which would hold the locks until its end.
            is_time = time.monotonic() - self._written_at >= WRITE_SECONDS and not connection.in_atomic_block
            if is_time:
                self._written_at = time.monotonic()
        if is_time:
            self.write()

    def write(self) -> None:
        """Add the counts to the database. If that fails, they are kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
        try:
            with transaction.atomic():
                for (kind, bucket), (count, seconds) in sorted(counts.items()):
                    TimingTally.objects.get_or_create(kind=kind, bucket=bucket)
                    rows = TimingTally.objects.filter(kind=kind, bucket=bucket)
                    rows.update(count=F("count") + count, seconds=F("seconds") + seconds)
        except DatabaseError:
            with self._lock:
                for bucket_of, (count, seconds) in counts.items():
                    more, longer = self._counts.get(bucket_of, (0, 0.0))
                    self._counts[bucket_of] = (count + more, seconds + longer)


class Measured:
    """Measures a block and adds its duration. It is a class because a generator would cost twice as much."""

    __slots__ = ("began", "into", "kind")

    def __init__(self, into: Timings, kind: str) -> None:
        self.into, self.kind = into, kind

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self.into.add(self.kind, time.perf_counter() - self.began)


timings = Timings()


def histograms() -> dict[str, tuple[list[int], float]]:
    """Return by kind how many took at most as long as each of BOUNDS, and the sum of their seconds."""
    by_kind: dict[str, tuple[list[int], float]] = {}
    for kind, bucket, count, seconds in TimingTally.objects.values_list("kind", "bucket", "count", "seconds"):
        counts, total = by_kind.setdefault(kind, ([0] * len(BOUNDS), 0.0))
        for number in range(bucket, len(BOUNDS)):
            counts[number] += count
        by_kind[kind] = (counts, total + seconds)
    return by_kind
