"""Reads of activity. Events are found by their target, or among the latest: other indexes would slow writes."""

from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Q, QuerySet

from controlplane.activity.models import ActivityEvent

RECENT_EVENTS = 20_000
"""How many of the latest events a page of the last minutes reads."""
SEARCHED_EVENTS = 200_000
"""How many of the latest events a search looks through."""


def events_on(target_id: str, *, account_id: str) -> QuerySet[ActivityEvent]:
    """Return the account's events on a resource, newest first. Other accounts' events could contain any target id."""
    return ActivityEvent.objects.filter(target_id=target_id, account_id=account_id).order_by("-id")


def success_on(column: str, action: str) -> QuerySet[ActivityEvent]:
    """Return a subquery of the successes of this action on the id in this column of the outer query, newest first."""
    events = ActivityEvent.objects.filter(
        target_id=OuterRef(column), action=action, outcome=ActivityEvent.Outcome.SUCCESS
    )
    return events.order_by("-id")


def events_of(account_id: str) -> QuerySet[ActivityEvent]:
    """Return an account's events and the service's own, which belong to no account, newest first."""
    return ActivityEvent.objects.filter(account_id__in=[account_id, ""]).order_by("-id")


def recent_events(account_id: str, *, now: datetime, within: timedelta) -> QuerySet[ActivityEvent]:
    """The account's events of the last while, among the latest RECENT_EVENTS of all."""
    newest = ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0
    return events_of(account_id).filter(id__gt=newest - RECENT_EVENTS, time__gt=now - within, time__lte=now)


def events_after(account_id: str, number: int) -> QuerySet[ActivityEvent]:
    """The account's events after one of them, newest first, among the latest SEARCHED_EVENTS of all."""
    newest = ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0
    return events_of(account_id).filter(id__gt=max(number, newest - SEARCHED_EVENTS))


def search_events(
    account_id: str,
    *,
    word: str = "",
    action: str = "",
    outcome: str = "",
    since: datetime | None = None,
    before: int | None = None,
) -> QuerySet[ActivityEvent]:
    """Return the account's events that match all criteria, newest first; ``before`` is the id of an event.

    ``word`` is a part of the name of the initiator or target, or a whole id, CRN or request id.
    """
    rows = events_of(account_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    if word or action or outcome or since:
        newest = ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0
        rows = rows.filter(id__gt=newest - SEARCHED_EVENTS)
    if word:
        by_name = Q(initiator_name__icontains=word) | Q(target_name__icontains=word)
        rows = rows.filter(by_name | Q(initiator_id=word) | Q(target_id=word) | Q(request_id=word))
    if action:
        rows = rows.filter(action__icontains=action)
    if outcome:
        rows = rows.filter(outcome=outcome)
    if since:
        rows = rows.filter(time__gte=since)
    return rows
