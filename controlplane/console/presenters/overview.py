"""The overview: calls by outcome, live tokens, next expirations, refusals, health."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, QuerySet
from django.db.models.functions import TruncMinute

from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import recent_events
from controlplane.console.access import CERTIFICATE, EVERY_SERVER, KEYS, Person
from controlplane.console.presenters.authorities import expiring_certificates
from controlplane.console.presenters.events import event_row
from controlplane.console.presenters.keys import timelines
from controlplane.console.visible_events import as_seen_by, visible
from controlplane.observability import health
from identity.live_credentials import tokens_of
from servers.models import BareMetalServer
from servers.selectors import SWITCHED_OFF
from trustedprofiles.events import EXPLANATION_READ

MINUTES = 15
WIDTH, HEIGHT, FLOOR, LEFT = 640, 150, 126, 34
GAP = 6
MOST_REFUSALS = 8
MOST_COMING = 6


@dataclass(frozen=True)
class Column:
    """One minute: two stacked bars."""

    x: int
    width: int
    middle: int
    good_y: int
    good_height: int
    bad_y: int
    bad_height: int
    spoken: str
    label: str


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    floor: int
    left: int
    top: int
    columns: list[Column]
    good: int
    bad: int


@dataclass(frozen=True)
class UpcomingChange:
    what: str
    path: str
    at: datetime


def overview_state(person: Person, *, now: datetime) -> dict[str, Any]:
    servers = BareMetalServer.objects.filter(account=person.account, region=person.region)
    minutes, day = (
        visible(person, recent_events(person.account.id, now=now, within=within))
        for within in (timedelta(minutes=MINUTES), timedelta(days=1))
    )
    refusals = day.filter(outcome=ActivityEvent.Outcome.FAILURE).exclude(action=EXPLANATION_READ)
    return {
        "chart": calls_chart(calls_by_minute(minutes), now=now),
        "tokens": tokens_of(BareMetalServer.objects.filter(account=person.account), now=now),
        "servers": {
            "all": servers.count(),
            "running": servers.filter(status=BareMetalServer.Status.RUNNING).count(),
            "enabled": servers.filter(~Exists(SWITCHED_OFF), metadata_enabled=True).count(),
            "failed": servers.filter(status=BareMetalServer.Status.FAILED).count(),
        },
        "upcoming": upcoming_changes(person, now=now),
        "events": [event_row(as_seen_by(person, event)) for event in refusals[:MOST_REFUSALS]],
        "parts": health.parts(),
    }


def calls_by_minute(rows: QuerySet[ActivityEvent]) -> dict[tuple[datetime, str], int]:
    """The number of events of each outcome in each minute."""
    counts = (
        rows.order_by()
        .annotate(minute=TruncMinute("time"))
        .values_list("minute", "outcome")
        .annotate(count=Count("id"))
    )
    return {(minute, outcome): count for minute, outcome, count in counts}


def calls_chart(counts: dict[tuple[datetime, str], int], *, now: datetime) -> Chart:
    """The geometry of the chart: one column for each minute, the present one last; the tallest fills the height."""
    this_minute = now.replace(second=0, microsecond=0)
    minutes = [this_minute - timedelta(minutes=back) for back in reversed(range(MINUTES))]
    pairs = [tuple(counts.get((minute, outcome), 0) for outcome in ("success", "failure")) for minute in minutes]
    tallest = max((good + bad for good, bad in pairs), default=0) or 1
    step = (WIDTH - LEFT) // MINUTES
    columns = []
    for number, (minute, (good, bad)) in enumerate(zip(minutes, pairs, strict=True)):
        good_height = round((FLOOR - 10) * good / tallest)
        bad_height = max(round((FLOOR - 10) * bad / tallest), 2 if bad else 0)
        columns.append(
            Column(
                x=LEFT + step * number,
                width=step - GAP,
                middle=LEFT + step * number + (step - GAP) // 2,
                good_y=FLOOR - good_height,
                good_height=good_height,
                bad_y=FLOOR - good_height - bad_height,
                bad_height=bad_height,
                spoken=f"{minute:%H:%M}: {good} done, {bad} refused",
                label=f"{minute:%H:%M}" if number % 3 == 2 else "",
            )
        )
    good_all, bad_all = (sum(each) for each in zip(*pairs, strict=True))
    return Chart(WIDTH, HEIGHT, FLOOR, LEFT, tallest, columns, good_all, bad_all)


def upcoming_changes(person: Person, *, now: datetime) -> list[UpcomingChange]:
    """The next expirations of certificates and changes of keys that the person may list, soonest first."""
    lines = timelines(now=now) if person.may(KEYS) else []
    changes = [
        UpcomingChange(f"{line.title}: {line.next_words.lower()}", "/keys", line.next_at)
        for line in lines
        if line.next_at
    ]
    may_list = person.may_everywhere(f"{CERTIFICATE}.list", EVERY_SERVER)
    certificates = expiring_certificates(person.account.id, now=now).rows if may_list else []
    changes += [
        UpcomingChange(
            f"Certificate of {each.chain[0].name} expires", f"/servers/{each.chain[0].name}", each.certificate.not_after
        )
        for each in certificates
    ]
    return sorted(changes, key=lambda each: each.at)[:MOST_COMING]
