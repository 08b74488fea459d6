"""Keys rotated by several workers at the same moment: one of them takes each step, the others are quiet."""

import base64
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.deployment.home import Home
from controlplane.kernel import clock
from controlplane.sealing import keks
from identity import key_cache, key_encryption
from identity.models import KeyPair, KnownAnswer
from identity.services import kek_rotation, key_rotation

Together = Callable[[list[Callable[[], Any]]], list[Any]]
PURPOSES = list(KeyPair.Purpose.values)
HOURLY = ("tls", "iam", "identity")
"""What is due within 25 hours."""
ALICE = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def started(on_postgresql: None, keys_from_the_pool: None, settings: Any, tmp_path: Path) -> None:
    settings.HOME = Home(tmp_path / "home")
    key_encryption.ensure_kek()
    key_cache.forget()
    key_rotation.ensure_keys(now=clock.now())


def states(purpose: str) -> list[str]:
    return list(KeyPair.objects.filter(purpose=purpose).order_by("generation").values_list("state", flat=True))


def failures(results: list[Any]) -> list[Exception]:
    return [each for each in results if isinstance(each, Exception)]


@pytest.mark.parametrize("workers", [2, 5])
def test_when_several_workers_tick_at_once_one_hands_over(started: None, together: Together, workers: int) -> None:
    later = clock.now() + timedelta(hours=25)
    rotations = ActivityEvent.objects.filter(action="baremint.key.rotate")
    before = rotations.count()
    results = together([lambda: key_rotation.run_due_steps(now=later)] * workers)

    assert failures(results) == []
    for purpose in HOURLY:
        assert states(purpose) == ["retiring", "active", "prepared"]
    assert rotations.count() == before + len(HOURLY)


def test_twenty_due_periods_are_twenty_generations_by_any_worker(started: None, together: Together) -> None:
    now = clock.now()
    for _ in range(20):
        now += timedelta(hours=25)
        assert failures(together([lambda now=now: key_rotation.run_due_steps(now=now)] * 3)) == []
        key_rotation.run_due_steps(now=now)  # whatever the three left to each other
    generations = KeyPair.objects.filter(state="active").values_list("purpose", "generation")
    assert dict(generations) | {"root": 1, "intermediate": 1} == {
        "root": 1,
        "intermediate": 1,
        **dict.fromkeys(("tls", "iam", "identity"), 21),
    }


def test_several_machines_that_start_at_once_make_one_set_of_keys(
    on_postgresql: None, keys_from_the_pool: None, settings: Any, together: Together
) -> None:
    settings.BAREMINT_KEK = [base64.b64encode(os.urandom(32)).decode()]
    results = together([lambda: key_rotation.ensure_keys(now=clock.now())] * 4)
    key_rotation.ensure_keys(now=clock.now())

    assert failures(results) == []
    for purpose in PURPOSES:
        assert states(purpose) == ["active", "prepared"]


def test_of_two_machines_that_start_at_once_with_different_keks_one_is_refused(
    on_postgresql: None, keys_from_the_pool: None, monkeypatch: pytest.MonkeyPatch, together: Together
) -> None:
    """Each has generated its own, as without BAREMINT_KEK: what one encrypts the other could never read."""
    from threading import current_thread

    def of_this_machine() -> tuple[keks.Kek, ...]:
        kek = base64.b64encode(current_thread().name.encode().ljust(32)[:32]).decode()
        return keks._parse((kek,))

    monkeypatch.setattr(keks, "configured_keks", of_this_machine)
    errors = failures(together([lambda: key_rotation.ensure_keys(now=clock.now())] * 2))

    assert [type(each) for each in errors] == [ImproperlyConfigured]
    assert KnownAnswer.objects.count() == 1
    assert set(KeyPair.objects.values_list("kek_id", flat=True)) == set(
        KnownAnswer.objects.values_list("kek_id", flat=True)
    )


