"""Search the keys of an instance (Key Protect contract, section 2.3).

On both databases, because they order rows and compare text in ways of their own.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect import key_lists
from controlplane.keyprotect.errors import SearchTooBroad
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.states import State
from tests.keyprotect.listing import listed, names, quoted, store_named
from tests.keyprotect.stored import DAY, NOW, identifier, store_key, store_keys
from tests.on_both import db, shared_database

__all__ = ["db", "shared_database"]


@pytest.fixture
def searched(instance: ResourceInstance) -> ResourceInstance:
    """An instance with keys of different names and aliases."""
    store_key(instance, identifier=identifier(1), name="Orders", aliases=("Database", "eu-1"))
    store_key(instance, identifier=identifier(2), name="database of orders", aliases=("second",))
    store_key(instance, identifier=identifier(3), name="100% Straße", aliases=("a_b",))
    store_key(instance, identifier=identifier(4), name="back\\slash", aliases=("axb",))
    return instance


ALL = ["Orders", "database of orders", "100% Straße", "back\\slash"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders", ALL[:2]),
        ("ORDERS", ALL[:2]),
        ("database", ALL[:2]),
        ("DATABASE,", ALL[:2]),
        ("name:database", ALL[1:2]),
        ("alias:database", ALL[:1]),
        ("alias:EU", ALL[:1]),
        ("name:alias:second", ALL[1:2]),
        ("exact:orders", ALL[:1]),
        ("exact:order", []),
        ("exact:DATABASE", ALL[:1]),
        ("exact:name:database", []),
        ("exact:alias:EU-1", ALL[:1]),
        ("not:orders", ALL[2:]),
        ("not:exact:orders", ALL[1:]),
        ("not:alias:database", ALL[1:]),
        ("not:name:database", [ALL[0], *ALL[2:]]),
        ("escape:not:orders", []),
        ("nothing", []),
        ("%", ALL[2:3]),
        ("_", ALL[2:3]),
        ("a_b", ALL[2:3]),
        ("alias:a%b", []),
        ("exact:a%", []),
        ("\\", ALL[3:]),
        ("\\s", ALL[3:]),
        ("STRASSE", ALL[2:3]),
        ("straße", ALL[2:3]),
        ("exact:100% STRASSE", ALL[2:3]),
        ("' OR 1=1 --", []),
        ("*", []),
        ("😀", []),
    ],
)
def test_a_search_is_for_a_part_of_a_name_or_alias_in_any_case(
    searched: ResourceInstance, text: str, expected: list[str]
) -> None:
    assert names(searched, search=text) == expected


@pytest.mark.parametrize("text", ["ÄPFEL", "äpfel", "äPF", "exact:ÄpfeL"])
def test_names_of_every_script_are_compared_without_case(instance: ResourceInstance, text: str) -> None:
    """SQLite knows the case of ASCII letters only."""
    store_key(instance, name="Äpfel")
    assert names(instance, search=text) == ["Äpfel"]


def test_a_key_with_several_fitting_aliases_is_listed_once(instance: ResourceInstance) -> None:
    store_key(instance, name="db", aliases=("db-1", "db-2", "db-3"))
    result = listed(instance, search="db", totalCount="true")
    assert ([key.name for key in result.rows], result.total) == (["db"], 1)


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_the_key_whose_id_is_searched_for_comes_first(instance: ResourceInstance, spelling: type[str]) -> None:
    own = identifier(0xAB)
    store_key(instance, identifier=identifier(1), name=f"copy of {own}")
    store_key(instance, identifier=own, name="own")
    assert names(instance, search=spelling(own)) == ["own", f"copy of {own}"]


def test_the_key_whose_id_is_searched_for_comes_first_in_every_order(instance: ResourceInstance) -> None:
    store_key(instance, identifier=identifier(1), name=f"copy of {identifier(2)}", created_at=NOW)
    store_key(instance, identifier=identifier(2), name="wanted", created_at=NOW - DAY)
    assert names(instance, search=identifier(2), sort="-creationDate")[0] == "wanted"


@pytest.mark.parametrize("scope", ["", "name:", "alias:", "exact:"])
def test_an_id_is_searched_for_in_every_scope(instance: ResourceInstance, scope: str) -> None:
    store_named(instance, "wanted", "other")
    assert names(instance, search=f"{scope}{identifier(0)}") == ["wanted"]


def test_a_part_of_an_id_is_no_hit(instance: ResourceInstance) -> None:
    store_named(instance, "other")
    assert names(instance, search=identifier(0)[:-1]) == []


def test_a_negated_id_leaves_that_key_out(instance: ResourceInstance) -> None:
    store_named(instance, "unwanted", "other")
    assert names(instance, search=f"not:{identifier(0)}") == ["other"]


def test_a_search_is_within_the_key_rings_and_the_filter(in_rings: ResourceInstance) -> None:
    assert names(in_rings, ["team-a", "team-b"], search="in", filter="state=1") == ["in team-a", "in team-b"]


def test_an_id_in_another_key_ring_is_no_hit(in_rings: ResourceInstance) -> None:
    assert names(in_rings, ["team-a"], search=identifier(0)) == []


@pytest.mark.parametrize("search", ["a" * 2_000, "%" * 2_000, "ΐ" * 2_000, "not:" + "_" * 1_990])
def test_the_longest_search_is_answered(instance: ResourceInstance, search: str) -> None:
    assert listed(instance, search=search).rows == []


# Searches that are too broad


@pytest.fixture
def broad(instance: ResourceInstance, monkeypatch: pytest.MonkeyPatch) -> ResourceInstance:
    """An instance with one key more than can be searched."""
    monkeypatch.setattr(key_lists, "MOST_CANDIDATES", 2)
    for number, alias in enumerate(("db", "other", "third")):
        store_key(instance, identifier=identifier(number), name=f"key {number}", aliases=(alias,))
    return instance


@pytest.mark.parametrize("text", ["key", "d", "DB", "key 0", "nothing", identifier(9), "not:nothing"])
def test_a_search_of_too_many_keys_is_refused(broad: ResourceInstance, text: str) -> None:
    with pytest.raises(SearchTooBroad):
        listed(broad, search=text)


@pytest.mark.parametrize("text", ["not:db", f"not:{identifier(0)}"])
def test_a_search_for_all_but_one_of_too_many_keys_is_refused(broad: ResourceInstance, text: str) -> None:
    with pytest.raises(SearchTooBroad):
        listed(broad, search=text)


def test_an_alias_is_no_hit_where_only_names_are_searched(broad: ResourceInstance) -> None:
    with pytest.raises(SearchTooBroad):
        listed(broad, search="name:db")


@pytest.mark.parametrize("text", ["db", "db,", "exact:db", "alias:db", identifier(0), f"name:{identifier(0)}"])
def test_a_whole_id_or_alias_is_the_only_hit_among_too_many_keys(broad: ResourceInstance, text: str) -> None:
    result = listed(broad, search=text, totalCount="true")
    assert ([key.name for key in result.rows], result.total, result.incomplete_search) == (["key 0"], 1, True)


def test_the_page_behind_the_only_hit_is_empty(broad: ResourceInstance) -> None:
    result = listed(broad, search="db", offset="1")
    assert (result.rows, result.incomplete_search) == ([], True)


def test_a_search_of_as_many_keys_as_can_be_searched_is_complete(broad: ResourceInstance) -> None:
    result = listed(broad, search="db", filter=f"creationDate=lt:{quoted(NOW)}", limit="1")
    assert result.incomplete_search
    Key.objects.filter(identifier=identifier(2)).update(state=State.DESTROYED, deleted_at=NOW)
    assert not listed(broad, search="db").incomplete_search


def test_more_than_5000_keys_are_too_many(instance: ResourceInstance) -> None:
    store_keys(instance, 5_000)
    assert len(listed(instance, search="key 4999").rows) == 1
    store_key(instance)
    with pytest.raises(SearchTooBroad):
        listed(instance, search="key 4999")


# Collations


def test_aliases_are_compared_in_a_collation_that_no_language_changes(instance: ResourceInstance) -> None:
    """In Turkish, the small letter of I is not i. The suite's PostgreSQL has no Turkish collation to try it with."""
    with CaptureQueriesContext(connection) as queries:
        listed(instance, search="alias:disk")
    expected = 'COLLATE "C"' if connection.vendor == "postgresql" else "LOWER"
    assert [query["sql"] for query in queries if "LIKE" in query["sql"] and expected in query["sql"]]
