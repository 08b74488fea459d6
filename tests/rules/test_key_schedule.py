"""When keys and certificate authorities are prepared, handed over, retired and unpublished."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from identity.key_schedule import (
    BUNDLE_MAX_AGE,
    JWKS_MAX_AGE,
    LAG,
    LEEWAY,
    LONGEST_LEAF,
    LONGEST_TOKEN,
    TRUST_REFRESH,
    Discard,
    HandOver,
    KeyFacts,
    KeyState,
    KeyTimes,
    Outlook,
    Prepare,
    Purpose,
    Retire,
    Step,
    contradiction,
    key_times,
    next_step,
    outlook,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PERIODS = {"signing_key": DAY, "endpoint_certificate": DAY, "intermediate": 30 * DAY, "root": 1095 * DAY}
TABLE = key_times(**PERIODS)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

purposes = pytest.mark.parametrize("purpose", PURPOSES)
certified = pytest.mark.parametrize("purpose", ["root", "intermediate"])


class Case:
    """Keys of one purpose as seen from NOW. An intermediate's issuer is an active root called ``issuer``."""

    def __init__(self, purpose: Purpose) -> None:
        self.times = TABLE[purpose]
        self.period = self.times.period
        root = KeyFacts("issuer", "active", NOW - 365 * DAY, NOW, expires_at=NOW + 100_000 * DAY)
        self.issuer = root if purpose == "intermediate" else None

    def active(self, since: timedelta = timedelta(0), **changes: Any) -> KeyFacts:
        return replace(self._key("active", "active", since), activated_at=NOW - since, **changes)

    def prepared(self, since: timedelta = timedelta(0), **changes: Any) -> KeyFacts:
        return replace(self._key("successor", "prepared", since), **changes)

    def retiring(self, since: timedelta) -> KeyFacts:
        key = self._key("old", "retiring", since + self.period)
        return replace(key, activated_at=key.published_at, demoted_at=NOW - since)

    def step(self, *keys: KeyFacts) -> Step | None:
        return next_step(keys, now=NOW, times=self.times, issuer=self.issuer)

    def _key(self, kid: str, state: KeyState, since: timedelta) -> KeyFacts:
        lifetime = self.times.certificate
        return KeyFacts(
            kid,
            state,
            NOW - since,
            expires_at=NOW - since + lifetime if lifetime else None,
            issuer=self.issuer.kid if self.issuer else None,
        )


@purposes
def test_the_first_step_is_to_prepare_a_key(purpose: Purpose) -> None:
    assert Case(purpose).step() == Prepare()


@purposes
def test_without_an_active_key_the_prepared_one_takes_over_at_once(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.prepared()) == HandOver(None, "successor")


@purposes
def test_beside_an_active_key_a_successor_is_always_prepared(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active()) == Prepare()


@purposes
def test_before_the_period_ends_there_is_nothing_to_do(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(case.period - SECOND), case.prepared(case.period - SECOND)) is None


@purposes
def test_at_the_end_of_the_period_the_successor_takes_over(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(case.period), case.prepared(case.period)) == HandOver("active", "successor")


@pytest.mark.parametrize("purpose", ["root", "intermediate", "iam", "identity"])
def test_a_successor_does_not_sign_before_verifiers_can_have_fetched_it(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(case.period), case.prepared(case.times.publish_before - SECOND)) is None


def test_the_key_of_an_endpoint_need_not_be_published_before_it_signs() -> None:
    case = Case("tls")
    assert case.step(case.active(case.period), case.prepared()) == HandOver("active", "successor")


@purposes
def test_a_retiring_key_stays_published_while_what_it_signed_lives(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(), case.prepared(), case.retiring(case.times.verify_after - SECOND)) is None


@purposes
def test_a_retiring_key_is_retired_when_the_last_thing_it_signed_has_expired_everywhere(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(), case.prepared(), case.retiring(case.times.verify_after)) == Retire("old")


@pytest.mark.parametrize("late", [1, 400], ids=["one-period", "four-hundred-periods"])
@pytest.mark.parametrize("purpose", ["tls", "iam", "identity"])
def test_a_clock_that_jumps_causes_one_rotation_not_many(purpose: Purpose, late: int) -> None:
    case = Case(purpose)
    assert case.step(case.active(late * case.period), case.prepared(late * case.period)) == HandOver(
        "active", "successor"
    )
    after = [KeyFacts("active", "retiring", NOW, NOW, NOW), replace(case.active(), kid="successor")]
    assert case.step(*after) == Prepare()
    assert case.step(*after, case.prepared()) is None