def test_operators_who_rotate_at_once_leave_one_active_key_and_one_successor(started: None, together: Together) -> None:
    results = together([lambda: key_rotation.rotate_now("iam", now=clock.now())] * 5)

    assert failures(results) == []
    assert states("iam")[-2:] == ["active", "prepared"]
    assert set(states("iam")[:-2]) <= {"retiring"}


def test_five_requests_for_a_rotation_at_once_leave_one(started: None, together: Together) -> None:
    results = together([lambda: key_rotation.rotate("iam", now=clock.now(), by=ALICE)] * 5)

    assert failures(results) == []
    successor = KeyPair.objects.get(purpose="iam", state="prepared")
    assert {(each.kid, each.signs_from, each.waits) for each in results} == {
        (successor.kid, results[0].signs_from, True)
    }
    assert KeyPair.objects.exclude(rotation_asked_at=None).count() == 1
    assert ActivityEvent.objects.filter(action="baremint.key.ask-rotation").count() == 1
    assert states("iam") == ["active", "prepared"]


def test_requests_for_a_rotation_while_workers_tick_cause_one_hand_over(started: None, together: Together) -> None:
    key_rotation.rotate("iam", now=clock.now(), by=ALICE)
    later = clock.now() + timedelta(minutes=8)
    tick, ask = (
        (lambda: key_rotation.run_due_steps(now=later)),
        (lambda: key_rotation.rotate("iam", now=later, by=ALICE)),
    )
    results = together([tick, ask, tick, ask, tick])

    assert failures(results) == []
    assert states("iam")[:2] == ["retiring", "active"]
    assert ActivityEvent.objects.filter(action="baremint.key.rotate", initiator_id=ALICE.id).count() == 1


def test_keys_that_rotate_during_a_rotation_of_the_kek_are_all_under_the_new_one(
    started: None, together: Together, settings: Any
) -> None:
    old = settings.HOME.read_secret(keks.KEK_FILE)
    new = base64.b64encode(os.urandom(32)).decode()
    settings.BAREMINT_KEK = [new, old]
    later = clock.now() + timedelta(hours=25)
    results = together(
        [
            lambda: kek_rotation.rotate_kek(now=clock.now(), progress=lambda *_: None),
            lambda: kek_rotation.rotate_kek(now=clock.now(), progress=lambda *_: None),
            lambda: key_rotation.run_due_steps(now=later),
            lambda: key_rotation.rotate_now("intermediate", now=clock.now()),
        ]
    )
    assert failures(results) == []
    settings.BAREMINT_KEK = [new]
    key_rotation.ensure_keys(now=clock.now())
    assert set(KeyPair.objects.exclude(kek_id="").values_list("kek_id", flat=True)) == {keks.first_kek()}


def test_the_database_refuses_a_second_active_key(started: None) -> None:
    with pytest.raises(IntegrityError, match="one_active_key"), transaction.atomic():
        KeyPair.objects.filter(purpose="iam", state="prepared").update(state="active")


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "prepared"), ("retiring", "active"), ("retired", "retiring"), ("retired", "prepared")],
)
def test_the_database_refuses_every_way_back(started: None, before: str, after: str) -> None:
    KeyPair.objects.filter(purpose="iam", state="prepared").delete()
    KeyPair.objects.filter(purpose="iam").update(state=before)
    with pytest.raises(IntegrityError, match="moves forward only"), transaction.atomic():
        KeyPair.objects.filter(purpose="iam").update(state=after)


def test_a_named_lock_is_released_with_the_transaction_that_has_it(started: None, together: Together) -> None:
    from controlplane.kernel.named_lock import named_lock

    order: list[str] = []

    def work(name: str) -> None:
        with named_lock("same"):
            order.append(f"{name} begins")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
            order.append(f"{name} ends")

    assert failures(together([lambda: work("one"), lambda: work("other")])) == []
    assert [entry.split()[0] for entry in order] in (["one"] * 2 + ["other"] * 2, ["other"] * 2 + ["one"] * 2)
