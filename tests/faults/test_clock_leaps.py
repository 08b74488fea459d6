"""F10, F11: the clock leaps forward and back under load; states move forward once, and what is issued is good."""

from collections import Counter
from datetime import datetime

import pytest

from controlplane.activity.models import ActivityEvent
from identity.models import KeyPair
from tests.faults.checks import last_event
from tests.faults.watching import active_keys_watched
from tests.faults.whole import Whole
from tests.live.operator import eventually
from tests.live.turning import shown, turn_clock

pytestmark = [pytest.mark.fault, pytest.mark.live]

CLIENTS = 3
HOUR, DAY = 3600, 86_400
WITHIN_A_DAY = {"iam", "identity", "tls"}


def hand_overs(since: int) -> dict[str, int]:
    """How often each purpose was rotated."""
    events = ActivityEvent.objects.filter(pk__gt=since, action="baremint.key.rotate").values_list("data", flat=True)
    kids = [data["new"] for data in events]  # not "data__new": SQLite would answer a kid of digits as a number
    purposes = dict(KeyPair.objects.values_list("kid", "purpose"))
    return dict(Counter(purposes[kid] for kid in kids))


def leap(whole: Whole, **movement: int) -> tuple[datetime, int]:
    """What the clock shows then, and the last event before. A thread watches that no key is ever missing."""
    before = last_event()
    with active_keys_watched(), whole.loaded(clients=CLIENTS) as load:
        with load.call_record.broken(recovery=3):
            now = shown(turn_clock(whole.product, **movement))
        load.go_on(3)
    assert {entry.status for entry in load.call_record.entries if not load.call_record.is_excused(entry)} <= {200, 401}
    load.check(now=now)
    return now, before


@pytest.fixture(autouse=True)
def clock_is_put_back(whole: Whole) -> object:
    yield
    turn_clock(whole.product, offset_seconds=0, frozen=False)


def test_an_hour_forward_rotates_nothing(whole: Whole) -> None:
    _, before = leap(whole, advance_seconds=HOUR)
    assert hand_overs(before) == {}


def test_four_hundred_days_forward_are_one_rotation_of_each_purpose_and_not_one_a_day(whole: Whole) -> None:
    _, before = leap(whole, advance_seconds=400 * DAY)
    once = dict.fromkeys((*WITHIN_A_DAY, "intermediate"), 1)
    assert eventually(lambda: hand_overs(before) == once, seconds=60)


def test_back_to_before_the_keys_lets_successors_sign_and_nothing_go_back(whole: Whole) -> None:
    """No token is issued before its key was activated, and no key signs again that was succeeded."""
    leap(whole, advance_seconds=2 * DAY)
    assert eventually(lambda: {key.state for key in KeyPair.objects.filter(purpose="iam")} >= {"active", "retiring"})
    order = ["prepared", "active", "retiring", "retired"]
    states = {kid: order.index(state) for kid, state in KeyPair.objects.values_list("kid", "state")}

    now, _ = leap(whole, offset_seconds=0)

    active = KeyPair.objects.filter(state="active")
    assert {key.purpose for key in active} >= set(WITHIN_A_DAY)
    for key in active:
        assert key.activated_at is not None
        assert (key.activated_at - now).total_seconds() < 60
    for kid, state in KeyPair.objects.filter(kid__in=states).values_list("kid", "state"):
        assert order.index(state) >= states[kid]


def test_an_hour_back_while_the_keys_are_older_changes_none(whole: Whole) -> None:
    turn_clock(whole.product, advance_seconds=2 * HOUR)
    _, before = leap(whole, advance_seconds=-HOUR)
    assert hand_overs(before) == {}