@certified
def test_a_hand_over_that_is_a_period_late_still_leaves_a_whole_period(purpose: Purpose) -> None:
    case = Case(purpose)
    successor = case.prepared(2 * case.period)
    assert case.step(case.active(2 * case.period), successor) == HandOver("active", "successor")
    assert successor.expires_at is not None
    assert successor.expires_at >= NOW + case.period + case.times.verify_after


@purposes
def test_a_clock_that_goes_back_to_before_a_key_lets_its_successor_take_over(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(-HOUR), case.prepared()) == HandOver("active", "successor")


@purposes
def test_a_machine_whose_clock_is_a_little_behind_changes_nothing(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(-LEEWAY), case.prepared(-LEEWAY)) is None


@certified
def test_a_successor_whose_certificate_begins_in_a_time_taken_back_is_discarded(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(), case.prepared(-HOUR)) == Discard("successor")


@pytest.mark.parametrize("purpose", ["identity", "iam"])
def test_a_token_key_published_in_a_time_taken_back_stays_for_verifiers_know_it(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(), case.prepared(-HOUR)) is None


@certified
def test_a_successor_that_would_not_last_a_period_is_discarded(purpose: Purpose) -> None:
    case = Case(purpose)
    successor = case.prepared(expires_at=NOW + case.period + case.times.verify_after - SECOND)
    assert case.step(case.active(), successor) == Discard("successor")


def test_a_successor_whose_issuer_was_succeeded_is_discarded() -> None:
    case = Case("intermediate")
    assert case.step(case.active(), case.prepared(issuer="the root before")) == Discard("successor")


def test_a_successor_as_short_lived_as_its_issuer_is_kept_for_a_new_one_would_not_live_longer() -> None:
    case = Case("intermediate")
    assert case.issuer is not None
    case.issuer = replace(case.issuer, expires_at=NOW + DAY)
    end = {"expires_at": NOW + DAY}
    assert case.step(case.active(**end), case.prepared(**end)) is None


@certified
def test_an_authority_hands_over_early_when_it_would_not_outlive_what_it_signs(purpose: Purpose) -> None:
    case = Case(purpose)
    active = case.active(expires_at=NOW + case.times.verify_after)
    assert case.step(active, case.prepared(case.times.publish_before)) == HandOver("active", "successor")
    assert case.step(replace(active, expires_at=NOW + case.times.verify_after + SECOND), case.prepared(HOUR)) is None


@certified
def test_an_authority_that_has_expired_hands_over_at_once_for_it_can_sign_nothing(purpose: Purpose) -> None:
    case = Case(purpose)
    assert case.step(case.active(expires_at=NOW), case.prepared()) == HandOver("active", "successor")


def test_an_intermediate_does_not_sign_before_its_root_can_be_trusted_everywhere() -> None:
    case = Case("intermediate")
    assert case.issuer is not None
    keys = [case.active(case.period), case.prepared(case.period)]
    case.issuer = replace(case.issuer, published_at=NOW - TRUST_REFRESH)
    assert case.step(*keys) is None
    case.issuer = replace(case.issuer, published_at=NOW - TRUST_REFRESH - LAG)
    assert case.step(*keys) == HandOver("active", "successor")


# --- The times, and where they come from


@pytest.mark.parametrize("purpose", ["iam", "identity"])
def test_token_keys_are_published_for_as_long_as_verifiers_keep_them_and_their_tokens_live(purpose: Purpose) -> None:
    assert TABLE[purpose] == KeyTimes(DAY, JWKS_MAX_AGE + LAG, LONGEST_TOKEN + JWKS_MAX_AGE + LAG)


@pytest.mark.parametrize("endpoint", [HOUR, 48 * HOUR])
def test_an_intermediate_stays_until_the_longest_certificate_it_signs_has_expired(endpoint: timedelta) -> None:
    times = key_times(**{**PERIODS, "endpoint_certificate": endpoint})["intermediate"]
    assert times.verify_after == max(LONGEST_LEAF, endpoint) + BUNDLE_MAX_AGE + LAG


