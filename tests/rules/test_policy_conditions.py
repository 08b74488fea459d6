"""The rule of a policy: when, and on which resources. Every operator of docs/iam.md, to the second."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.cases import START, as_sent, instants, rules, written
from tests.rules.policy_conditions import (
    DATE,
    DAY,
    INSTANT,
    MONDAY_NOON,
    NO,
    SECOND,
    TIME,
    VPC,
    YES,
    both,
    either,
    met,
    rule,
)
from tests.tables import check_each
from trustedprofiles.policy_conditions import COMPARISONS, TEXT_OPERATORS, TIME_OPERATORS, Rule, holds, parse

# --- the time of the request ------------------------------------------------------------------------------------

KINDS = {"time": (TIME, "12:00:00+00:00"), "dateTime": (INSTANT, "2026-11-23T12:00:00+00:00")}
# How each comparison takes the second before, the very one, and the second after.
BOUNDARY = {
    "LessThan": (True, False, False),
    "LessThanOrEquals": (True, True, False),
    "GreaterThan": (False, False, True),
    "GreaterThanOrEquals": (False, True, True),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("comparison", "expected"), BOUNDARY.items())
def test_a_time_is_compared_to_the_second(kind: str, comparison: str, expected: tuple[bool, ...]) -> None:
    key, value = KINDS[kind]
    around = [MONDAY_NOON - SECOND, MONDAY_NOON, MONDAY_NOON + SECOND]
    assert tuple(met(rule(key, f"{kind}{comparison}", value), now) for now in around) == expected


@pytest.mark.parametrize(("comparison", "expected"), BOUNDARY.items())
def test_a_date_is_compared_to_the_day(comparison: str, expected: tuple[bool, ...]) -> None:
    around = [MONDAY_NOON - timedelta(days=1), MONDAY_NOON, MONDAY_NOON + timedelta(days=1)]
    assert tuple(met(rule(DATE, f"date{comparison}", "2026-11-23+00:00"), now) for now in around) == expected


def test_a_date_lasts_from_its_first_instant_to_its_last() -> None:
    today = both(
        rule(DATE, "dateGreaterThanOrEquals", "2026-11-23+00:00"),
        rule(DATE, "dateLessThanOrEquals", "2026-11-23+00:00"),
    )
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    assert met(today, midnight)
    assert met(today, midnight + timedelta(days=1) - instant)
    assert not met(today, midnight - instant)
    assert not met(today, midnight + timedelta(days=1))


def test_a_time_of_day_is_of_the_zone_that_it_names() -> None:
    """Nine o'clock where clocks are two hours ahead is seven in UTC."""
    open_since = rule(TIME, "timeGreaterThanOrEquals", "09:00:00+02:00")
    assert met(open_since, datetime(2026, 11, 23, 7, tzinfo=UTC))
    assert not met(open_since, datetime(2026, 11, 23, 6, 59, 59, tzinfo=UTC))


def test_a_time_of_day_begins_at_the_midnight_of_its_zone() -> None:
    evening = rule(TIME, "timeGreaterThanOrEquals", "22:00:00-05:00")
    assert met(evening, datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC))
    assert not met(evening, datetime(2026, 11, 24, 5, tzinfo=UTC))


def test_a_date_begins_at_the_midnight_of_its_zone() -> None:
    from_24th = rule(DATE, "dateGreaterThanOrEquals", "2026-11-24+14:00")
    assert met(from_24th, datetime(2026, 11, 23, 10, tzinfo=UTC))
    assert not met(from_24th, datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC))


def test_a_time_with_a_fraction_is_compared_with_it() -> None:
    after = rule(TIME, "timeGreaterThan", "12:00:00.5+00:00")
    assert not met(after, MONDAY_NOON + timedelta(milliseconds=500))
    assert met(after, MONDAY_NOON + timedelta(milliseconds=501))


@given(
    kind=st.sampled_from(["time", "dateTime"]),
    comparison=st.sampled_from(sorted(COMPARISONS)),
    now=instants,
    then=instants,
    quarters=st.integers(-48, 56),
)
def test_the_clock_that_now_is_read_from_changes_nothing(
    kind: str, comparison: str, now: datetime, then: datetime, quarters: int
) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    rule_text = rule(KINDS[kind][0], f"{kind}{comparison}", written(kind, then))
    assert met(rule_text, now) == met(rule_text, now.astimezone(zone))


@given(comparison=st.sampled_from(sorted(COMPARISONS)), now=instants, then=instants, quarters=st.integers(-48, 56))
def test_an_instant_is_the_same_in_whatever_zone_it_is_written(
    comparison: str, now: datetime, then: datetime, quarters: int
) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    rule_text = rule(INSTANT, f"dateTime{comparison}", written("dateTime", then.astimezone(zone)))
    assert met(rule_text, now) == COMPARISONS[comparison](now, then)


WEEK = [START + timedelta(days=number) for number in range(7)]


@pytest.mark.parametrize("number", range(1, 8))
def test_monday_is_the_first_day_of_the_week_and_sunday_the_seventh(number: int) -> None:
    days = [now for now in WEEK if met(rule(DAY, "dayOfWeekEquals", f"{number}+00:00"), now)]
    assert days == [WEEK[number - 1]]


def test_one_of_several_days_suffices() -> None:
    weekend = rule(DAY, "dayOfWeekAnyOf", ["6+00:00", "7+00:00"])
    assert [now for now in WEEK if met(weekend, now)] == WEEK[5:]


def test_a_day_begins_at_the_midnight_of_its_zone() -> None:
    monday_in_tokyo = rule(DAY, "dayOfWeekEquals", "1+09:00")
    assert met(monday_in_tokyo, datetime(2026, 11, 22, 15, tzinfo=UTC))
    assert not met(monday_in_tokyo, datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC))
    assert not met(monday_in_tokyo, datetime(2026, 11, 23, 15, tzinfo=UTC))


