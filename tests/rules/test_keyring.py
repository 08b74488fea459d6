"""When signing keys are prepared, handed over and retired."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from identity.keyring import (
    LONGEST_TOKEN,
    PUBLISH_BEFORE_USE,
    VERIFY_AFTER_USE,
    HandOver,
    KeyFacts,
    Prepare,
    Retire,
    next_step,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERIOD = timedelta(hours=24)
SECOND = timedelta(seconds=1)


def step(*keys: KeyFacts, now: datetime = NOW) -> object:
    return next_step(keys, now=now, period=PERIOD)


def active(since: timedelta = timedelta(0)) -> KeyFacts:
    return KeyFacts("active", "active", NOW - since, NOW - since)


def prepared(since: timedelta = timedelta(0)) -> KeyFacts:
    return KeyFacts("heir", "prepared", NOW - since)


def retiring(since: timedelta) -> KeyFacts:
    return KeyFacts("old", "retiring", NOW - PERIOD, NOW - PERIOD, NOW - since)


def test_the_first_step_is_to_prepare_a_key() -> None:
    assert step() == Prepare()


def test_without_an_active_key_the_prepared_one_takes_over_at_once() -> None:
    assert step(prepared()) == HandOver(None, "heir")


def test_beside_an_active_key_an_heir_is_always_prepared() -> None:
    assert step(active()) == Prepare()


def test_before_the_period_ends_there_is_nothing_to_do() -> None:
    assert step(active(PERIOD - SECOND), prepared(PERIOD)) is None


def test_at_the_end_of_the_period_the_heir_takes_over() -> None:
    assert step(active(PERIOD), prepared(PERIOD)) == HandOver("active", "heir")


def test_an_heir_does_not_sign_before_verifiers_can_have_fetched_it() -> None:
    assert step(active(PERIOD * 2), prepared(PUBLISH_BEFORE_USE - SECOND)) is None


def test_a_retiring_key_stays_published_while_its_tokens_live() -> None:
    assert step(active(), prepared(), retiring(VERIFY_AFTER_USE - SECOND)) is None


def test_a_retiring_key_is_retired_when_its_last_token_has_expired_everywhere() -> None:
    assert step(active(), prepared(), retiring(VERIFY_AFTER_USE)) == Retire("old")


@pytest.mark.parametrize("late", [PERIOD, PERIOD * 400], ids=["one-period", "four-hundred-periods"])
def test_a_clock_that_jumps_causes_one_rotation_not_many(late: timedelta) -> None:
    keys = [active(late), prepared(late)]
    assert step(*keys) == HandOver("active", "heir")
    after = [KeyFacts("active", "retiring", NOW, NOW, NOW), KeyFacts("heir", "active", NOW, NOW)]
    assert step(*after) == Prepare()
    assert step(*after, KeyFacts("next", "prepared", NOW)) is None


class RotationMachine(RuleBasedStateMachine):
    """Time passes in leaps; ticks come whenever they come. No token ever meets an unpublished key."""

    @initialize()
    def first_start(self) -> None:
        self.now = NOW
        self.keys: dict[str, KeyFacts] = {}
        self.signed: list[tuple[str, datetime]] = []
        self.tick()

    @rule(seconds=st.integers(min_value=1, max_value=100_000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def tick(self) -> None:
        while found := next_step(list(self.keys.values()), now=self.now, period=PERIOD):
            self.take(found)

    @rule()
    def a_token_is_signed(self) -> None:
        signer = next(key for key in self.keys.values() if key.state == "active")
        self.signed.append((signer.kid, self.now + LONGEST_TOKEN))

    def take(self, found: object) -> None:
        match found:
            case Prepare():
                kid = f"key-{len(self.keys)}"
                self.keys[kid] = KeyFacts(kid, "prepared", self.now)
            case HandOver(old, heir):
                if old:
                    self.change(old, "retiring", demoted_at=self.now)
                self.change(heir, "active", activated_at=self.now)
            case Retire(kid):
                self.change(kid, "retired")

    def change(self, kid: str, state: str, **times: datetime) -> None:
        self.keys[kid] = KeyFacts(**{**vars(self.keys[kid]), "state": state, **times})

    @invariant()
    def every_living_token_has_a_published_key(self) -> None:
        for kid, expires in getattr(self, "signed", []):
            assert self.keys[kid].state != "retired" or expires <= self.now

    @invariant()
    def exactly_one_key_is_active(self) -> None:
        if getattr(self, "keys", None):
            assert [key.state for key in self.keys.values()].count("active") == 1


TestRotationMachine = RotationMachine.TestCase
TestRotationMachine.settings = hypothesis_settings(max_examples=100, stateful_step_count=40, deadline=None)
