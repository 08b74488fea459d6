"""What is no rule of a policy is refused with what is wrong, and a stored one that cannot be read never holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.policy_conditions import DATE, DAY, INSTANT, MONDAY_NOON, TIME, VPC, YES, both, either, rule
from tests.tables import check_each
from trustedprofiles.policy_conditions import Condition, holds, parse

REFUSED: dict[str, Any] = {
    "nothing": {},
    "no-value": {"key": VPC, "operator": "stringEquals"},
    "one-member-more": rule(VPC, "stringEquals", "x") | {"note": "x"},
    "a-plain-key": rule("vpcId", "stringEquals", "x"),
    "a-number-for-a-key": rule(5, "stringEquals", "x"),  # type: ignore[arg-type]
    "a-variable-of-nothing": rule("{{subject.attributes.name}}", "stringEquals", "x"),
    "more-than-a-variable": rule(f"{VPC} ", "stringEquals", "x"),
    "an-unknown-operator": rule(VPC, "stringDiffers", "x"),
    "an-operator-in-another-case": rule(VPC, "stringequals", "x"),
    "a-list-for-an-operator": rule(VPC, ["stringEquals"], "x"),  # type: ignore[arg-type]
    "a-number-for-text": rule(VPC, "stringEquals", 5),
    "text-of-1001": rule(VPC, "stringEquals", "x" * 1001),
    "nul-in-text": rule(VPC, "stringEquals", "a\0b"),
    "nul-in-a-list": rule(VPC, "stringEqualsAnyOf", ["a\0b"]),
    "a-list-for-text": rule(VPC, "stringMatch", ["x"]),
    "a-number-for-a-list": rule(VPC, "stringEqualsAnyOf", 1),
    "a-long-text-for-a-list": rule(VPC, "stringMatchAnyOf", "x" * 1001),
    "an-empty-list": rule(VPC, "stringMatchAnyOf", []),
    "a-list-of-101": rule(VPC, "stringEqualsAnyOf", ["x"] * 101),
    "a-list-of-numbers": rule(VPC, "stringEqualsAnyOf", [1]),
    "a-word-for-true": rule(VPC, "stringExists", "yes"),
    "one-for-true": rule(VPC, "stringExists", 1),
    "a-list-for-true": rule(VPC, "stringExists", [True]),
    "text-of-the-environment": rule("{{environment.attributes.region}}", "stringEquals", "us-south"),
    "a-time-as-text": rule(TIME, "stringEquals", "09:00:00+00:00"),
    "a-time-of-a-resource": rule("{{resource.attributes.current_time}}", "timeLessThan", "09:00:00+00:00"),
    "a-time-against-the-date": rule(DATE, "timeLessThan", "09:00:00+00:00"),
    "a-date-against-the-instant": rule(INSTANT, "dateLessThan", "2026-11-23+00:00"),
    "a-day-against-the-time": rule(TIME, "dayOfWeekEquals", "1+00:00"),
    "a-time-without-an-offset": rule(TIME, "timeLessThan", "09:00:00"),
    "a-time-without-seconds": rule(TIME, "timeLessThan", "09:00+00:00"),
    "a-time-that-is-none": rule(TIME, "timeLessThan", "24:00:01+00:00"),
    "a-time-of-another-form": rule(TIME, "timeLessThan", "090000+0000"),
    "an-offset-without-minutes": rule(TIME, "timeLessThan", "09:00:00+00"),
    "an-offset-of-a-day": rule(TIME, "timeLessThan", "09:00:00+24:00"),
    "a-number-for-a-time": rule(TIME, "timeLessThan", 9),
    "a-date-without-an-offset": rule(DATE, "dateLessThan", "2026-11-23"),
    "a-date-that-is-none": rule(DATE, "dateLessThan", "2026-02-30+00:00"),
    "a-date-by-its-week": rule(DATE, "dateLessThan", "2026-W48-1+00:00"),
    "a-date-with-a-fraction": rule(DATE, "dateLessThan", "2026-11-23.5+00:00"),
    "an-instant-without-an-offset": rule(INSTANT, "dateTimeLessThan", "2026-11-23T09:00:00"),
    "an-instant-with-a-space": rule(INSTANT, "dateTimeLessThan", "2026-11-23 09:00:00+00:00"),
    "an-instant-that-is-a-date": rule(INSTANT, "dateTimeLessThan", "2026-11-23+00:00"),
    "the-eighth-day": rule(DAY, "dayOfWeekEquals", "8+00:00"),
    "the-day-before-the-first": rule(DAY, "dayOfWeekEquals", "0+00:00"),
    "a-day-and-a-half": rule(DAY, "dayOfWeekEquals", "1.5+00:00"),
    "a-day-by-name": rule(DAY, "dayOfWeekEquals", "Monday+00:00"),
    "a-day-without-an-offset": rule(DAY, "dayOfWeekEquals", "1"),
    "a-number-for-a-day": rule(DAY, "dayOfWeekEquals", 1),
    "a-list-of-one-day": rule(DAY, "dayOfWeekEquals", ["1+00:00"]),
    "no-day-for-a-list": rule(DAY, "dayOfWeekAnyOf", "8+00:00"),
    "no-days": rule(DAY, "dayOfWeekAnyOf", []),
    "no-conditions": both(),
    "eleven-conditions": both(*[YES] * 11),
    "an-object-for-conditions": {"operator": "and", "conditions": {"a": YES}},
    "a-text-for-a-condition": both("vpcId"),
    "conditions-joined-by-nothing": {"conditions": [YES]},
    "conditions-joined-by-xor": {"operator": "xor", "conditions": [YES]},
    "conditions-with-a-key": {"operator": "and", "conditions": [YES], "key": VPC},
    "nested-twice": both(either(both(YES))),
    "one-bad-condition-of-many": both(YES, either(YES, rule(DAY, "dayOfWeekEquals", "9+00:00"))),
}


def test_what_is_no_rule_is_refused_with_what_is_wrong() -> None:
    def check(name: str) -> None:
        rule_text = REFUSED[name]
        with pytest.raises(ValueError, match=r"\w.*\.$"):
            parse(rule_text)

    check_each(REFUSED, check)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([VPC, DAY, TIME, "and", "1+00:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "operator", "value", "conditions"]) | st.text(), inner, max_size=4)
    ),
)


@given(asked=st.dictionaries(st.sampled_from(["key", "operator", "value", "conditions"]), ANYTHING))
def test_whatever_is_sent_is_a_rule_or_refused(asked: dict[str, Any]) -> None:
    try:
        condition = parse(asked)
    except ValueError:
        return
    assert holds(condition, resource={}, now=MONDAY_NOON) in (True, False)


LATENT = {
    "an-operator-that-is-no-more": ("{{resource.attributes.vpcId}}", "stringDiffers", "x"),
    "a-variable-that-is-none": ("vpcId", "stringEquals", "r006-1"),
    "an-attribute-of-the-environment": ("{{environment.attributes.vpcId}}", "stringEquals", "r006-1"),
    "an-instant-that-is-none": (TIME, "timeLessThan", "soon"),
    "a-day-that-is-none": (DAY, "dayOfWeekEquals", "soon"),
}


@pytest.mark.parametrize("condition", LATENT.values(), ids=LATENT.keys())
def test_a_condition_that_cannot_be_read_never_holds(condition: tuple[str, str, Any]) -> None:
    # D-16
    assert not holds(Condition(*condition), resource={"vpcId": "r006-1"}, now=MONDAY_NOON)


def test_an_empty_value_can_be_seen_in_what_is_told_of_a_condition() -> None:
    assert str(Condition("path", "stringEqualsAnyOf", ["/", ""])) == 'path stringEqualsAnyOf /, ""'
    assert str(Condition("path", "stringEquals", "")) == 'path stringEquals ""'
