"""Six operators, and values that are JSON in a string or words that stand for themselves."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import FACTS, make_facts
from tests.tables import assert_rows, check_each
from trustedprofiles.claim_conditions import CLAIMS, OPERATORS, ClaimCondition, claims_of, holds, read_value

HERE: dict[str, str | tuple[str, ...]] = {
    "zone": "us-south-1",
    "count": "3",
    "flag": "true",
    "empty": "",
    "subnets": ("sub-1", "Sub-2"),
    "no-subnets": (),
}


def check(claim: str, operator: str, value: str) -> bool:
    return holds(ClaimCondition(claim, operator, value), HERE)


# --- values ----------------------------------------------------------------------------------------------------

VALUES: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "a-text": ('"us-south-1"', ("us-south-1",)),
    "a-bare-word": ("us-south-1", ("us-south-1",)),
    "a-bare-crn": ("crn:v1:bluemix:public:is", ("crn:v1:bluemix:public:is",)),
    "words-with-spaces": ("two words", ("two words",)),
    "nothing": ("", ("",)),
    "an-empty-text": ('""', ("",)),
    "a-number": ("3", ("3",)),
    "a-number-in-a-text": ('"3"', ("3",)),
    "a-negative-number": ("-3", ("-3",)),
    "a-fraction": ("1.5", ("1.5",)),
    "true": ("true", ("true",)),
    "false": ("false", ("false",)),
    "true-in-capitals-is-a-word": ("True", ("True",)),
    "a-list": ('["a", "b"]', ("a", "b")),
    "a-mixed-list": ('["a", 1, true]', ("a", "1", "true")),
    "an-empty-list": ("[]", ()),
    "an-object": ('{"a": 1}', None),
    "null": ("null", None),
    "a-list-with-null": ('["a", null]', None),
    "a-list-in-a-list": ('["a", ["b"]]', None),
    "broken-json-is-a-word": ('"us-south', ('"us-south',)),
    "half-a-list-is-a-word": ('["a"', ('["a"',)),
    "brackets-beyond-depth-are-a-word": ("[" * 100_000, ("[" * 100_000,)),
    "quotes-within": ('"say \\"hi\\""', ('say "hi"',)),
    "json-within-json": ('"\\"us-south-1\\""', ('"us-south-1"',)),
    "a-fraction-keeps-its-figures": ("1.10", ("1.10",)),
    "an-exponent-keeps-its-form": ("1e3", ("1e3",)),
    "nan-is-a-word": ("NaN", ("NaN",)),
    "infinity-is-a-word": ("-Infinity", ("-Infinity",)),
    "a-list-with-nan-is-a-word": ("[NaN]", ("[NaN]",)),
    "a-huge-number": ("9" * 5000, ("9" * 5000,)),
}


def test_a_value_is_read() -> None:
    def check_case(name: str) -> None:
        text, expected = VALUES[name]
        assert read_value(text) == expected

    check_each(VALUES, check_case)


@given(st.text())
def test_any_text_can_be_a_value(text: str) -> None:
    assert read_value(json.dumps(text)) == (text,)


@given(st.text())
def test_no_value_is_beyond_reading(text: str) -> None:
    value = read_value(text)
    assert value is None or all(isinstance(each, str) for each in value)


# --- operators -------------------------------------------------------------------------------------------------

OF_ONE: list[tuple[str, str, str, bool]] = [
    ("zone", "EQUALS", '"us-south-1"', True),
    ("zone", "EQUALS", "us-south-1", True),
    ("zone", "EQUALS", '"US-SOUTH-1"', False),
    ("zone", "EQUALS", '"us-south"', False),
    ("zone", "EQUALS", '"us-south-1 "', False),
    ("zone", "EQUALS", "*", False),
    ("count", "EQUALS", "3", True),
    ("count", "EQUALS", '"3"', True),
    ("count", "EQUALS", "3.0", False),
    ("count", "EQUALS", "4", False),
    ("flag", "EQUALS", "true", True),
    ("flag", "EQUALS", '"true"', True),
    ("flag", "EQUALS", "True", False),
    ("flag", "EQUALS", "1", False),
    ("empty", "EQUALS", '""', True),
    ("zone", "NOT_EQUALS", '"us-south-2"', True),
    ("zone", "NOT_EQUALS", '"us-south-1"', False),
    ("zone", "NOT_EQUALS", '"US-SOUTH-1"', True),
    ("count", "NOT_EQUALS", "3", False),
    ("flag", "NOT_EQUALS", "false", True),
    ("zone", "EQUALS_IGNORE_CASE", '"US-South-1"', True),
    ("zone", "EQUALS_IGNORE_CASE", "us-south-1", True),
    ("zone", "EQUALS_IGNORE_CASE", '"us-south"', False),
    ("flag", "EQUALS_IGNORE_CASE", "TRUE", True),
    ("zone", "NOT_EQUALS_IGNORE_CASE", '"US-SOUTH-1"', False),
    ("zone", "NOT_EQUALS_IGNORE_CASE", '"US-SOUTH-2"', True),
    ("zone", "CONTAINS", '"south"', True),
    ("zone", "CONTAINS", "south", True),
    ("zone", "CONTAINS", '"South"', False),
    ("zone", "CONTAINS", '"us-south-1"', True),
    ("zone", "CONTAINS", '"us-south-1-and-more"', False),
    ("zone", "CONTAINS", "1", True),
    ("zone", "IN", '["us-south-1", "us-south-2"]', True),
    ("zone", "IN", '["us-south-2", "us-south-3"]', False),
    ("zone", "IN", '["US-SOUTH-1"]', False),
    ("zone", "IN", '"us-south-1"', True),
    ("zone", "IN", "us-south-1", True),
    ("zone", "IN", "[]", False),
    ("count", "IN", "[1, 2, 3]", True),
    ("flag", "IN", "[true]", True),
    ("zone", "IN", '["us-south"]', False),
]


def test_a_claim_with_one_value() -> None:
    def check_case(case: tuple[str, str, str, bool]) -> None:
        claim, operator, value, expected = case
        assert check(claim, operator, value) is expected

    check_each(OF_ONE, check_case)


OF_SEVERAL: list[tuple[str, str, bool]] = [
    ("EQUALS", '"sub-1"', True),
    ("EQUALS", '"sub-2"', False),
    ("NOT_EQUALS", '"sub-1"', False),
    ("NOT_EQUALS", '"sub-9"', True),
    ("EQUALS_IGNORE_CASE", '"sub-2"', True),
    ("NOT_EQUALS_IGNORE_CASE", '"SUB-2"', False),
    ("NOT_EQUALS_IGNORE_CASE", '"SUB-9"', True),
    ("CONTAINS", '"sub-1"', True),
    ("CONTAINS", '"sub"', False),
    ("CONTAINS", '"SUB-1"', False),
    ("IN", '["sub-9", "Sub-2"]', True),
    ("IN", '["sub-9"]', False),
]


def test_a_claim_with_several_values() -> None:
    def check_case(case: tuple[str, str, bool]) -> None:
        operator, value, expected = case
        assert check("subnets", operator, value) is expected

    check_each(OF_SEVERAL, check_case)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_claim_that_is_not_there_meets_no_condition_not_even_a_negative_one(operator: str) -> None:
    assert not check("nowhere", operator, '"us-south-1"')


NO_VALUES = ["null", '{"a": 1}', '["us-south-1", null]']


def test_a_value_that_is_none_meets_no_condition_not_even_a_negative_one() -> None:
    def check_case(case: tuple[str, str]) -> None:
        value, operator = case
        assert not check("zone", operator, value)

    check_each(list(product(NO_VALUES, OPERATORS)), check_case)


def test_a_list_is_for_in_alone() -> None:
    def check_case(case: tuple[str, str]) -> None:
        value, operator = case
        assert not check("zone", operator, value)

    check_each(
        list(product(['["us-south-1", "us-south-2"]', "[]"], [each for each in OPERATORS if each != "IN"])), check_case
    )


@pytest.mark.parametrize("operator", ["", "equals", "MATCHES", "STARTS_WITH", "NOT_IN", "NOT_CONTAINS", "NOT_EQUAL"])
def test_an_unknown_operator_never_holds(operator: str) -> None:
    for claim in HERE:
        assert not check(claim, operator, '"us-south-1"')


def test_a_claim_with_no_values_is_equal_to_none_and_different_from_all() -> None:
    assert not check("no-subnets", "EQUALS", '"sub-1"')
    assert check("no-subnets", "NOT_EQUALS", '"sub-1"')


claims = st.text(max_size=6) | st.lists(st.text(max_size=6), max_size=3).map(tuple)


@given(claims, st.text(max_size=6), st.sampled_from(["EQUALS", "EQUALS_IGNORE_CASE"]))
def test_not_is_the_opposite_of_its_operator(claim: Any, value: str, operator: str) -> None:
    here, text = {"claim": claim}, json.dumps(value)
    positive = holds(ClaimCondition("claim", operator, text), here)
    assert holds(ClaimCondition("claim", f"NOT_{operator}", text), here) is not positive


@given(claims, st.text(max_size=6))
def test_in_a_list_of_one_is_equality(claim: Any, value: str) -> None:
    here = {"claim": claim}
    among = holds(ClaimCondition("claim", "IN", json.dumps([value])), here)
    assert among is holds(ClaimCondition("claim", "EQUALS", json.dumps(value)), here)


@given(claims, st.text(max_size=6))
def test_what_is_equal_is_equal_whatever_the_case_and_is_contained(claim: Any, value: str) -> None:
    here, text = {"claim": claim}, json.dumps(value)
    if holds(ClaimCondition("claim", "EQUALS", text), here):
        assert holds(ClaimCondition("claim", "EQUALS_IGNORE_CASE", text), here)
        assert holds(ClaimCondition("claim", "CONTAINS", text), here)


# --- the claims of a server ------------------------------------------------------------------------------------


def test_a_server_has_the_claims_that_are_announced() -> None:
    assert tuple(sorted(claims_of(FACTS, resource_group_name="Default"))) == tuple(sorted(CLAIMS))


EXPECTED: dict[str, str | tuple[str, ...]] = {
    "resource": FACTS.id,
    "name": "web-1",
    "crn": FACTS.crn,
    "account_id": "a" * 32,
    "resource_group_id": "c" * 32,
    "resource_group_name": "Default",
    "region": "us-south",
    "zone": "us-south-1",
    "vpc_id": "r006-v",
    "subnet_id": ("0717-s",),
    "iaas.instanceID": FACTS.id,
    "iaas.profile_name": "bx2-metal-96x384",
    "ip_addresses.address": ("10.240.0.4",),
    "subnets.name": ("subnet",),
    "vpc.name": "vpc",
}


def test_a_claim_is_what_the_server_is() -> None:
    def check_case(case: tuple[str, str | tuple[str, ...]]) -> None:
        claim, value = case
        assert claims_of(FACTS, resource_group_name="Default")[claim] == value

    check_each(EXPECTED.items(), check_case)


def test_a_path_says_what_the_identity_token_says() -> None:
    from datetime import UTC, datetime, timedelta

    from identity.claims import identity_claims

    token = identity_claims(
        FACTS, issuer="i", now=datetime(2026, 1, 1, tzinfo=UTC), lifetime=timedelta(seconds=300), nonce=None
    )
    paths = {claim: value for claim, value in claims_of(FACTS, resource_group_name="").items() if "." in claim}
    values_by_text = {}
    for claim in paths:
        first, _, second = claim.partition(".")
        there = token[first]
        values_by_text[claim] = tuple(each[second] for each in there) if isinstance(there, list) else there[second]
    assert_rows(values_by_text, paths)


def test_a_server_with_two_subnets_has_both() -> None:
    second = FACTS.subnets[0].__class__("0717-t", "crn:2", "other")
    token_claims = claims_of(make_facts(subnets=(*FACTS.subnets, second)), resource_group_name="")
    assert token_claims["subnet_id"] == token_claims["subnets.id"] == ("0717-s", "0717-t")
