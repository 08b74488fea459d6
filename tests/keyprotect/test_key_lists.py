"""List the keys of an instance: filter, sort, divide into pages (Key Protect contract, section 2.3).

On both databases, because they order rows and compare text in ways of their own.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.api.responses import key_body
from controlplane.keyprotect.key_lists import KeyList, count_keys
from controlplane.keyprotect.list_query import SORTABLE, ListQuery
from controlplane.keyprotect.states import PURGED_AFTER, State
from tests.instances import store_instance
from tests.keyprotect.listing import listed, names, quoted, store_named
from tests.keyprotect.stored import DAY, NOW, identifier, store_key, store_keys
from tests.on_both import db, shared_database

__all__ = ["db", "shared_database"]

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


# Which keys


def test_an_instance_without_keys_has_an_empty_list(instance: ResourceInstance) -> None:
    assert listed(instance, totalCount="true") == KeyList([], 0)


def test_the_keys_of_another_instance_are_not_listed(instance: ResourceInstance) -> None:
    store_key(store_instance(guid=identifier(2), service="kms"), name="of another")
    assert names(instance) == []


@pytest.fixture
def of_each_state(instance: ResourceInstance) -> ResourceInstance:
    """An instance with a key of each state, and one that expired before a job has noticed it."""
    store_key(instance, identifier=identifier(1), name="active", expires_at=NOW + MOMENT)
    store_key(instance, identifier=identifier(2), name="suspended", state=State.SUSPENDED, expires_at=NOW)
    store_key(instance, identifier=identifier(3), name="deactivated", state=State.DEACTIVATED, expires_at=NOW)
    store_key(instance, identifier=identifier(4), name="expired", expires_at=NOW)
    store_key(instance, identifier=identifier(5), name="destroyed", state=State.DESTROYED, deleted_at=NOW)
    purged = {"state": State.DESTROYED, "deleted_at": NOW - PURGED_AFTER}
    store_key(instance, identifier=identifier(6), name="purged", **purged)
    return instance


STATES = [
    ("", ["active", "suspended", "deactivated", "expired"]),
    ("0", []),
    ("1", ["active"]),
    ("2", ["suspended"]),
    ("3", ["deactivated", "expired"]),
    ("5", ["destroyed"]),
    ("0,1", ["active"]),
    ("1,3", ["active", "deactivated", "expired"]),
    ("1,2,3,5", ["active", "suspended", "deactivated", "expired", "destroyed"]),
]


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_keys_are_listed_by_their_states_now(of_each_state: ResourceInstance, state: str, expected: list[str]) -> None:
    assert names(of_each_state, state=state) == expected


@pytest.mark.parametrize(("state", "expected"), STATES[1:])
def test_a_filter_by_states_is_the_same_as_the_parameter(
    of_each_state: ResourceInstance, state: str, expected: list[str]
) -> None:
    assert names(of_each_state, filter=f"state={state}") == expected


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_the_count_is_that_of_the_list(of_each_state: ResourceInstance, state: str, expected: list[str]) -> None:
    assert count_keys(of_each_state, ListQuery.parse({"state": state}), rings=None, now=NOW) == len(expected)


def test_the_count_is_of_all_pages(instance: ResourceInstance) -> None:
    store_named(instance, "a", "b", "c")
    assert count_keys(instance, ListQuery.parse({"limit": "1", "offset": "2"}), rings=None, now=NOW) == 3


RINGS = [
    (None, ["in default", "in team-a", "in team-b"]),
    ([], []),
    (["default"], ["in default"]),
    (["team-a"], ["in team-a"]),
    (["default", "team-b"], ["in default", "in team-b"]),
    (["Team-A"], []),
    (["unknown"], []),
]


@pytest.mark.parametrize(("rings", "expected"), RINGS)
def test_a_list_is_limited_to_key_rings(
    in_rings: ResourceInstance, rings: list[str] | None, expected: list[str]
) -> None:
    assert names(in_rings, rings) == expected


@pytest.mark.parametrize(("rings", "expected"), RINGS)
def test_a_count_is_limited_to_key_rings(
    in_rings: ResourceInstance, rings: list[str] | None, expected: list[str]
) -> None:
    assert count_keys(in_rings, ListQuery(), rings=rings, now=NOW) == len(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"extractable": "true"}, ["standard"]),
        ({"extractable": "false"}, ["root"]),
        ({"filter": "extractable=true"}, ["standard"]),
        ({"filter": "imported=false"}, ["standard"]),
        ({"filter": "extractable=true extractable=false"}, []),
        ({"extractable": "false", "filter": "imported=true"}, ["root"]),
    ],
)
def test_keys_are_limited_by_booleans(instance: ResourceInstance, values: dict[str, str], expected: list[str]) -> None:
    store_key(instance, name="standard", extractable=True)
    store_key(instance, name="root", imported=True)
    assert names(instance, **values) == expected


# Dates

AROUND = {"before": -MOMENT, "start": timedelta(), "end": SECOND - MOMENT, "after": SECOND}


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("", ["start", "end"]),
        ("gt:", ["after"]),
        ("gte:", ["start", "end", "after"]),
        ("lt:", ["before"]),
        ("lte:", ["before", "start", "end"]),
    ],
)
@pytest.mark.parametrize("name", [name for name in SORTABLE if name.endswith("Date")])
def test_a_date_is_compared_by_the_second_that_the_api_shows(
    instance: ResourceInstance, name: str, comparison: str, expected: list[str]
) -> None:
    for number, (label, distance) in enumerate(AROUND.items()):
        dates = {SORTABLE[name]: NOW + distance}
        store_key(instance, identifier=identifier(number), name=label, **dates)
    assert names(instance, filter=f"{name}={comparison}{quoted(NOW)}", state="1,3") == expected


def test_three_terms_of_a_date_must_all_be_met(instance: ResourceInstance) -> None:
    for number in range(5):
        store_key(instance, identifier=identifier(number), name=str(number), created_at=NOW + number * DAY)
    first, last = quoted(NOW), quoted(NOW + 3 * DAY)
    terms = f"creationDate=gt:{first} creationDate=lte:{last} creationDate=lt:{last}"
    assert names(instance, filter=terms) == ["1", "2"]


@pytest.mark.parametrize("name", ["lastRotateDate", "deletionDate", "expirationDate"])
def test_none_is_no_date(instance: ResourceInstance, name: str) -> None:
    store_key(instance, name="without")
    store_key(instance, name="with", **{SORTABLE[name]: NOW + DAY})
    assert names(instance, filter=f"{name}=none") == ["without"]


@pytest.mark.parametrize("comparison", ["", "gt:", "gte:", "lt:", "lte:"])
def test_a_key_without_the_date_meets_no_comparison(instance: ResourceInstance, comparison: str) -> None:
    store_key(instance)
    assert names(instance, filter=f"expirationDate={comparison}{quoted(NOW)}") == []


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ('="0001-01-01T00:00:00Z"', []),
        ('=lt:"0001-01-01T00:00:00Z"', []),
        ('=gt:"0001-01-01T00:00:00Z"', ["a key"]),
        ('="9999-12-31T23:59:59Z"', []),
        ('=gt:"9999-12-31T23:59:59Z"', []),
        ('=lte:"9999-12-31T23:59:59Z"', ["a key"]),
        ('=lt:"9999-12-31T23:59:59Z"', ["a key"]),
    ],
)
def test_the_first_and_the_last_date_can_be_compared(
    instance: ResourceInstance, term: str, expected: list[str]
) -> None:
    store_key(instance)
    assert names(instance, filter=f"creationDate{term}") == expected


# Order and pages


def test_keys_are_in_the_order_of_their_ids(instance: ResourceInstance) -> None:
    for number in (0xB, 0xA, 9, 0x10):
        store_key(instance, identifier=identifier(number), name=f"{number:x}")
    assert names(instance) == ["9", "a", "b", "10"]


ROWS = [
    {"created_at": NOW - 3 * DAY, "extractable": True},
    {"created_at": NOW - DAY, "rotated_at": NOW, "imported": True},
    {"created_at": NOW - 2 * DAY, "rotated_at": NOW - DAY, "expires_at": NOW},
    {"created_at": NOW - DAY, "state": State.SUSPENDED, "expires_at": NOW + DAY},
    {"created_at": NOW - DAY, "state": State.DESTROYED, "deleted_at": NOW, "updated_at": NOW},
]
"""Columns of keys, whose ids are in this order. The third is deactivated by its expiration."""


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id", "01234"),
        ("-id", "43210"),
        ("state", "01324"),
        ("-state", "42301"),
        ("extractable", "12340"),
        ("-extractable", "01234"),
        ("imported", "02341"),
        ("-imported", "10234"),
        ("creationDate", "02134"),
        ("-creationDate", "13420"),
        ("-creationDate,-id", "43120"),
        ("lastUpdateDate", "01234"),
        ("-lastUpdateDate", "40123"),
        ("lastRotateDate", "21034"),
        ("-lastRotateDate", "12034"),
        ("deletionDate", "40123"),
        ("-deletionDate", "40123"),
        ("expirationDate", "23014"),
        ("-expirationDate", "32014"),
        ("-expirationDate,-creationDate", "32140"),
        ("imported,-extractable,-state", "04231"),
    ],
)
def test_keys_are_sorted_and_those_without_a_date_come_last(
    instance: ResourceInstance, sort: str, expected: str
) -> None:
    for number, columns in enumerate(ROWS):
        store_key(instance, identifier=identifier(number), name=str(number), **columns)
    assert "".join(names(instance, sort=sort, state="1,2,3,5")) == expected


@pytest.mark.parametrize("sort", ["", *SORTABLE, *(f"-{name}" for name in SORTABLE)])
def test_the_pages_of_a_list_have_every_key_once(instance: ResourceInstance, sort: str) -> None:
    store_named(instance, *"abcdefg")
    pages = [names(instance, sort=sort, limit="3", offset=str(offset)) for offset in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sorted(name for page in pages for name in page) == list("abcdefg")


def test_the_longest_order_is_answered(instance: ResourceInstance) -> None:
    store_named(instance, "a", "b")
    assert names(instance, sort=("-state,expirationDate," * 100)[:2_000].rpartition(",")[0]) == ["a", "b"]


def test_the_offset_may_be_behind_the_last_key(instance: ResourceInstance) -> None:
    store_named(instance, "a")
    assert names(instance, offset=str(2**31)) == []


@pytest.mark.parametrize(
    ("values", "total"), [({"totalCount": "true"}, 3), ({}, None), ({"totalCount": "false"}, None)]
)
def test_the_total_is_of_all_pages_where_the_query_asks_for_it(
    instance: ResourceInstance, values: dict[str, str], total: int | None
) -> None:
    store_named(instance, "a", "b", "c")
    assert listed(instance, limit="1", offset="1", **values).total == total


# Cost


@pytest.mark.parametrize("search", ["", "key", identifier(9)])
def test_a_list_costs_as_many_queries_for_a_thousand_keys_as_for_one(instance: ResourceInstance, search: str) -> None:
    store_key(instance, identifier=identifier(9), name="key", aliases=("first",), ring="team-a")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            result = listed(instance, search=search, totalCount="true", limit="1000")
            assert [key_body(key, now=NOW) for key in result.rows]
        return len(queries)

    cost_of_one = cost()
    store_keys(instance, 999)
    assert cost() == cost_of_one
    assert cost_of_one <= 5


def test_the_largest_page_has_5000_keys_with_their_aliases(instance: ResourceInstance) -> None:
    """Their aliases are read with one value for each key, and a database has a limit of values."""
    store_keys(instance, 5_000)
    rows = listed(instance, limit="5000").rows
    assert sum(len(key.aliases.all()) for key in rows) == 5_000


def test_no_list_reads_a_secret(instance: ResourceInstance) -> None:
    store_key(instance, name="db", aliases=("db",))
    with CaptureQueriesContext(connection) as queries:
        listed(instance, search="db", totalCount="true")
        count_keys(instance, ListQuery(), rings=None, now=NOW)
    assert not [query["sql"] for query in queries if "ciphertext" in query["sql"] or "keyversion" in query["sql"]]
