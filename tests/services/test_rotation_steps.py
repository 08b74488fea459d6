"""Each step by itself: what it leaves in the row and on record, and that it is taken once."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity.key_schedule import Discard, Prepare, Purpose, Retire
from identity.models import KeyPair
from identity.selectors import KeySeries
from identity.services import key_rotation

pytestmark = pytest.mark.usefixtures("keys")

IAM = KeySeries("iam", "us-south")


def key(state: str, purpose: Purpose = "iam") -> KeyPair:
    return KeyPair.objects.get(purpose=purpose, state=state)


def take(step: Any, line: KeySeries = IAM) -> bool:
    return key_rotation._take(line, step, now=clock.now(), by=key_rotation.SYSTEM)


def events(action: str) -> list[tuple[str, str, str]]:
    """Whose keys: each event's initiator, and the target's id and name."""
    actual_events = ActivityEvent.objects.filter(action=action)
    return list(actual_events.values_list("initiator_id", "target_id", "target_name"))


def event_of(kid: str) -> tuple[str, str, str]:
    return (key_rotation.SYSTEM.id, kid, kid)


def test_a_retired_key_is_retired_once_and_then_without_its_private_half() -> None:
    old = key("active").kid
    key_rotation.rotate_now("iam", now=clock.now())
    later = KeyPair.objects.get(kid=old).demoted_at + timedelta(hours=1, minutes=7)  # type: ignore[operator]
    assert key_rotation.run_due_steps(now=later - timedelta(seconds=1)) == 0
    assert key_rotation.run_due_steps(now=later) == 1
    assert key_rotation.run_due_steps(now=later) == 0
    row = KeyPair.objects.get(kid=old)
    assert (row.state, row.retired_at, bytes(row.ciphertext)) == ("retired", later, b"")
    assert events("baremint.key.retire") == [event_of(old)]


def test_a_root_keeps_its_private_half_while_it_retires_for_it_signs_revocation_lists() -> None:
    key_rotation.rotate_now("root", now=clock.now())
    assert bytes(key("retiring", "root").ciphertext)


def test_a_successor_of_an_intermediate_is_discarded_when_its_root_hands_over() -> None:
    successor = key("prepared", "intermediate").kid
    root = key_rotation.rotate_now("root", now=clock.now()).key
    row = KeyPair.objects.get(kid=successor)
    assert (row.state, row.retired_at is not None, bytes(row.ciphertext)) == ("retired", True, b"")
    assert key("prepared", "intermediate").issuer == root
    assert events("baremint.key.discard") == [event_of(successor)]


@pytest.mark.parametrize(("step", "state"), [(Retire, "active"), (Retire, "prepared"), (Discard, "active")])
def test_a_key_in_another_state_is_not_retired_and_not_discarded(step: type[Retire | Discard], state: str) -> None:
    kid = key(state).kid
    assert not take(step(kid))
    assert key(state).kid == kid
    assert events("baremint.key.retire") + events("baremint.key.discard") == []


def test_a_rotation_leaves_on_record_who_took_over_from_whom() -> None:
    old, successor = key("active").kid, key("prepared").kid
    key_rotation.run_due_steps(now=clock.now() + timedelta(hours=25))
    assert event_of(successor) in events("baremint.key.rotate")
    assert ActivityEvent.objects.get(target_id=successor, action="baremint.key.rotate").data == {
        "old": old,
        "new": successor,
    }


def test_every_prepared_key_leaves_an_event() -> None:
    kids = KeyPair.objects.order_by("published_at", "id").values_list("kid", flat=True)
    assert sorted(events("baremint.key.prepare")) == sorted(event_of(kid) for kid in kids)


def test_a_successor_is_not_prepared_twice() -> None:
    successor = key("prepared").kid
    assert not take(Prepare())
    assert key("prepared").kid == successor


def test_an_intermediate_is_not_prepared_where_no_root_is_active() -> None:
    KeyPair.objects.filter(purpose__in=["root", "intermediate"]).update(region="au-syd")
    assert not take(Prepare(), KeySeries("intermediate", "us-south"))
    assert not KeyPair.objects.filter(purpose="intermediate", region="us-south").exists()
