"""Activity: a live list, one event's descent, and exports."""

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
from controlplane.console.pages import fragment, page, shown, with_query
from controlplane.console.presenters.curl_replay import as_curl
from controlplane.console.presenters.event_lineage import calls_before, calls_diagram, descent
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
"""With what a spreadsheet takes a cell for a formula."""


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip() for name in FILTERS}


def _search(person: Person, asked: Mapping[str, str], before: str = "") -> Any:
    since = PERIODS.get(asked["since"])
    found = search_events(
        person.account.id,
        word=asked["q"],
        action=asked["action"],
        outcome=asked["outcome"] if asked["outcome"] in ActivityEvent.Outcome.values else "",
        since=clock.now() - since if since else None,
        before=whole_number(before, largest=BigIntegerField.MAX_BIGINT),
    )
    return visible(person, found)


def _list(person: Person, request: HttpRequest) -> dict[str, Any]:
    asked, before = _asked(request), request.GET.get("before", "")
    rows, is_truncated = first(_search(person, asked, before), ROWS)
    older = with_query("/activity", {**asked, "before": rows[-1].pk}) if is_truncated else ""
    return {
        "events": [event_row(as_seen_by(person, event)) for event in rows],
        "older": older,
        "asked": asked,
        "empty": "No event matches." if any(asked.values()) else "",
        "before": before,
        "live_path": with_query("/activity/list", asked),
        "csv_path": with_query("/activity/export", {**asked, "format": "csv"}),
        "json_path": with_query("/activity/export", {**asked, "format": "json"}),
    }


@page()
def activity(request: HttpRequest, person: Person) -> HttpResponse:
    person.require_activity()
    return shown(request, person, "console/activity/page.html", _list(person, request))


@page()
def rows(request: HttpRequest, person: Person) -> HttpResponse:
    person.require_activity()
    return fragment(request, "console/activity/list.html", _list(person, request))


@page()
def event(request: HttpRequest, person: Person, number: int) -> HttpResponse:
    person.require_activity()
    row = existing(
        visible(person, events_of(person.account.id)).filter(pk=number).first(),
        "There is no event of this number here.",
    )
    row = as_seen_by(person, row)
    chain = calls_before(row)
    context = {
        "event": row,
        "row": event_row(row),
        "steps": descent(person, row),
        "diagram": calls_diagram(chain),
        "chain": [event_row(each) for each in chain],
        "curl": as_curl(row),
        "data": json.dumps(row.data, indent=2, ensure_ascii=False),
    }
    return shown(request, person, "console/activity/event.html", context)


@page()
def export(request: HttpRequest, person: Person) -> HttpResponse:
    """What the list shows, up to MOST_EXPORTED of it, as CSV or JSON."""
    person.require_activity()
    found = _search(person, _asked(request))[:MOST_EXPORTED]
    values = [{name: getattr(as_seen_by(person, each), name) for name in COLUMNS} for each in found]
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
    """A name that begins like a formula is only text to a spreadsheet (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA) else text
