"""A requested rotation happens at once when every verifier can know the successor, and otherwise when they can."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.key_schedule import Discard
from identity.models import KeyPair
from identity.selectors import KeySeries, scheduled_keys
from identity.services import key_rotation
from identity.services.key_rotation import Succession

pytestmark = pytest.mark.usefixtures("keys")

ALICE = Party("IBMid-ALICE00001", "Alice", "User")
BOB = Party("IBMid-BOB000001", "Bob", "User")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAIT = {"root": 7 * DAY + 2 * MINUTE, "iam": 7 * MINUTE, "identity": 7 * MINUTE}
waiting = pytest.mark.parametrize("purpose", list(WAIT))
each = pytest.mark.parametrize("purpose", list(KeyPair.Purpose))


def key(state: str, purpose: str = "iam") -> KeyPair:
    return KeyPair.objects.get(purpose=purpose, state=state)


def ask(purpose: str = "iam", now: datetime | None = None, by: Party = ALICE) -> Succession:
    return key_rotation.rotate(purpose, now=now or clock.now(), by=by)


def events(action: str) -> list[tuple[str, str, str]]:
    """Who did it, and to which key."""
    actual_events = ActivityEvent.objects.filter(action=action).order_by("id")
    return list(actual_events.values_list("initiator_id", "initiator_type", "target_id"))


@each
def test_a_successor_that_every_verifier_can_know_takes_over_at_once(purpose: str) -> None:
    later, successor = clock.now() + 8 * DAY, key("prepared", purpose).kid
    KeyPair.objects.filter(state="active").update(activated_at=later - HOUR)  # nothing is due by itself
    assert ask(purpose, now=later) == Succession(successor, later, waits=False)
    assert key("active", purpose).kid == successor
    assert key("prepared", purpose).published_at == later
    assert events("baremint.key.ask-rotation") == []


def test_the_key_of_endpoints_never_waits() -> None:
    successor = key("prepared", "tls").kid
    assert not ask("tls").waits
    assert key("active", "tls").kid == successor


@waiting
def test_a_successor_that_a_verifier_may_not_know_yet_takes_over_when_they_all_can(purpose: str) -> None:
    active, successor = key("active", purpose).kid, key("prepared", purpose)
    at = successor.published_at + WAIT[purpose]
    assert ask(purpose) == Succession(successor.kid, at, waits=True)
    key_rotation.run_due_steps(now=at - SECOND)
    assert key("active", purpose).kid == active
    key_rotation.run_due_steps(now=at)
    assert key("active", purpose).kid == successor.kid


def test_an_intermediate_waits_for_its_root_to_be_trusted_everywhere() -> None:
    at = key("active", "root").published_at + WAIT["root"]
    assert ask("intermediate").signs_from == at


def test_a_rotation_that_was_carried_out_is_over_and_the_next_key_signs_for_its_period() -> None:
    at = ask().signs_from
    key_rotation.run_due_steps(now=at)
    active = key("active").kid
    key_rotation.run_due_steps(now=at + 23 * HOUR)
    assert key("active").kid == active


def test_asking_twice_in_a_row_breaks_no_verifier() -> None:
    """Each successor waits until it has been published for long enough."""
    signing = [key("active").kid]
    now = clock.now()
    for _ in range(2):
        now = ask(now=now).signs_from
        key_rotation.run_due_steps(now=now)
        row = key("active")
        assert row.activated_at - row.published_at >= WAIT["iam"]  # type: ignore[operator]
        signing.append(row.kid)
    assert len(set(signing)) == 3


def test_asking_again_while_a_rotation_waits_changes_nothing() -> None:
    first = ask()
    asked_at = key("active").rotation_asked_at
    assert ask(now=clock.now() + SECOND, by=BOB) == first
    assert key("active").rotation_asked_at == asked_at
    assert [who for who, *_ in events("baremint.key.ask-rotation")] == [ALICE.id]


def test_a_request_leaves_an_event_with_who_asked_and_what_becomes_of_it() -> None:
    old, successor = key("active").kid, key("prepared").kid
    at = ask().signs_from
    assert events("baremint.key.ask-rotation") == [(ALICE.id, "User", old)]
    event = ActivityEvent.objects.get(action="baremint.key.ask-rotation")
    assert event.data == {"old": old, "new": successor, "at": at.isoformat()}
    assert event.target_name == old


def test_the_hand_over_leaves_on_record_who_asked_for_it_and_when() -> None:
    old, successor = key("active").kid, key("prepared").kid
    at = ask().signs_from
    key_rotation.run_due_steps(now=at)
    event = ActivityEvent.objects.get(action="baremint.key.rotate", target_id=successor)
    asked_at = KeyPair.objects.get(kid=old).rotation_asked_at
    assert asked_at
    assert (event.initiator_id, event.initiator_name, event.initiator_type) == (ALICE.id, "Alice", "User")
    assert event.data == {"old": old, "new": successor, "asked_at": asked_at.isoformat()}


@pytest.mark.parametrize("rotate", [key_rotation.rotate, key_rotation.rotate_now])
def test_a_hand_over_at_once_leaves_on_record_that_it_was_asked_for(rotate: Any) -> None:
    old, successor, later = key("active").kid, key("prepared").kid, clock.now() + HOUR
    rotate("iam", now=later, by=ALICE)
    event = ActivityEvent.objects.get(action="baremint.key.rotate", target_id=successor)
    assert (event.initiator_id, event.target_name) == (ALICE.id, successor)
    assert event.data == {"old": old, "new": successor, "asked_at": later.isoformat()}


def test_each_hand_over_names_who_asked_for_that_key() -> None:
    at = max(ask("iam", by=ALICE).signs_from, ask("identity", by=BOB).signs_from)
    key_rotation.run_due_steps(now=at)
    expected = {(ALICE.id, "User", key("active").kid), (BOB.id, "User", key("active", "identity").kid)}
    assert expected <= set(events("baremint.key.rotate"))


def test_a_request_is_kept_once_and_for_an_active_key_alone() -> None:
    """What several who ask at once come to: the row decides who was first."""
    active, successor, now = key("active").kid, key("prepared").kid, clock.now()
    outcomes = [key_rotation._ask(kid, successor, now=now, at=now, by=ALICE) for kid in (successor, active, active)]
    assert outcomes == [False, True, False]
    assert events("baremint.key.ask-rotation") == [(ALICE.id, "User", active)]


def test_a_scheduled_hand_over_says_that_it_was_not_requested() -> None:
    successor = key("prepared").kid
    key_rotation.run_due_steps(now=clock.now() + 25 * HOUR)
    event = ActivityEvent.objects.get(action="baremint.key.rotate", target_id=successor)
    assert (event.initiator_type, "asked_at" in event.data) == ("System", False)


def test_a_hand_over_at_once_is_all_that_was_waited_for() -> None:
    at = ask().signs_from
    key_rotation.rotate_now("iam", now=clock.now())
    active = key("active")
    key_rotation.run_due_steps(now=at + HOUR)
    assert key("active") == active
    assert active.rotation_asked_at is None


def test_what_is_announced_is_when_it_happens() -> None:
    now = clock.now()
    assert key_rotation.due_at(now) == pytest.approx(now + 16 * HOUR, abs=HOUR)
    at = ask(now=now).signs_from
    change_times = [now + timedelta(seconds=each.seconds or 0) for each in scheduled_keys(now) if each.purpose == "iam"]
    assert change_times == [at, at]
    assert key_rotation.due_at(now) == at


def test_the_first_key_of_a_region_signs_and_that_is_all_there_is_to_ask_for() -> None:
    rotation = key_rotation.rotate("identity", now=clock.now(), region="eu-de", by=ALICE)
    keys = KeyPair.objects.filter(region="eu-de")
    assert (rotation.kid, rotation.waits) == (keys.get(state="active").kid, False)
    assert keys.get(state="prepared").generation == 2


def test_a_key_whose_time_is_over_hands_over_once() -> None:
    later, successor = clock.now() + 25 * HOUR, key("prepared").kid
    assert ask(now=later) == Succession(successor, later, waits=False)
    assert (key("active").kid, key("active").rotation_asked_at) == (successor, None)


def test_a_root_that_was_asked_for_is_followed_by_a_new_successor_of_its_intermediate() -> None:
    later = clock.now() + 8 * DAY
    ask("root", now=later)
    assert key("prepared", "intermediate").issuer == key("active", "root")


# --- What may come between


def test_a_request_outlives_its_successor() -> None:
    """The root hands over, so the intermediate's successor is discarded for one that the new root has signed."""
    ask("intermediate")
    before, successor = key("active", "intermediate").kid, key("prepared", "intermediate").kid
    key_rotation.rotate_now("root", now=clock.now() + DAY)
    assert key("prepared", "intermediate").kid != successor
    at = key("active", "root").published_at + WAIT["root"]
    assert ask("intermediate", now=clock.now() + DAY).signs_from == at
    key_rotation.run_due_steps(now=at - SECOND)
    assert key("active", "intermediate").kid == before
    key_rotation.run_due_steps(now=at)
    assert key("retiring", "intermediate").kid == before


