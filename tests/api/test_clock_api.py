"""``/_baremint/clock``: the domain's time, for all processes, and who may move it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest

from controlplane.activity.job_lock import job_lock
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import signing
from identity.models import KeyPair
from identity.services import key_rotation
from tests.api.calling import call, caller_of, refusal
from tests.policies import make_content
from tests.world import World, make_profile
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("world", "keys", "movable_clock")

PATH = "/_baremint/clock"
BY = Party("IBMid-ALICE00001", "Alice", "User")
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=20)


@pytest.fixture(autouse=True)
def product_is_old_enough_to_go_back(keys: None) -> None:
    for key in KeyPair.objects.filter(purpose="root"):
        KeyPair.objects.filter(pk=key.pk).update(activated_at=clock.wall_clock() - timedelta(days=30))


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tasks that were sent for."""
    tasks: list[str] = []
    monkeypatch.setattr("controlplane.jobs.clock_change.enqueue", lambda task, after_seconds: tasks.append(task))
    return tasks


@pytest.fixture(autouse=True)
def changes_are_committed(ticks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a commit does follow here, though the test's own transaction is never committed."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, **options: function())


def move(**what: Any) -> dict[str, Any]:
    answer = call("PUT", PATH, what)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_clock_begins_as_the_machines() -> None:
    reading = call("GET", PATH).json()
    assert (reading["offset_seconds"], reading["frozen"], reading["revision"]) == (0, False, 1)
    assert reading["now"] == reading["machine_time"]


def test_an_advance_is_answered_with_what_the_clock_shows_then() -> None:
    reading = move(advance_seconds=3600)
    assert (reading["offset_seconds"], reading["revision"]) == (3600, 2)
    assert instant(reading["now"]) - instant(reading["machine_time"]) == HOUR
    assert call("GET", PATH).json()["offset_seconds"] == 3600


def test_domain_time_follows() -> None:
    before = clock.now()
    move(advance_seconds=3600)
    assert HOUR <= clock.now() - before < HOUR + MOMENT


def test_an_offset_is_absolute() -> None:
    move(advance_seconds=3600)
    assert move(offset_seconds=60)["offset_seconds"] == 60


def test_a_frozen_clock_shows_the_same_instant_again_and_again() -> None:
    time = move(frozen=True)["now"]
    assert clock.now() == clock.now()
    assert call("GET", PATH).json()["now"] == time


def test_a_clock_is_set_to_an_instant_and_frozen_there() -> None:
    time = (datetime.now(UTC) + timedelta(days=400)).replace(microsecond=0)
    reading = move(now=time.isoformat(), frozen=True)
    assert instant(reading["now"]) == clock.now() == time
    assert reading["frozen"] is True


def test_a_resumed_clock_runs_on_from_where_it_stood() -> None:
    stood = instant(move(advance_seconds=7200, frozen=True)["now"])
    assert timedelta(0) <= instant(move(frozen=False)["now"]) - stood < MOMENT
    assert clock.now() > stood


def test_each_change_leaves_one_event_with_the_time_before_it() -> None:
    move(advance_seconds=3600)
    [event] = ActivityEvent.objects.filter(action="baremint.clock.set")
    assert abs(event.time - clock.wall_clock()) < MOMENT
    assert event.time == instant(event.data["from"]) == instant(event.data["machine_time"])
    assert instant(event.data["to"]) - event.time == HOUR
    assert (event.initiator_id, event.target_id, event.reason_code) == ("IBMid-ALICE00001", "clock", 200)


def test_a_refused_change_leaves_one_event_and_moves_nothing() -> None:
    call("PUT", PATH, {"advance_seconds": "3600"})
    [event] = ActivityEvent.objects.filter(action="baremint.clock.set")
    assert (event.outcome, event.reason_type) == ("failure", "invalid_value")
    assert call("GET", PATH).json()["offset_seconds"] == 0


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        ({}, "missing_field", "now"),
        ({"advance_seconds": 1, "offset_seconds": 1}, "invalid_value", "advance_seconds"),
        ({"advance_seconds": 1, "now": "2030-01-01T00:00:00Z"}, "invalid_value", "now"),
        ({"advance_seconds": 1.5}, "invalid_value", "advance_seconds"),
        ({"advance_seconds": 10**15}, "invalid_value", "advance_seconds"),
        ({"now": "soon"}, "invalid_value", "now"),
        ({"now": "1999-12-31T00:00:00Z"}, "invalid_value", "now"),
        ({"now": "2100-01-01T00:00:00Z"}, "invalid_value", "now"),
        ({"offset_seconds": -40 * 86_400}, "invalid_value", "offset_seconds"),
        ({"frozen": 1}, "invalid_value", "frozen"),
        ({"speed": 2}, "unknown_field", "speed"),
    ],
)
def test_what_makes_no_sense_is_refused(body: dict[str, Any], code: str, target: str) -> None:
    answer = call("PUT", PATH, body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["target"]["name"]) == (400, code, target)


