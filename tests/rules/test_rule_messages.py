"""How conditions are told, what is said of one that cannot be read, and the largest that can be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from trustedprofiles import policy_conditions
from trustedprofiles.claim_conditions import OPERATORS, ClaimCondition
from trustedprofiles.claim_conditions import holds as claim_holds
from trustedprofiles.policy_conditions import Combination, Condition, holds, parse

VPC = "{{resource.attributes.vpcId}}"
TIME = "{{environment.attributes.current_time}}"
DATE = "{{environment.attributes.current_date}}"
INSTANT = "{{environment.attributes.current_date_time}}"
DAY = "{{environment.attributes.day_of_week}}"
COMPARISONS = ("LessThan", "LessThanOrEquals", "GreaterThan", "GreaterThanOrEquals")
TIMES = [f"{kind}{each}" for kind in ("time", "date", "dateTime") for each in COMPARISONS]
TIMES += ["dayOfWeekEquals", "dayOfWeekAnyOf"]
TEXTS = ["stringEquals", "stringMatch", "stringExists", "stringEqualsAnyOf", "stringMatchAnyOf"]


def rule(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


def refusal(asked: Any) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        parse(asked)
    return str(error.value)


# --- what is told -----------------------------------------------------------------------------------------------


def test_a_rule_is_told_with_its_operators_and_every_value() -> None:
    one, several = Condition("a", "stringEquals", "x"), Condition("b", "stringEqualsAnyOf", ["y", "z"])
    assert str(Combination("or", (one, several))) == "(a stringEquals x or b stringEqualsAnyOf y, z)"


@pytest.mark.parametrize(
    ("key", "operator", "example"),
    [
        (TIME, "timeLessThan", "09:00:00+00:00"),
        (DATE, "dateLessThan", "2026-12-24+00:00"),
        (INSTANT, "dateTimeLessThan", "2026-12-24T09:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("bad", ["x", 7])
def test_a_refused_instant_is_answered_by_an_example_that_is_accepted(
    key: str, operator: str, example: str, bad: object
) -> None:
    kind = operator.removesuffix("LessThan")
    assert refusal(rule(key, operator, bad)) == (
        f"The value of a {kind} operator is like {example}, with its offset from UTC."
    )
    assert parse(rule(key, operator, example)) == Condition(key, operator, example)


def test_an_unknown_operator_is_answered_by_all_that_there_are() -> None:
    assert refusal(rule(VPC, "equals", "x")) == f"operator is one of {', '.join([*TIMES, *TEXTS])}."


def test_a_text_operator_on_the_environment_is_answered_by_those_that_fit() -> None:
    assert refusal(rule(TIME, "stringEquals", "x")) == (
        "stringEquals compares {{resource.attributes.NAME}}; {{environment.attributes.NAME}} takes one of "
        f"{', '.join(TIMES)}."
    )


def test_the_patterns_are_those_of_the_policy_management_api() -> None:
    assert policy_conditions.PATTERNS == (
        "time-based-conditions:once",
        "time-based-conditions:weekly",
        "time-based-conditions:weekly:all-day",
        "time-based-conditions:weekly:custom-hours",
        "attribute-based-condition:resource:literal-and-wildcard",
    )


# --- the largest ------------------------------------------------------------------------------------------------

NIGHT = rule(TIME, "timeLessThan", "06:00:00+00:00")
LARGEST = {
    "conditions": lambda count: {"operator": "and", "conditions": [NIGHT] * count},
    "days": lambda count: rule(DAY, "dayOfWeekAnyOf", ["1+00:00"] * count),
    "texts": lambda count: rule(VPC, "stringEqualsAnyOf", ["x"] * count),
    "characters": lambda count: rule(VPC, "stringEquals", "x" * count),
}


@pytest.mark.parametrize(("what", "most"), [("conditions", 10), ("days", 100), ("texts", 100), ("characters", 1000)])
def test_a_rule_may_have_so_many_and_one_more_is_refused(what: str, most: int) -> None:
    # D-78
    parse(LARGEST[what](most))
    refusal(LARGEST[what](most + 1))


@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_utc_may_be_written_with_a_letter(offset: str) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert holds(parse(rule(TIME, "timeLessThanOrEquals", f"12:00:00{offset}")), resource={}, now=noon)
    assert not holds(parse(rule(TIME, "timeLessThan", f"12:00:00{offset}")), resource={}, now=noon)


# --- claim rules ------------------------------------------------------------------------------------------------


def test_each_operator_of_claim_rules_can_hold_and_there_are_six() -> None:
    accepting = {
        operator
        for operator in OPERATORS
        for value in ('"us-south-1"', '"eu-de-1"')
        if claim_holds(ClaimCondition("zone", operator, value), {"zone": "us-south-1"})
    }
    assert accepting == set(OPERATORS)
    assert len(accepting) == 6
