"""Activity: a live list, the lineage of one event, and exports."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField
from django.http import HttpRequest, HttpResponse, JsonResponse

from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import events_of, search_events
from controlplane.console.access import Person
from controlplane.console.pages import fragment, full_page, page, with_query
from controlplane.console.presenters.curl_replay import as_curl
from controlplane.console.presenters.event_lineage import calls_before, calls_diagram, lineage_steps
from controlplane.console.presenters.events import event_row
from controlplane.console.visible_events import as_seen_by, visible
from controlplane.kernel import clock
from controlplane.kernel.errors import existing
from controlplane.kernel.paging import first
from controlplane.kernel.whole_number import whole_number

ROWS = 50
MOST_EXPORTED = 10_000
FILTERS = ("q", "action", "outcome", "since")
PERIODS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
COLUMNS = (
    *("id", "time", "action", "outcome", "reason_code", "reason_type", "message", "initiator_id", "initiator_name"),
    *("initiator_type", "initiator_address", "initiator_agent", "target_id", "target_name", "request_id", "data"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The characters at the start of a cell that make a spreadsheet read it as a formula."""


def _filters(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip() for name in FILTERS}


def _search(person: Person, filters: Mapping[str, str], before: str = "") -> Any:
    since = PERIODS.get(filters["since"])
    events = search_events(
        person.account.id,
        word=filters["q"],
        action=filters["action"],
        outcome=filters["outcome"] if filters["outcome"] in ActivityEvent.Outcome.values else "",
        since=clock.now() - since if since else None,
        before=whole_number(before, largest=BigIntegerField.MAX_BIGINT),
    )
    return visible(person, events)


def _list(person: Person, request: HttpRequest) -> dict[str, Any]:
    filters, before = _filters(request), request.GET.get("before", "")
    events, is_truncated = first(_search(person, filters, before), ROWS)
    older = with_query("/activity", {**filters, "before": events[-1].pk}) if is_truncated else ""
    return {
        "events": [event_row(as_seen_by(person, event)) for event in events],
        "older": older,
        "filters": filters,
        "empty": "No event matches." if any(filters.values()) else "",
        "before": before,
        "live_path": with_query("/activity/list", filters),
        "csv_path": with_query("/activity/export", {**filters, "format": "csv"}),
        "json_path": with_query("/activity/export", {**filters, "format": "json"}),
    }


@page(require=Person.require_activity)
def activity(request: HttpRequest, person: Person) -> HttpResponse:
    return full_page(request, person, "console/activity/page.html", _list(person, request))


@page(require=Person.require_activity)
def rows(request: HttpRequest, person: Person) -> HttpResponse:
    return fragment(request, "console/activity/list.html", _list(person, request))


@page(require=Person.require_activity)
def event(request: HttpRequest, person: Person, number: int) -> HttpResponse:
    activity_event = existing(
        visible(person, events_of(person.account.id)).filter(pk=number).first(),
        "There is no event of this number here.",
    )
    activity_event = as_seen_by(person, activity_event)
    chain = calls_before(activity_event)
    context = {
        "event": activity_event,
        "row": event_row(activity_event),
        "steps": lineage_steps(person, activity_event),
        "diagram": calls_diagram(chain),
        "chain": [event_row(each) for each in chain],
        "curl": as_curl(activity_event),
        "data": json.dumps(activity_event.data, indent=2, ensure_ascii=False),
    }
    return full_page(request, person, "console/activity/event.html", context)


@page(require=Person.require_activity)
def export(request: HttpRequest, person: Person) -> HttpResponse:
    """The events of the list, at most MOST_EXPORTED, as CSV or JSON."""
    events = _search(person, _filters(request))[:MOST_EXPORTED]
    values = [{name: getattr(as_seen_by(person, each), name) for name in COLUMNS} for each in events]
    if request.GET.get("format") == "json":
        body = {"events": [{**each, "time": each["time"].isoformat()} for each in values]}
        return JsonResponse(body, headers={"Content-Disposition": 'attachment; filename="activity.json"'})
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="activity.csv"'
    csv.writer(response).writerows(_lines(values))
    return response


def _lines(values: Any) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for each in values:
        cells = {**each, "time": each["time"].isoformat(), "data": json.dumps(each["data"])}
        yield [_cell(str(cells[name])) for name in COLUMNS]


def _cell(text: str) -> str:
    """The text of a cell, escaped so that a spreadsheet does not read it as a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA) else text