def test_a_root_stays_until_every_intermediate_it_signed_has_expired() -> None:
    lifetime = TABLE["intermediate"].certificate
    assert lifetime is not None
    assert TABLE["root"].verify_after >= lifetime + LAG


@certified
def test_a_certificate_lives_as_long_as_its_key_waits_signs_and_is_needed(purpose: Purpose) -> None:
    times = TABLE[purpose]
    assert times.certificate == 3 * times.period + times.verify_after


def test_a_root_is_in_the_bundle_long_before_it_signs() -> None:
    assert TABLE["root"].publish_before == TRUST_REFRESH + LAG


def test_endpoint_certificates_are_renewed_at_two_thirds_of_their_life() -> None:
    assert TABLE["tls"].period == 16 * HOUR


def test_only_authorities_keep_their_private_key_for_revocation_lists() -> None:
    assert {purpose for purpose in PURPOSES if TABLE[purpose].signs_while_retiring} == {"root", "intermediate"}


def test_the_default_periods_can_be_kept() -> None:
    assert contradiction(TABLE, tick=5 * SECOND) is None


@pytest.mark.parametrize(
    ("changes", "tick", "purpose", "reason"),
    [
        ({"signing_key": timedelta(minutes=7)}, 5 * SECOND, "iam", "at least 0:07:05"),
        ({"signing_key": HOUR}, HOUR, "iam", "at least 1:07:00"),
        ({"intermediate": HOUR}, 5 * SECOND, "intermediate", "at least 1:02:05"),
        ({"endpoint_certificate": HOUR}, HOUR, "tls", "at least 1:00:00"),
        ({"root": 5 * DAY, "intermediate": 2 * DAY}, 5 * SECOND, "root", "at least 7 days"),
        ({"root": 29 * DAY}, 5 * SECOND, "root", "at least 30 days.*what it signs"),
    ],
)
def test_a_period_that_leaves_no_time_to_publish_the_successor_is_named(
    changes: dict[str, timedelta], tick: timedelta, purpose: Purpose, reason: str
) -> None:
    problem = contradiction(key_times(**{**PERIODS, **changes}), tick=tick)
    assert problem is not None
    assert problem[0] == purpose
    assert re.search(reason, problem[1])


# --- What is announced


@purposes
def test_a_successor_and_the_active_key_change_together_at_the_end_of_the_period(purpose: Purpose) -> None:
    case = Case(purpose)
    keys = [case.active(HOUR), case.prepared(HOUR)]
    at = NOW - HOUR + case.period
    assert outlook(keys[0], keys, case.times, case.issuer) == Outlook("active", NOW - HOUR, "retiring", at)
    assert outlook(keys[1], keys, case.times, case.issuer) == Outlook("prepared", NOW - HOUR, "active", at)


@purposes
def test_a_retiring_key_is_retired_after_its_time(purpose: Purpose) -> None:
    case = Case(purpose)
    key = case.retiring(SECOND)
    assert outlook(key, [key], case.times) == Outlook(
        "retiring", NOW - SECOND, "retired", NOW - SECOND + case.times.verify_after
    )


def test_an_active_key_without_a_successor_has_no_date_yet() -> None:
    case = Case("iam")
    assert outlook(case.active(), [case.active()], case.times) == Outlook("active", NOW, "retiring", None)


@purposes
def test_what_is_announced_is_when_it_happens(purpose: Purpose) -> None:
    case = Case(purpose)
    keys = [case.active(HOUR), case.prepared(HOUR)]
    at = outlook(keys[0], keys, case.times, case.issuer).at
    assert at is not None
    arguments: dict[str, Any] = {"times": case.times, "issuer": case.issuer}
    assert next_step(keys, now=at - SECOND, **arguments) is None
    assert next_step(keys, now=at, **arguments) == HandOver("active", "successor")


# --- Anything that may happen, in any order


