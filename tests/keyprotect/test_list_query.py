"""Read the query of a list of keys (Key Protect contract, section 2.3)."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from controlplane.kernel.errors import Target
from controlplane.keyprotect.errors import InvalidQuery
from controlplane.keyprotect.list_query import LONGEST, DateTerm, ListQuery, Search
from controlplane.keyprotect.states import State

INSTANT = datetime(2026, 3, 12, 3, 37, 32, tzinfo=UTC)
DATE = '"2026-03-12T03:37:32Z"'
LONG = 10_000
LONGEST_MESSAGE = 1_000
QUICK = 0.5
"""Seconds. What takes quadratic time for a text of LONG characters needs more."""


def parsed(**values: str) -> ListQuery:
    return ListQuery.parse(values)


def refusal(**values: str) -> InvalidQuery:
    with pytest.raises(InvalidQuery) as exception:
        ListQuery.parse(values)
    return exception.value


def message(**values: str) -> str:
    """What the refusal says; empty when there is none."""
    try:
        ListQuery.parse(values)
    except InvalidQuery as error:
        return error.message
    return ""


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


@pytest.mark.parametrize(
    ("text", "term"),
    [
        (f"creationDate={DATE}", DateTerm("created_at", "eq", INSTANT)),
        (f"creationDate=gt:{DATE}", DateTerm("created_at", "gt", INSTANT)),
        (f"lastUpdateDate=gte:{DATE}", DateTerm("updated_at", "gte", INSTANT)),
        (f"lastRotateDate=lt:{DATE}", DateTerm("rotated_at", "lt", INSTANT)),
        (f"deletionDate=lte:{DATE}", DateTerm("deleted_at", "lte", INSTANT)),
        ("expirationDate=none", DateTerm("expires_at", "none")),
        ('creationDate="2026-03-12T04:37:32+01:00"', DateTerm("created_at", "eq", INSTANT)),
        ('creationDate="2026-03-12T03:37:32.987Z"', DateTerm("created_at", "eq", INSTANT)),
        (f'creationDate="2026-03-12T03:37:32.{"9" * 900}Z"', DateTerm("created_at", "eq", INSTANT)),
        ('creationDate="2026-03-12t03:37:32z"', DateTerm("created_at", "eq", INSTANT)),
    ],
)
def test_a_filter_compares_dates_to_the_second(text: str, term: DateTerm) -> None:
    assert parsed(filter=text).dates == (term,)


def test_a_filter_limits_the_states_to_those_of_all_its_terms() -> None:
    assert parsed(filter="state=1,2 state=2,3").states == {State.SUSPENDED}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_a_filter_by_a_boolean_is_true_or_false(text: str, value: bool) -> None:
    assert parsed(filter=f"imported={text}").flags == (("imported", value),)


@pytest.mark.parametrize("text", [" state=1", "state=1 ", "  state=1  "])
def test_spaces_around_the_terms_of_a_filter_do_no_harm(text: str) -> None:
    """IBM's Go client begins with one."""
    assert parsed(filter=text).states == {State.ACTIVE}


def test_a_filter_of_spaces_is_absent() -> None:
    assert parsed(filter="  ") == ListQuery()


def test_the_terms_of_different_properties_stand_in_any_order() -> None:
    query = parsed(filter=f"extractable=true creationDate=gt:{DATE} state=1 expirationDate=none imported=false")
    assert query.flags == (("extractable", True), ("imported", False))
    assert [term.column for term in query.dates] == ["created_at", "expires_at"]
    assert query.states == {State.ACTIVE}


@pytest.mark.parametrize("term", ["state=1", "imported=true", f"creationDate=gt:{DATE}", "expirationDate=none"])
def test_a_property_has_three_terms_at_most(term: str) -> None:
    parsed(filter=" ".join([term] * 3))
    assert "at most 3 terms" in refusal(filter=" ".join([term] * 4)).message


BAD_FILTERS = [
    "state",
    "state=",
    "=1",
    "=",
    "state=1,",
    "state=4",
    "state=none",
    'state="1"',
    "state = 1",
    "state=1,extractable=true",
    "extractable=yes",
    "extractable=1",
    "extractable=none",
    "imported=gt:true",
    "name=db",
    "id=1",
    "State=1",
    "state=1 name=db",
    "creationDate=2026-03-12T03:37:32Z",
    "creationDate=gt:2026-03-12T03:37:32Z",
    "creationDate=ne:" + DATE,
    "creationDate=gt:none",
    'creationDate="none"',
    "creationDate=gt:",
    'creationDate=""',
    'creationDate="',
    'creationDate="2026-03-12T03:37:32Z',
    'creationDate=2026-03-12T03:37:32Z"',
    f'creationDate={DATE}"',
    f"creationDate={DATE}state=1",
    f"creationDate={DATE}{DATE}",
    'creationDate="2026-03-12"',
    'creationDate="2026-03-12T03:37:32"',
    'creationDate="2026-03-12 03:37:32Z"',
    'creationDate=" 2026-03-12T03:37:32Z"',
    'creationDate="2026-02-30T03:37:32Z"',
    'creationDate="2026-03-12T25:37:32Z"',
    'creationDate="2026-03-12T03:37:60Z"',
    'creationDate="2026-03-12T03:37:32+99:99"',
    'creationDate="0000-01-01T00:00:00Z"',
    'creationDate="0001-01-01T00:00:00+01:00"',
    'creationDate="9999-12-31T23:59:59-01:00"',
    'creationDate="٢٠٢٦-03-12T03:37:32Z"',
    'creationDate="20260-03-12T03:37:32Z"',
    'creationDate=gt:"2026-13-01T00:00:00Z" creationDate=lt:"2026-14-01T00:00:00Z"',
]


@pytest.mark.parametrize("text", BAD_FILTERS)
def test_a_filter_of_another_form_is_refused(text: str) -> None:
    error = refusal(filter=text)
    assert error.target == Target("filter", "parameter")


@pytest.mark.parametrize("name", ["state", "extractable"])
def test_a_property_stands_in_the_filter_or_is_a_parameter(name: str) -> None:
    value = {"state": "1", "extractable": "true"}[name]
    error = refusal(**{name: value, "filter": f"{name}={value}"})
    assert f"`{name}`" in error.message


def test_a_property_may_be_a_parameter_beside_a_filter_by_others() -> None:
    query = parsed(state="1", filter="extractable=true")
    assert (query.states, query.flags) == ({State.ACTIVE}, (("extractable", True),))


def test_an_empty_parameter_does_not_contradict_a_filter() -> None:
    """IBM's Python client always sends ``state=``."""
    assert parsed(state="", filter="state=1").states == {State.ACTIVE}


def test_the_instants_of_a_filter_are_in_utc() -> None:
    east = INSTANT.astimezone(timezone(timedelta(hours=5))).isoformat()
    (term,) = parsed(filter=f'creationDate="{east}"').dates
    assert term.instant is not None
    assert term.instant.utcoffset() == timedelta()


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
