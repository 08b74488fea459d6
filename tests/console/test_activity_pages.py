"""Activity: found, followed back to where it came from, repeated, exported. And the overview, and the clock."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.activity.selectors import recent_events
from controlplane.console.presenters.clock import clock_shown
from controlplane.console.presenters.overview import calls_by_minute, calls_chart
from controlplane.jobs import broker
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict
from controlplane.observability import health
from controlplane.timekeeping.models import ClockSetting
from controlplane.timekeeping.services import read_clock
from tests.forms import as_shown
from tests.tables import assert_rows
from tests.world import ACCOUNT, OTHER_ACCOUNT, World

ALICE = Party("IBMid-ALICE00001", "Alice", "User")
STARTED = "is.bare-metal-server.bare-metal-server.start"
SERVER = Party("crn:v1:bluemix:public:is:us-south-1:a/x::bare-metal-server:0717-x", "web-1", "BareMetalServer")


def happen(
    action: str = STARTED, *, by: Party = ALICE, account_id: str = ACCOUNT, fails: bool = False
) -> ActivityEvent:
    error = Conflict("It is busy.") if fails else None
    return record(action, initiator=by, target=SERVER, account_id=account_id, error=error)


LISTS = {
    "": 3,
    "q=alice": 2,
    "q=WEB": 3,
    "action=vpc": 1,
    "outcome=failure": 1,
    "since=15m&outcome=success": 2,
    "q=unknown": 0,
    "q=%00web": 0,
    "before=99999999999999999999": 3,
    "before=x": 3,
    "since=x&outcome=x": 3,
}


def test_events_are_found(alice: Client) -> None:
    happen()
    happen("is.vpc.vpc.create", by=Party("IBMid-BOB", "Bob", "User"))
    happen(fails=True)
    happen(account_id=OTHER_ACCOUNT)
    totals = {query: alice.get(f"/activity?{query}").content.decode().count('id="event-') for query in LISTS}
    assert_rows(totals, LISTS)


def test_older_events_are_on_the_next_page(alice: Client) -> None:
    first = happen()
    for _ in range(50):
        happen()
    page = alice.get("/activity").content.decode()
    assert f'id="event-{first.pk}"' not in page
    older = page.partition('href="/activity?before=')[2].partition('"')[0]
    assert f'id="event-{first.pk}"' in alice.get(f"/activity?before={older}").content.decode()


def test_the_list_is_not_sent_again_while_nothing_happens(alice: Client) -> None:
    happen()
    tag = alice.get("/activity/list")["ETag"]
    assert alice.get("/activity/list", headers={"If-None-Match": tag}).status_code == 304
    happen()
    assert alice.get("/activity/list", headers={"If-None-Match": tag}).status_code == 200


def test_an_event_of_a_person_names_the_person(alice: Client) -> None:
    page = alice.get(f"/activity/{happen().pk}").content.decode()
    assert "<b>Alice</b>" in page
    assert "/v1/bare_metal_servers/0717-x/start" in page


def test_asking_again_is_done_with_the_readers_own_rights(alice: Client) -> None:
    page = alice.get(f"/activity/{happen(fails=True).pk}").content.decode()
    assert "to repeat the call with your own rights" in page
    assert "baremint token" not in page
    assert "Bearer $TOKEN" in page


def test_another_accounts_event_is_not_there(alice: Client) -> None:
    assert alice.get(f"/activity/{happen(account_id=OTHER_ACCOUNT).pk}").status_code == 404


def test_activity_is_exported_as_json(alice: Client) -> None:
    happen()
    happen(fails=True)
    answer = alice.get("/activity/export?format=json&outcome=failure")
    assert [event["message"] for event in answer.json()["events"]] == ["It is busy."]


def test_activity_is_exported_as_csv_without_formulas(alice: Client) -> None:
    happen(by=Party("x", '=HYPERLINK("http://evil")', "User"))
    rows = list(csv.DictReader(io.StringIO(alice.get("/activity/export?format=csv").content.decode())))
    assert [row["initiator_name"] for row in rows] == ['\'=HYPERLINK("http://evil")']


def test_who_may_not_list_sees_no_activity(nora: Client) -> None:
    for path in ("/activity", "/activity/list", "/activity/export", f"/activity/{happen().pk}", "/overview/state"):
        assert nora.get(path).status_code == 403
    assert nora.get("/")["Location"] == "/learn/"


# --- Overview -------------------------------------------------------------------------------------------------


def test_calls_are_counted_by_minute_and_outcome(world: World) -> None:
    happen()
    happen()
    happen(fails=True)
    now = clock.now()
    counts = calls_by_minute(recent_events(ACCOUNT, now=now, within=timedelta(minutes=15)))
    assert sorted(counts.values()) == [1, 2]
    chart = calls_chart(counts, now=now)
    assert (chart.good, chart.bad, len(chart.columns)) == (2, 1, 15)


def test_the_tallest_column_fills_the_chart_and_a_refusal_is_never_too_small_to_see() -> None:
    now = clock.now()
    minute = now.replace(second=0, microsecond=0)
    chart = calls_chart({(minute, "success"): 1000, (minute, "failure"): 1}, now=now)
    last = chart.columns[-1]
    assert (last.good_height, last.bad_height) == (116, 2)
    assert chart.columns[0].good_height == 0


def test_the_overview_says_what_was_refused_and_how_the_parts_are(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*, seconds: float) -> int:
        raise broker.BrokerFailed("The broker does not answer.")

    monkeypatch.setattr(broker, "queue_depth", away)
    health.forget()
    happen(fails=True)
    page = alice.get("/").content.decode()
    assert "It is busy." in page
    assert '<span class="status good">Database</span>' in page
    assert '<span class="status bad">Broker</span>' in page
    health.forget()


# --- The clock in the header ----------------------------------------------------------------------------------


@pytest.fixture
def one_process(keys: None, movable_clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other request has to notice, and what follows a commit follows here."""
    monkeypatch.setattr("controlplane.jobs.clock_change.enqueue", lambda task, after_seconds: None)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, **options: function())


