"""Read the query of a list of keys (Key Protect contract, section 2.3)."""

import time
from datetime import UTC, datetime

import pytest

from controlplane.keyprotect.list_query import LONGEST, ListQuery, Search
from tests.keyprotect.parsed_queries import message, parsed, refusal

INSTANT = datetime(2026, 3, 12, 3, 37, 32, tzinfo=UTC)
DATE = '"2026-03-12T03:37:32Z"'
LONG = 10_000
LONGEST_MESSAGE = 1_000
QUICK = 0.5
"""Seconds. What takes quadratic time for a text of LONG characters needs more."""


def searched(text: str) -> Search | None:
    return parsed(search=text).search


def test_a_query_without_parameters_lists_the_first_200_keys() -> None:
    assert parsed() == ListQuery(limit=200, offset=0, states=None, search=None, total_count=False)


NAMES = ["limit", "offset", "state", "extractable", "search", "sort", "filter", "totalCount"]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_parameter_is_absent(name: str) -> None:
    assert parsed(**{name: ""}) == ListQuery()


def test_a_parameter_that_the_contract_does_not_have_is_ignored() -> None:
    assert parsed(colour="red") == ListQuery()


@pytest.mark.parametrize("limit", ["1", "200", "5000"])
def test_a_limit_is_from_1_to_5000(limit: str) -> None:
    assert parsed(limit=limit).limit == int(limit)


NO_NUMBERS = ["-1", "+1", "1.0", " 1", "1e3", "0x10", "ten", "٣", "²", "9" * 5_000]


@pytest.mark.parametrize("limit", ["0", "5001", *NO_NUMBERS])
def test_another_limit_is_refused_in_the_words_of_ibm(limit: str) -> None:
    error = refusal(limit=limit)
    assert error.message == "The query_param `limit` must be: an integer between 1 and 5000 (inclusive)"


@pytest.mark.parametrize("offset", ["0", "1", "2147483648"])
def test_an_offset_is_from_0(offset: str) -> None:
    assert parsed(offset=offset).offset == int(offset)


@pytest.mark.parametrize("offset", ["2147483649", *NO_NUMBERS])
def test_another_offset_is_refused(offset: str) -> None:
    refusal(offset=offset)


WRONG = [
    ("limit", "0"),
    ("offset", "-1"),
    ("state", "4"),
    ("extractable", "yes"),
    ("totalCount", "1"),
    ("search", "a" * (LONGEST + 1)),
    ("sort", "name"),
    ("filter", "state"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_refusal_names_its_parameter(name: str, value: str) -> None:
    target = refusal(**{name: value}).target
    assert target is not None
    assert (target.name, target.type) == (name, "parameter")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("True", True)])
def test_a_total_is_a_boolean(text: str, value: bool) -> None:
    assert parsed(totalCount=text).total_count is value


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("False", False)])
def test_keys_are_limited_to_standard_keys_or_root_keys(text: str, value: bool) -> None:
    assert parsed(extractable=text).flags == (("extractable", value),)


@pytest.mark.parametrize(
    ("text", "states"),
    [("1", {1}), ("1,2", {1, 2}), ("5,1,3,2", {1, 2, 3, 5}), ("2,2", {2}), ("0", set()), ("0,3", {3})],
)
def test_states_are_a_list_and_no_key_is_pre_active(text: str, states: set[int]) -> None:
    assert parsed(state=text).states == states


NO_STATES = ["4", "6", "-1", "01", "1,", ",", "1,,2", "1, 2", "1;2", "active", "¹", "٣", "1" * LONG]


