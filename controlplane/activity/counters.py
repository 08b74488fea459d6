"""Monotonic counters in the database, which are the same for every replica and after every restart.

Requests do not count their events. A job counts the settled events, and a reader adds the later ones. Runs of jobs are
counted when they are pruned.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Max, Model, Subquery, Value
from django.db.models.functions import Coalesce

from controlplane.activity.models import ActivityEvent, EventTally, JobRun, JobTally, TallyMark

THE_MARK = 1
EVENT_LABELS = ("action", "outcome", "reason_type")
JOB_LABELS = ("job", "outcome")


def count_settled_events(*, now: datetime) -> int:
    """Count the events up to the last mark, and set the next mark. Returns how many were counted.

    By then every transaction that could still add an earlier event has ended: PostgreSQL assigns ids before the commit,
    so a smaller id may appear after a larger one.
    """
    with transaction.atomic():
        mark, _ = TallyMark.objects.select_for_update().get_or_create(pk=THE_MARK)
        total = 0
        if mark.horizon is None or _oldest_transaction() >= mark.horizon:
            settled = ActivityEvent.objects.filter(pk__gt=mark.counted_to, pk__lte=mark.seen)
            for row in settled.values(*EVENT_LABELS).annotate(count=Count("pk")).order_by():
                total += row["count"]
                _add(EventTally, {name: row[name] for name in EVENT_LABELS}, count=row["count"])
            mark.counted_to = mark.seen
            mark.seen = ActivityEvent.objects.aggregate(last=Max("pk"))["last"] or 0
            mark.horizon = _next_transaction()
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
        for row in rows.values(*JOB_LABELS).annotate(count=Count("pk")).order_by():
            _add(JobTally, {name: row[name] for name in JOB_LABELS}, count=row["count"])
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


def _add(model: type[Model], labels: dict[str, Any], *, count: int) -> None:
    rows = model._default_manager
    rows.get_or_create(**labels)
    rows.filter(**labels).update(count=F("count") + count)


def _next_transaction() -> int | None:
    return _transaction("pg_snapshot_xmax")


def _oldest_transaction() -> int:
    return _transaction("pg_snapshot_xmin") or 0


def _transaction(function: str) -> int | None:
    """None on SQLite, where one transaction writes at a time."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(pg_current_snapshot())::text::bigint")
        [number] = cursor.fetchone() or (None,)
    return number