def test_office_hours_are_a_day_and_two_times() -> None:
    office = both(
        rule(DAY, "dayOfWeekAnyOf", [f"{day}+00:00" for day in range(1, 6)]),
        rule(TIME, "timeGreaterThanOrEquals", "09:00:00+00:00"),
        rule(TIME, "timeLessThanOrEquals", "17:00:00+00:00"),
    )
    assert met(office)
    assert not met(office, MONDAY_NOON + timedelta(hours=6))
    assert not met(office, MONDAY_NOON + timedelta(days=5))


# --- the resource -----------------------------------------------------------------------------------------------

TEXTS = {
    "equal": ("stringEquals", "r006-1", True),
    "not-equal": ("stringEquals", "r006-2", False),
    "a-star-is-a-letter": ("stringEquals", "*", False),
    "like": ("stringMatch", "r0*-?", True),
    "unlike": ("stringMatch", "r0*-??", False),
    "there": ("stringExists", True, True),
    "there-as-text": ("stringExists", "true", True),
    "not-there": ("stringExists", False, False),
    "not-there-as-text": ("stringExists", "false", False),
    "one-of": ("stringEqualsAnyOf", ["r006-0", "r006-1"], True),
    "none-of": ("stringEqualsAnyOf", ["r006-0", "r006-*"], False),
    "one-of-one": ("stringEqualsAnyOf", "r006-1", True),
    "not-one-of-one": ("stringEqualsAnyOf", "r006-10", False),
    "like-one-of-one": ("stringMatchAnyOf", "r006-*", True),
    "not-the-empty-text": ("stringEquals", "", False),
    "not-like-the-empty-text": ("stringMatch", "", False),
    "one-of-some-and-the-empty-text": ("stringEqualsAnyOf", ["r006-1", ""], True),
    "none-of-some-and-the-empty-text": ("stringEqualsAnyOf", ["/", ""], False),
    "like-one-of": ("stringMatchAnyOf", ["x*", "r006-*"], True),
    "like-none-of": ("stringMatchAnyOf", ["x*", "y?"], False),
}


def test_an_attribute_of_the_resource() -> None:
    def check(name: str) -> None:
        operator, value, expected = TEXTS[name]
        assert met(rule(VPC, operator, value), vpcId="r006-1") is expected

    check_each(TEXTS, check)


@pytest.mark.parametrize(
    ("operator", "value"),
    [("stringEquals", ""), ("stringMatch", ""), ("stringEqualsAnyOf", ["/", ""]), ("stringMatchAnyOf", "")],
)
def test_the_empty_text_is_a_value(operator: str, value: Any) -> None:
    assert met(rule(VPC, operator, value), vpcId="")
    assert not met(rule(VPC, operator, value))


def test_a_single_day_is_a_list_of_one() -> None:
    assert met(rule(DAY, "dayOfWeekAnyOf", "1+00:00"))
    assert not met(rule(DAY, "dayOfWeekAnyOf", "2+00:00"))


@pytest.mark.parametrize("value", [True, "true"])
def test_an_attribute_that_is_not_there_does_not_exist(value: Any) -> None:
    assert not met(rule(VPC, "stringExists", value))


@pytest.mark.parametrize("value", [False, "false"])
def test_an_attribute_may_be_asked_to_be_absent(value: Any) -> None:
    assert met(rule(VPC, "stringExists", value))


@pytest.mark.parametrize(
    ("operator", "value"),
    [("stringEquals", "x"), ("stringMatch", "*"), ("stringEqualsAnyOf", ["x"]), ("stringMatchAnyOf", ["*"])],
)
def test_an_attribute_that_is_not_there_is_like_nothing(operator: str, value: Any) -> None:
    assert not met(rule(VPC, operator, value))


def test_every_operator_is_tested() -> None:
    assert {operator for operator, _, _ in TEXTS.values()} == set(TEXT_OPERATORS)
    tried = {f"{kind}{comparison}" for kind in (*KINDS, "date") for comparison in BOUNDARY}
    assert tried | {"dayOfWeekEquals", "dayOfWeekAnyOf"} == set(TIME_OPERATORS)


# --- several conditions -----------------------------------------------------------------------------------------

COMBINED = {
    "and": (both(YES, YES), True),
    "and-one-does-not": (both(YES, NO), False),
    "or": (either(NO, YES), True),
    "or-none-does": (either(NO, NO), False),
    "and-of-one": (both(YES), True),
    "or-of-one-that-does-not": (either(NO), False),
    "or-in-and": (both(YES, either(NO, YES)), True),
    "or-in-and-none-does": (both(YES, either(NO, NO)), False),
    "and-in-or": (either(NO, both(YES, YES)), True),
    "and-in-or-one-does-not": (either(NO, both(YES, NO)), False),
}


def test_conditions_are_joined() -> None:
    def check(name: str) -> None:
        rule_list, expected = COMBINED[name]
        assert met(rule_list, vpcId="r006-1") is expected

    check_each(COMBINED, check)


@given(asked=rules, now=instants)
def test_a_rule_holds_as_its_parts_do(asked: Rule, now: datetime) -> None:
    resource = {"vpcId": "r1", "region": "r2"}
    parts = [parse(each) for each in as_sent(asked).get("conditions", [])]
    if parts:
        outcomes = [holds(part, resource=resource, now=now) for part in parts]
        expected = all(outcomes) if as_sent(asked)["operator"] == "and" else any(outcomes)
        assert holds(asked, resource=resource, now=now) is expected
