"""The keys of a first start are generated at the same time, and stored one after the other."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.kernel import clock
from identity import key_encryption
from identity.key_schedule import Purpose
from identity.models import KeyPair
from identity.services import key_creation, key_rotation

SECONDS = 20


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1})


@pytest.fixture
def generated_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Purpose], Any]], None]:
    """Puts another function into the place of the one that generates keys."""
    return lambda function: monkeypatch.setattr(key_creation, "generate", function)


def no_thread_is_left() -> bool:
    return not any(thread.name.startswith("keys") for thread in threading.enumerate())


def test_two_keys_are_generated_at_the_same_time(generated_by: Callable[[Any], None]) -> None:
    both = threading.Barrier(2)
    generated_by(lambda purpose: (purpose, both.wait(SECONDS)))

    with key_creation.generated_ahead(["root", "iam"]) as generate:
        private_keys: list[Any] = [generate("root"), generate("iam")]

    assert [purpose for purpose, _ in private_keys] == ["root", "iam"]
    assert no_thread_is_left()


def test_a_key_that_was_not_foreseen_is_generated_when_it_is_asked_for(generated_by: Callable[[Any], None]) -> None:
    counts: Counter[tuple[str, bool]] = Counter()

    def count(purpose: Purpose) -> str:
        counts[purpose, threading.current_thread() is threading.main_thread()] += 1
        return purpose

    generated_by(count)
    with key_creation.generated_ahead(["root", "root"]) as generate:
        private_keys: list[Any] = [generate("iam"), *(generate("root") for _ in range(3))]

    assert private_keys == ["iam", "root", "root", "root"]
    assert counts == {("root", False): 2, ("root", True): 1, ("iam", True): 1}


def test_one_key_is_generated_without_a_thread(generated_by: Callable[[Any], None]) -> None:
    generated_by(lambda purpose: threading.current_thread())
    with key_creation.generated_ahead(["iam"]) as generate:
        private_key: Any = generate("iam")
    assert private_key is threading.main_thread()


def test_a_block_that_fails_waits_for_no_key_that_was_not_begun(generated_by: Callable[[Any], None]) -> None:
    purposes: list[Purpose] = []
    go_on = threading.Event()

    def wait(purpose: Purpose) -> None:
        purposes.append(purpose)
        go_on.wait(SECONDS)

    def fail() -> None:
        with key_creation.generated_ahead(["root"] * 10):
            threading.Timer(0.1, go_on.set).start()
            raise LookupError

    generated_by(wait)
    with pytest.raises(LookupError):
        fail()

    assert len(purposes) <= 2
    assert no_thread_is_left()


@pytest.mark.django_db
def test_a_key_that_cannot_be_generated_stops_the_start_after_those_before_it(
    generated_by: Callable[[Any], None], rsa_pool: Any
) -> None:
    def fail_for_tokens(purpose: Purpose) -> Any:
        if purpose == "iam":
            raise MemoryError
        return next(rsa_pool)

    generated_by(fail_for_tokens)
    key_encryption.ensure_kek()
    with pytest.raises(MemoryError):
        key_rotation.ensure_keys(now=clock.now())

    counts = Counter(KeyPair.objects.values_list("purpose", flat=True))
    assert counts == {"root": 2, "intermediate": 2, "tls": 2}
    assert no_thread_is_left()


@pytest.mark.django_db
def test_the_keys_of_a_first_start_are_stored_purpose_by_purpose(keys_from_the_pool: None) -> None:
    key_encryption.ensure_kek()
    key_rotation.ensure_keys(now=clock.now())
    stored = list(KeyPair.objects.order_by("pk").values_list("purpose", "state"))
    purposes = ["root", "intermediate", "tls", "iam", "identity"]
    assert stored == [(purpose, state) for purpose in purposes for state in ("active", "prepared")]