def test_a_change_can_be_bound_to_what_was_read() -> None:
    etag = call("GET", PATH)["ETag"]
    assert call("PUT", PATH, {"advance_seconds": 60}, If_Match=etag)["ETag"] != etag
    repeated = call("PUT", PATH, {"advance_seconds": 60}, If_Match=etag)
    assert refusal(repeated) == (412, "precondition_failed")
    assert call("GET", PATH).json()["offset_seconds"] == 60


@pytest.mark.parametrize(("role", "status"), [("Viewer", 403), ("Editor", 403), ("Administrator", 200)])
def test_with_one_account_every_caller_may_see_the_clock_and_an_administrator_may_move_it(
    world: World, role: str, status: int
) -> None:
    world.other_account.delete()
    profile = make_profile(world.account)
    create_policy(
        world.account, content=make_content(profile.iam_id, role, service="baremint"), api_version="v1", by=BY
    )
    caller = caller_of(profile.iam_id)
    assert call("GET", PATH, caller=caller).status_code == 200
    assert call("PUT", PATH, {"advance_seconds": 60}, caller=caller).status_code == status


# --- what follows -----------------------------------------------------------------------------------------------


def active(purpose: str) -> KeyPair:
    return KeyPair.objects.get(purpose=purpose, state="active")


def test_what_is_due_by_the_new_time_is_sent_for_at_once(ticks: list[str]) -> None:
    move(advance_seconds=3600)
    assert ticks == ["baremint.tick"]


def test_going_back_to_before_a_key_lets_its_successor_sign() -> None:
    # D-86
    move(advance_seconds=25 * 3600)
    key_rotation.run_due_steps(now=clock.now())
    of_the_future = active("iam")
    move(offset_seconds=0)
    assert active("iam").generation == of_the_future.generation + 1
    assert active("iam").activated_at < clock.now() + MOMENT
    assert signing.sign({}, purpose="iam", at=clock.now())[1] == active("iam").kid


@pytest.fixture
def rotating(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """A rotation runs in another process, until this is set."""
    over, start_event = Event(), Event()

    def rotate() -> None:
        with job_lock("key-rotation"):
            start_event.set()
            over.wait(20)

    other = Thread(target=rotate, daemon=True)
    other.start()
    start_event.wait(20)
    yield over
    over.set()
    other.join(20)


def test_a_rotation_that_runs_ends_before_the_clock_is_moved(rotating: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would hand over by a time that is no more, and unpublish the key that has just signed."""
    offset_seconds: list[float] = []

    def wait(seconds: float) -> None:
        offset_seconds.append(call("GET", PATH).json()["offset_seconds"])
        rotating.set()
        Event().wait(seconds)

    monkeypatch.setattr("controlplane.activity.job_lock.time.sleep", wait)
    move(advance_seconds=3600)
    assert offset_seconds[0] == 0


def test_a_rotation_that_does_not_end_keeps_the_clock_where_it_is(
    rotating: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.jobs.clock_change.PATIENCE", 0.01)
    answer = call("PUT", PATH, {"advance_seconds": 3600})
    assert refusal(answer) == (409, "conflict")
    assert call("GET", PATH).json()["offset_seconds"] == 0


def test_going_back_less_than_the_skew_between_machines_changes_no_key() -> None:
    before = active("iam")
    move(advance_seconds=-50)
    assert active("iam") == before


def test_states_only_move_forward_when_the_clock_goes_back() -> None:
    move(advance_seconds=25 * 3600)
    key_rotation.run_due_steps(now=clock.now())
    move(offset_seconds=0)
    states = KeyPair.objects.filter(purpose="iam").order_by("generation").values_list("state", flat=True)
    assert list(states) == ["retiring", "retiring", "active", "prepared"]