class LifeCycle(RuleBasedStateMachine):
    """Roots, intermediates and token keys; time passes in leaps, ticks come whenever they come, an operator rotates.

    Whatever is signed lives as long as it may. None of it ever meets a key that is not published.
    """

    @initialize()
    def first_start(self) -> None:
        self.now = NOW
        self.keys: dict[Purpose, dict[str, KeyFacts]] = {purpose: {} for purpose in PURPOSES}
        self.signed: list[tuple[Purpose, str, datetime]] = []
        self.tick()

    @rule(time=st.timedeltas(SECOND, 100_000 * SECOND))
    def time_passes(self, time: timedelta) -> None:
        self.now += time

    @rule(time=st.timedeltas(20 * DAY, 1500 * DAY))
    def much_time_passes(self, time: timedelta) -> None:
        self.now += time

    @rule()
    def tick(self) -> None:
        for purpose in PURPOSES:
            count = 0
            while due_key := self.due(purpose):
                self.take(purpose, due_key)
                count += not isinstance(due_key, Retire)
                assert count <= 4, "steps that call for each other"

    @rule(purpose=st.sampled_from(PURPOSES))
    def an_operator_rotates(self, purpose: Purpose) -> None:
        self.tick()
        successor = next(key for key in self.keys[purpose].values() if key.state == "prepared")
        self.take(purpose, HandOver(self.signer(purpose).kid, successor.kid), at_once=True)
        self.tick()

    @rule(purpose=st.sampled_from(PURPOSES))
    def an_operator_asks_for_a_rotation(self, purpose: Purpose) -> None:
        self.tick()
        active = self.signer(purpose)
        self.keys[purpose][active.kid] = replace(active, asked_at=self.now)
        self.tick()

    @rule(purpose=st.sampled_from(["iam", "identity"]))
    def a_token_is_signed(self, purpose: Purpose) -> None:
        self.signed.append((purpose, self.signer(purpose).kid, self.now + LONGEST_TOKEN))

    @rule(lifetime=st.sampled_from([LONGEST_LEAF, PERIODS["endpoint_certificate"]]))
    def a_certificate_is_signed(self, lifetime: timedelta) -> None:
        authority = self.signer("intermediate")
        assert authority.expires_at is not None
        end = min(self.now + lifetime, authority.expires_at)
        self.signed.append(("intermediate", authority.kid, end))
        assert authority.issuer is not None
        self.signed.append(("root", authority.issuer, end))

    def signer(self, purpose: Purpose) -> KeyFacts:
        return next(key for key in self.keys[purpose].values() if key.state == "active")

    def due(self, purpose: Purpose) -> Step | None:
        issuer = self.signer("root") if purpose == "intermediate" else None
        return next_step(list(self.keys[purpose].values()), now=self.now, times=TABLE[purpose], issuer=issuer)

    def take(self, purpose: Purpose, found: Step, *, at_once: bool = False) -> None:
        match found:
            case Prepare():
                self.prepare(purpose)
            case HandOver(old, successor):
                if old:
                    end = self.keys[purpose][old].expires_at
                    deadline = self.keys[purpose][successor].published_at + TABLE[purpose].publish_before
                    assert at_once or self.now >= deadline or (end and self.now >= end)
                    self.change(purpose, old, "retiring", demoted_at=self.now)
                self.change(purpose, successor, "active", activated_at=self.now)
            case Retire(kid) | Discard(kid):
                self.change(purpose, kid, "retired")

    def prepare(self, purpose: Purpose) -> None:
        kid = f"{purpose}-{len(self.keys[purpose])}"
        lifetime = TABLE[purpose].certificate
        expires = self.now + lifetime if lifetime else None
        issuer = self.signer("root") if purpose == "intermediate" else None
        if issuer and issuer.expires_at and expires:
            expires = min(expires, issuer.expires_at)
        self.keys[purpose][kid] = KeyFacts(
            kid, "prepared", self.now, expires_at=expires, issuer=issuer.kid if issuer else None
        )

    def change(self, purpose: Purpose, kid: str, state: KeyState, **times: datetime) -> None:
        before = self.keys[purpose][kid]
        order = get_args(KeyState)
        assert order.index(state) > order.index(before.state)
        self.keys[purpose][kid] = replace(before, state=state, **times)  # type: ignore[arg-type]

    @invariant()
    def everything_alive_has_a_published_key(self) -> None:
        for purpose, kid, expires in getattr(self, "signed", []):
            assert self.keys[purpose][kid].state != "retired" or expires <= self.now

    @invariant()
    def exactly_one_key_of_each_purpose_is_active_and_one_prepared(self) -> None:
        for keys in getattr(self, "keys", {}).values():
            states = [key.state for key in keys.values()]
            assert (states.count("active"), states.count("prepared")) == (1, 1)


TestLifeCycle = LifeCycle.TestCase
TestLifeCycle.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
