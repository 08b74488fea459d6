"""The history of a trusted profile, and which of them a filter finds."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.calling import call, refusal
from tests.build import FACTS
from tests.tables import assert_rows, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import TrustedProfile

MEMBERS = {"timestamp", "iam_id", "iam_id_account", "action", "params", "message"}


def listed(query: str = "", **options: Any) -> list[dict[str, Any]]:
    answer = call("GET", f"/v1/profiles?account_id={ACCOUNT}{query}", **options)
    assert answer.status_code == 200, answer.content
    profiles: list[dict[str, Any]] = answer.json()["profiles"]
    return profiles


def history() -> list[dict[str, Any]]:
    [profile] = listed("&include_history=true")
    actual_history: list[dict[str, Any]] = profile["history"]
    return actual_history


@pytest.mark.parametrize("query", ["", "&include_history=false", "&include_history=False"])
def test_history_is_told_only_when_it_is_asked_for(profile: TrustedProfile, query: str) -> None:
    [only] = listed(query)
    assert "history" not in only


@pytest.mark.parametrize("said", ["true", "True"])
def test_the_history_of_a_new_profile_says_who_created_it(world: World, said: str) -> None:
    call("POST", "/v1/profiles", {"name": "web", "account_id": ACCOUNT})
    [only] = listed(f"&include_history={said}")
    [change] = only["history"]
    assert change.keys() == MEMBERS
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000", change["timestamp"])
    assert (change["iam_id"], change["iam_id_account"], change["params"]) == (ALICE.iam_id, ACCOUNT, [])
    assert change["action"] == "iam-identity.account-profile.create"
    assert "by Alice" in change["message"]


def test_changes_in_a_history_come_in_order_and_say_of_what(path: str) -> None:
    call("PUT", path, {"name": "new", "description": "d"}, If_Match="*")
    call("PUT", path, {"description": ""}, If_Match="*")
    assert [each["params"] for each in history()] == [[], ["description", "name"], ["description"]]
    assert "by Alice" in history()[1]["message"]


def test_the_history_of_a_profile_tells_which_servers_it_trusts(path: str) -> None:
    call("POST", f"{path}/identities/user", {"identifier": ALICE.iam_id, "type": "user"})
    call("DELETE", f"{path}/identities/user/{ALICE.iam_id}")
    link = call("POST", f"{path}/links", {"cr_type": "BMS", "link": {"crn": FACTS.crn}}).json()
    call("DELETE", f"{path}/links/{link['id']}")
    assert [each["action"].removeprefix("iam-identity.account-profile") for each in history()] == [
        ".create",
        "-identity.create",
        "-identity.delete",
        "-link.create",
        "-link.delete",
    ]


def test_refused_changes_and_reads_are_no_history(path: str) -> None:
    before = history()
    call("PUT", path, {"description": "x"}, If_Match="stale")
    call("PUT", path, {"name": ""}, If_Match="*")
    call("GET", path)
    assert history() == before


def test_a_profile_of_the_same_name_before_it_is_another_one(world: World) -> None:
    first = call("POST", "/v1/profiles", {"name": "web", "account_id": ACCOUNT}).json()
    call("DELETE", f"/v1/profiles/{first['id']}")
    call("POST", "/v1/profiles", {"name": "web", "account_id": ACCOUNT})
    assert len(history()) == 1


def test_many_profiles_ask_the_database_no_more_often(world: World) -> None:
    counts = []
    for name in ("a", "b", "c"):
        make_profile(world.account, name=name)
        with CaptureQueriesContext(connection) as captured:
            listed("&include_history=true")
        counts.append(len(captured))
    assert counts[0] == counts[1] == counts[2]


def test_mallory_cannot_read_the_history_of_a_profile_of_alices(profile: TrustedProfile) -> None:
    answer = call("GET", f"/v1/profiles?account_id={OTHER_ACCOUNT}&include_history=true", caller=MALLORY)
    assert answer.json()["profiles"] == []


@pytest.mark.parametrize("said", ["yes", "1"])
def test_another_word_is_refused(world: World, said: str) -> None:
    answer = call("GET", f"/v1/profiles?account_id={ACCOUNT}&include_history={said}")
    assert refusal(answer) == (400, "invalid_value")


def test_history_comes_with_every_page(world: World) -> None:
    for name in ("a", "b", "c"):
        make_profile(world.account, name=name)
    answer = call("GET", f"/v1/profiles?account_id={ACCOUNT}&include_history=true&pagesize=2").json()
    second = call("GET", answer["next"]).json()
    assert [len(each["history"]) for each in (*answer["profiles"], *second["profiles"])] == [1, 1, 1]


# --- filter ----------------------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> None:
    for name, description in (("web-prod", "serves pages"), ("web-test", "serves TESTS"), ("db", 'says "hi" and more')):
        body = {"name": name, "account_id": ACCOUNT, "description": description}
        assert call("POST", "/v1/profiles", body).status_code == 201


FILTERS: dict[str, list[str]] = {
    'name co "web"': ["web-prod", "web-test"],
    'name eq "db"': ["db"],
    'name eq "DB"': ["db"],
    'name ne "db"': ["web-prod", "web-test"],
    'name sw "web-"': ["web-prod", "web-test"],
    'name ew "test"': ["web-test"],
    'name EQ "db"': ["db"],
    'description co "tests"': ["web-test"],
    'name co "web" and description co "pages"': ["web-prod"],
    'name eq "db" or name eq "web-test"': ["db", "web-test"],
    'name eq "db" or name co "web" and description co "tests"': ["db", "web-test"],
    'name co "web" AND description co "pages" OR name eq "db"': ["db", "web-prod"],
    'description co "\\"hi\\" and"': ["db"],
    'description co "%"': [],
    'name co "_"': [],
    'name eq "unknown"': [],
    'email eq ""': ["db", "web-prod", "web-test"],
}


def test_a_filter_finds_the_profiles_that_match(three: None) -> None:
    names = {text: [each["name"] for each in listed(f"&sort=name&filter={quote(text)}")] for text in FILTERS}
    assert_rows(names, FILTERS)


BAD_FILTERS = {
    "nothing": "",
    "a-word": "web",
    "no-quotes": "name eq web",
    "an-unknown-attribute": 'iam_id eq "x"',
    "another-column": 'account_id eq "x"',
    "a-look-through-a-relation": 'account__id eq "x"',
    "an-unknown-operator": 'name like "x"',
    "a-presence": "name pr",
    "parentheses": '(name eq "x")',
    "an-open-quote": 'name eq "x',
    "an-and-at-the-end": 'name eq "x" and',
    "too-long": f'name eq "{"x" * 1000}"',
    "not": 'not name eq "x"',
}


def test_a_filter_that_is_not_understood_is_refused(world: World) -> None:
    # D-67
    def check(name: str) -> None:
        text = BAD_FILTERS[name]
        from urllib.parse import quote

        answer = call("GET", f"/v1/profiles?account_id={ACCOUNT}&filter={quote(text)}")
        assert refusal(answer) == (400, "invalid_value")
        assert "filter is not understood" in answer.json()["errors"][0]["message"]

    check_each(BAD_FILTERS, check)


def test_a_page_token_belongs_to_its_filter(three: None) -> None:
    path = f"/v1/profiles?account_id={ACCOUNT}&pagesize=1&filter=name%20co%20%22web%22"
    following = call("GET", path).json()["next"]
    assert [each["name"] for each in call("GET", following).json()["profiles"]] == ["web-test"]
    assert refusal(call("GET", following.replace("web", "db"))) == (400, "invalid_value")


@pytest.mark.parametrize("sort", ["name", "description", "created_at", "modified_at"])
def test_descending_is_ascending_backwards(three: None, sort: str) -> None:
    up = [each["name"] for each in listed(f"&sort={sort}&order=asc")]
    assert [each["name"] for each in listed(f"&sort={sort}&order=desc")] == up[::-1]
