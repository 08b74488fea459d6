"""Read the filter of a list of keys (Key Protect contract, section 2.3)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from controlplane.kernel.errors import Target
from controlplane.keyprotect.list_query import DateTerm, ListQuery
from controlplane.keyprotect.states import State
from tests.keyprotect.parsed_queries import parsed, refusal

INSTANT = datetime(2026, 3, 12, 3, 37, 32, tzinfo=UTC)
DATE = '"2026-03-12T03:37:32Z"'
LONG = 10_000


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