@pytest.mark.usefixtures("one_process")
def test_the_owner_moves_the_clock_of_the_deployment(alice: Client) -> None:
    before = clock.now()
    answer = alice.post("/clock", {"move": "day", "next": "/servers", **as_shown(clock_shown(read_clock()))})
    assert answer["Location"] == "/servers"
    assert clock.now() - before > timedelta(hours=23)
    assert "ahead by 1 d" in alice.get("/keys").content.decode()


@pytest.mark.usefixtures("one_process")
def test_a_frozen_clock_says_so(alice: Client) -> None:
    alice.post("/clock", {"move": "freeze", **as_shown(clock_shown(read_clock()))})
    assert 'data-clock="frozen"' in alice.get("/keys").content.decode()
    assert alice.get("/keys/state")["X-Clock"].endswith(" frozen")


@pytest.mark.usefixtures("one_process")
def test_a_stale_page_does_not_undo_a_movement_of_the_clock(alice: Client) -> None:
    stale = as_shown(clock_shown(read_clock()))
    assert alice.get("/keys/state")["X-Clock-Seen"] in stale["seen"]
    alice.post("/clock", {"move": "day", **stale})
    page = alice.post("/clock", {"move": "reset", **stale}, follow=True).content.decode()
    assert "As it is now: The clock (set to: ahead by 1 d" in page
    assert ClockSetting.objects.get().revision == 2


def test_an_operator_of_servers_does_not_move_the_clock(olga: Client) -> None:
    assert olga.post("/clock", {"move": "day"}).status_code == 403
    assert 'action="/clock"' not in olga.get("/servers").content.decode()
    assert ClockSetting.objects.get().revision == 1


@pytest.mark.parametrize("move", ["", "century"])
def test_an_unknown_movement_does_not_move_the_clock(alice: Client, move: str) -> None:
    assert alice.post("/clock", {"move": move}).status_code == 400
