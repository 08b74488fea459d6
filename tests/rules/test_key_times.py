"""The table of times in figures, and keys of which some times are not known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from identity.key_schedule import (
    HandOver,
    KeyFacts,
    KeyTimes,
    Outlook,
    contradiction,
    hand_over_at,
    key_times,
    next_step,
    outlook,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PERIODS = {"signing_key": DAY, "endpoint_certificate": DAY, "intermediate": 30 * DAY, "root": 1095 * DAY}
LEAVES = DAY + HOUR + 2 * MINUTE
CHAINS = 91 * DAY + 2 * HOUR + 4 * MINUTE
TABLE = {
    "root": KeyTimes(1095 * DAY, 7 * DAY + 2 * MINUTE, CHAINS, 3285 * DAY + CHAINS, signs_while_retiring=True),
    "intermediate": KeyTimes(30 * DAY, HOUR + 2 * MINUTE, LEAVES, 90 * DAY + LEAVES, signs_while_retiring=True),
    "tls": KeyTimes(16 * HOUR, timedelta(0), DAY + 2 * MINUTE, certificate=None),
    "iam": KeyTimes(DAY, 7 * MINUTE, HOUR + 7 * MINUTE, certificate=None),
    "identity": KeyTimes(DAY, 7 * MINUTE, HOUR + 7 * MINUTE, certificate=None),
}
TIMES = KeyTimes(10 * DAY, HOUR, DAY)


def active(activated_at: datetime | None = NOW, expires_at: datetime | None = None) -> KeyFacts:
    return KeyFacts("old", "active", NOW - 2 * DAY, activated_at, expires_at=expires_at)


def successor(expires_at: datetime | None = None) -> KeyFacts:
    return KeyFacts("new", "prepared", NOW - DAY, expires_at=expires_at)


def test_the_table_of_times_is_this_one() -> None:
    # D-81
    assert key_times(**PERIODS) == TABLE


def test_an_intermediate_stays_for_identity_certificates_of_an_hour_when_endpoints_have_shorter_ones() -> None:
    assert key_times(**{**PERIODS, "endpoint_certificate": HOUR / 2})["intermediate"].verify_after == 2 * HOUR + (
        2 * MINUTE
    )


@pytest.mark.parametrize(
    ("shortest", "told"),
    [
        ({"signing_key": 7 * MINUTE + SECOND}, "its successor is published 0:07:00 before it signs"),
        ({"root": 30 * DAY}, "30 days, 0:00:00, the period of what it signs"),
    ],
)
def test_a_period_may_be_as_short_as_the_refusal_of_a_shorter_one_says(
    shortest: dict[str, timedelta], told: str
) -> None:
    assert contradiction(key_times(**{**PERIODS, **shortest}), tick=SECOND) is None
    shorter = {name: period - SECOND for name, period in shortest.items()}
    problem = contradiction(key_times(**{**PERIODS, **shorter}), tick=SECOND)
    assert problem is not None
    assert problem[1].endswith(told)


def test_a_period_begins_when_the_key_was_activated_and_not_when_it_was_published() -> None:
    assert hand_over_at(active(), successor(), TIMES) == NOW + 10 * DAY


def test_the_period_of_a_key_of_which_no_activation_is_known_begins_when_it_was_published() -> None:
    key = KeyFacts("old", "active", NOW - 2 * DAY)
    assert hand_over_at(key, successor(), TIMES) == NOW + 8 * DAY
    assert next_step([key, successor()], now=NOW, times=TIMES) is None
    assert next_step([key, successor()], now=NOW + 8 * DAY, times=TIMES) == HandOver("old", "new")
    assert outlook(key, [key, successor()], TIMES) == Outlook("active", NOW - 2 * DAY, "retiring", NOW + 8 * DAY)


@pytest.mark.parametrize("asked", [-DAY, timedelta(0), 400 * DAY], ids=["before", "now", "by-a-clock-taken-back"])
def test_a_successor_that_was_asked_for_takes_over_as_soon_as_verifiers_can_know_it(asked: timedelta) -> None:
    new = replace(successor(), published_at=NOW - SECOND)
    keys = [replace(active(), asked_at=NOW + asked), new]
    at = NOW - SECOND + HOUR
    assert hand_over_at(*keys, TIMES) == at
    assert [outlook(key, keys, TIMES).at for key in keys] == [at, at]
    assert next_step(keys, now=at - SECOND, times=TIMES) is None
    assert next_step(keys, now=at, times=TIMES) == HandOver("old", "new")


def test_an_intermediate_that_was_asked_for_waits_for_its_root_to_be_trusted_everywhere() -> None:
    root = KeyFacts("root", "active", NOW - DAY)
    at = root.published_at + 7 * DAY + 2 * MINUTE
    assert hand_over_at(replace(active(), asked_at=NOW), successor(), TIMES, root) == at


@pytest.mark.parametrize(("expires", "at"), [(30 * MINUTE, 30 * MINUTE), (2 * HOUR, HOUR)])
def test_a_successor_that_was_asked_for_does_not_wait_beyond_the_end_of_the_key_before_it(
    expires: timedelta, at: timedelta
) -> None:
    old = replace(active(expires_at=NOW + expires), asked_at=NOW)
    assert hand_over_at(old, replace(successor(NOW + 90 * DAY), published_at=NOW), TIMES) == NOW + at


@pytest.mark.parametrize(
    ("certificate_of_successor", "at"), [(None, 10 * DAY), (timedelta(0), 10 * DAY), (SECOND, 9 * DAY + HOUR)]
)
def test_a_successor_whose_certificate_lasts_no_longer_takes_over_no_earlier(
    certificate_of_successor: timedelta | None, at: timedelta
) -> None:
    end = NOW + 10 * DAY + HOUR
    expires_at = None if certificate_of_successor is None else end + certificate_of_successor
    assert hand_over_at(active(expires_at=end), successor(expires_at), TIMES) == NOW + at


def test_the_change_of_an_intermediate_is_announced_for_when_verifiers_know_its_root() -> None:
    root = KeyFacts("root", "active", NOW + 20 * DAY)
    keys = [active(), successor()]
    at = root.published_at + 7 * DAY + 2 * MINUTE
    assert [outlook(key, keys, TIMES, root).at for key in keys] == [at, at]


def test_the_outlook_of_an_active_key_is_told_since_its_activation() -> None:
    assert outlook(active(), [active(), successor()], TIMES).since == NOW


def test_nothing_becomes_of_a_retired_key() -> None:
    key = KeyFacts("gone", "retired", NOW)
    assert outlook(key, [key], TIMES) == Outlook("retired", NOW, None, None)