def test_a_successor_that_another_worker_discards_is_waited_for_again() -> None:
    old = ask()
    key_rotation._take(KeySeries("iam", "us-south"), Discard(old.kid), now=clock.now())
    later = clock.now() + 6 * MINUTE
    key_rotation.run_due_steps(now=later)
    again = ask(now=later)
    assert again == Succession(key("prepared").kid, later + WAIT["iam"], waits=True)
    key_rotation.run_due_steps(now=old.signs_from)
    assert not KeyPair.objects.filter(state="retiring").exists()
    key_rotation.run_due_steps(now=again.signs_from)
    assert key("active").kid == again.kid


def test_a_request_of_a_time_that_the_clock_took_back_is_carried_out_when_verifiers_can_know_the_successor() -> None:
    now = clock.now()
    at = ask("root", now=now + 3 * DAY).signs_from
    key_rotation.run_due_steps(now=now)
    assert ask("root", now=now).signs_from == at
    key_rotation.run_due_steps(now=at)
    assert key("active", "root").activated_at == at


def test_a_key_that_was_activated_in_a_time_taken_back_hands_over_and_its_request_ends_with_it() -> None:
    now = clock.now()
    key_rotation.run_due_steps(now=now + 25 * HOUR)
    of_the_future = key("active").kid
    assert ask(now=now + 25 * HOUR + SECOND).waits
    key_rotation.run_due_steps(now=now)
    assert KeyPair.objects.get(kid=of_the_future).state == "retiring"
    assert (ALICE.id, "User", key("active").kid) in events("baremint.key.rotate")
    assert key("active").rotation_asked_at is None