@pytest.mark.parametrize("text", NO_STATES)
def test_other_states_are_refused(text: str) -> None:
    refusal(state=text)


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("db", Search("db")),
        ("db,", Search("db")),
        ("db,,", Search("db,")),
        ("a,b", Search("a,b")),
        ("not:db", Search("db", negated=True)),
        ("exact:db", Search("db", exact=True)),
        ("name:db", Search("db", ("name",))),
        ("alias:db", Search("db", ("alias",))),
        ("alias:name:db", Search("db", ("name", "alias"))),
        ("exact:alias:not:db,", Search("db", ("alias",), negated=True, exact=True)),
        ("not:alias:exact:db", Search("db", ("alias",), negated=True, exact=True)),
        ("not:not:db", Search("db", negated=True)),
        ("escape:not:db", Search("not:db")),
        ("not:escape:exact:db", Search("exact:db", negated=True)),
        ("escape:escape:db", Search("escape:db")),
        ("not:a:exact:b", Search("a:exact:b", negated=True)),
        ("crn:v1:bluemix", Search("crn:v1:bluemix")),
        ("NOT:db", Search("NOT:db")),
        (" not:db", Search(" not:db")),
        (":", Search(":")),
        ("100%_\\", Search("100%_\\")),
        ("Straße", Search("Straße")),
    ],
)
def test_a_search_has_prefixes_in_any_order_before_its_text(text: str, search: Search) -> None:
    assert searched(text) == search


@pytest.mark.parametrize("text", [",", "not:", "exact:,", "escape:", "name:alias:"])
def test_a_search_for_nothing_is_absent(text: str) -> None:
    assert searched(text) is None


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("db,", {"query": "db", "scopes": ["name", "alias"]}),
        ("not:db", {"query": "db", "scopes": ["name", "alias"], "not": True}),
        ("exact:alias:db", {"query": "db", "scopes": ["alias"], "exact": True}),
        ("escape:not:db", {"query": "not:db", "scopes": ["name", "alias"]}),
    ],
)
def test_the_answer_repeats_the_search(text: str, body: dict[str, object]) -> None:
    search = searched(text)
    assert search is not None
    assert search.as_json() == body


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("id", (("identifier", False),)),
        ("-state", (("state_now", True),)),
        ("extractable,-imported", (("extractable", False), ("imported", True))),
        ("creationDate,lastUpdateDate", (("created_at", False), ("updated_at", False))),
        ("-lastRotateDate,deletionDate", (("rotated_at", True), ("deleted_at", False))),
        ("-expirationDate", (("expires_at", True),)),
        ("id,", (("identifier", False),)),
    ],
)
def test_keys_are_sorted_by_several_members_in_both_directions(text: str, order: object) -> None:
    assert parsed(sort=text).order == order


def test_a_member_sorts_once_as_it_stands_first() -> None:
    assert parsed(sort="-state,id,state,-id").order == (("state_now", True), ("identifier", False))


@pytest.mark.parametrize("text", ["name", "--id", "-", "ID", "creationdate", "id;state", " id", "id,name", "state_now"])
def test_another_order_is_refused(text: str) -> None:
    refusal(sort=text)


LONG_TEXTS = [
    "state=1 " * LONG,
    "not:" * LONG,
    "a" * LONG,
    '"' * LONG,
    "=" * LONG,
    " " * LONG,
    "," * LONG,
    ":" * LONG,
    "1," * LONG,
    "id,-id," * LONG,
    "creationDate=" * LONG,
    'creationDate=gt:"' + "9" * LONG,
    f'creationDate="2026-03-12T03:37:32.{"1" * LONG}Z"',
    " " * LONG + "x",
    "state=" + "1" * LONG + '"',
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", LONG_TEXTS, ids=range(len(LONG_TEXTS)))
def test_a_long_text_costs_no_quadratic_time(name: str, text: str) -> None:
    start = time.process_time()
    assert len(message(**{name: text})) < LONGEST_MESSAGE
    assert time.process_time() - start < QUICK


@pytest.mark.parametrize("part", ["not:", "name:", ":", '"', "=", " ", "state=", "a", "id,", "-id,", 'creationDate="'])
def test_a_text_as_long_as_may_be_is_read_or_refused(part: str) -> None:
    text = (part * LONGEST)[:LONGEST]
    assert all(len(message(**{name: text})) < LONGEST_MESSAGE for name in ("search", "filter", "sort"))
