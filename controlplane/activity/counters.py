"""Monotonic counters in the database, which are the same for every replica and after every restart.

Requests do not count their events. A job counts the settled events, and a reader adds the later ones. Runs of jobs are
counted when they are pruned.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Max, Model, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from controlplane.activity.models import ActivityEvent, EventTally, JobRun, JobTally, TallyMark

THE_MARK = 1
EVENT_LABELS = ("action", "outcome", "reason_type")
JOB_LABELS = ("job", "outcome")
OLDEST_RUNNING, NEXT = "pg_snapshot_xmin", "pg_snapshot_xmax"
"""Functions of PostgreSQL that return the numbers of these transactions."""


def count_settled_events(*, now: datetime) -> int:
    """Count the events up to the last mark, and set the next mark. Returns how many were counted.

    By then every transaction that could still add an earlier event has ended: PostgreSQL assigns ids before the commit,
    so a smaller id may appear after a larger one.
    """
    with transaction.atomic():
        mark, _ = TallyMark.objects.select_for_update().get_or_create(pk=THE_MARK)
        total = 0
        if mark.horizon is None or (_transaction(OLDEST_RUNNING) or 0) >= mark.horizon:
            settled = ActivityEvent.objects.filter(pk__gt=mark.counted_to, pk__lte=mark.seen)
            total = _add(EventTally, settled, EVENT_LABELS)
            mark.counted_to = mark.seen
            mark.seen = ActivityEvent.objects.aggregate(last=Max("pk"))["last"] or 0
            mark.horizon = _transaction(NEXT)
            mark.save()
    return total


def events() -> Iterator[tuple[str, str, str, int]]:
    """Return action, outcome, code and count of all events ever."""
    tallies = EventTally.objects.values_list(*EVENT_LABELS, "count")
    mark = Subquery(TallyMark.objects.filter(pk=THE_MARK).values("counted_to"))
    since = ActivityEvent.objects.filter(pk__gt=Coalesce(mark, Value(0))).values_list(*EVENT_LABELS)
    # One statement, so that no event is counted twice, or not at all, while the job counts.
    yield from _summed(tallies.union(since.annotate(count=Count("pk")).order_by(), all=True))


def prune_runs(runs: Any) -> int:
    """Delete runs of jobs after adding them to the counts."""
    with transaction.atomic():
        keys = list(runs.select_for_update().values_list("pk", flat=True))
        rows = JobRun.objects.filter(pk__in=keys)
        _add(JobTally, rows, JOB_LABELS)
        return rows.delete()[0]


def job_runs() -> Iterator[tuple[str, str, int]]:
    """Return job, outcome and count of all runs ever that have ended."""
    runs = JobRun.objects.exclude(outcome=JobRun.Outcome.RUNNING).values_list(*JOB_LABELS)
    pruned = JobTally.objects.values_list(*JOB_LABELS, "count")
    yield from _summed(pruned.union(runs.annotate(count=Count("pk")).order_by(), all=True))


def _summed(rows: Any) -> Iterator[Any]:
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for *labels, count in rows:
        sums[tuple(labels)] += count
    yield from ((*labels, count) for labels, count in sorted(sums.items()))


def _add(tallies: type[Model], rows: QuerySet[Any], labels: tuple[str, ...]) -> int:
    """Add the numbers of these rows by their labels to the tallies. Returns how many rows there are."""
    total = 0
    for *values, count in rows.values_list(*labels).annotate(count=Count("pk")).order_by():
        tally, _ = tallies._default_manager.get_or_create(**dict(zip(labels, values, strict=True)))
        tallies._default_manager.filter(pk=tally.pk).update(count=F("count") + count)
        total += count
    return total


def _transaction(function: str) -> int | None:
    """None on SQLite, where one transaction writes at a time."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(pg_current_snapshot())::text::bigint")
        [number] = cursor.fetchone() or (None,)
    return number
