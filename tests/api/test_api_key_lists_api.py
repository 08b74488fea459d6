"""Lists of API keys, and the history and activity of each."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.apikeys import KEYS, foreign_service_id, make_key, make_service_id
from tests.api.calling import call, refusal
from tests.tables import assert_rows
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT

pytestmark = pytest.mark.usefixtures("world")
MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["apikeys"]]


# --- list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def three() -> list[str]:
    key_names = ["charlie", "alpha", "bravo"]
    for name in key_names:
        make_key(name=name, description=f"the {name}")
    return key_names


@pytest.fixture
def robot() -> Any:
    """A service ID with an API key."""
    return make_service_id(apikey={"name": "robots"})


def test_the_callers_own_api_keys_are_listed_oldest_first(three: list[str], robot: Any) -> None:
    make_key(caller=MALLORY, name="mallorys")
    assert names(call("GET", KEYS)) == three


LISTS: list[tuple[str, list[str]]] = [
    (f"?iam_id={ALICE.iam_id}", ["charlie", "alpha", "bravo"]),
    ("?scope=entity", ["charlie", "alpha", "bravo"]),
    ("?scope=account", ["charlie", "alpha", "bravo", "robots"]),
    (f"?scope=account&account_id={ACCOUNT}&type=serviceid", ["robots"]),
    ("?scope=account&type=user", ["charlie", "alpha", "bravo"]),
    ("?type=serviceid", []),
    ("?iam_id=IBMid-BOB0000001", []),
    ("?sort=name", ["alpha", "bravo", "charlie"]),
    ("?sort=description&order=desc", ["charlie", "bravo", "alpha"]),
    ("?order=desc", ["bravo", "alpha", "charlie"]),
    ("?filter=" + quote('name sw "br" or description co "alpha"'), ["alpha", "bravo"]),
    ("?include_history=True", ["charlie", "alpha", "bravo"]),
]


def test_a_list_is_narrowed_and_ordered(three: list[str], robot: Any) -> None:
    assert_rows({query: names(call("GET", f"{KEYS}{query}")) for query, _ in LISTS}, dict(LISTS))


def test_the_keys_of_a_service_id_are_listed(three: list[str], robot: Any) -> None:
    assert names(call("GET", f"{KEYS}?iam_id={robot['iam_id']}")) == ["robots"]


def test_pages_follow_each_other_until_there_is_no_next(three: list[str]) -> None:
    first = call("GET", f"{KEYS}?pagesize=2")
    second = call("GET", first.json()["next"])
    assert [names(first), names(second)] == [three[:2], three[2:]]
    assert "next" not in second.json()
    assert names(call("GET", second.json()["previous"])) == three[:2]


@pytest.mark.parametrize(
    "query", ["pagesize=0", "pagetoken=x", "scope=world", "type=robot", "sort=id", "filter=x", "include_history=maybe"]
)
def test_a_list_is_refused(query: str) -> None:
    assert refusal(call("GET", f"{KEYS}?{query}")) == (400, "invalid_value")


def test_a_list_of_another_account_is_not_found() -> None:
    assert refusal(call("GET", f"{KEYS}?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


@pytest.mark.parametrize("iam_id", ["iam-ServiceId-unknown", None], ids=["unknown", "foreign"])
def test_a_list_of_a_service_id_that_is_not_there_is_not_found(iam_id: str | None) -> None:
    owner = iam_id or foreign_service_id()["iam_id"]
    assert refusal(call("GET", f"{KEYS}?iam_id={owner}")) == (404, "not_found")


# --- history and activity -----------------------------------------------------------------------------------------


def test_the_history_tells_what_was_done_by_whom() -> None:
    key = make_key()
    path = f"{KEYS}/{key['id']}"
    call("PUT", path, {"name": "new", "description": "d"}, If_Match="*")
    call("POST", f"{path}/lock")
    call("PUT", path, {"name": "in vain"}, If_Match="*")
    history = call("GET", f"{path}?include_history=true").json()["history"]
    assert [(each["action"], each["params"]) for each in history] == [
        ("iam-identity.user-apikey.create", []),
        ("iam-identity.user-apikey.update", ["description", "name"]),
        ("iam-identity.user-apikey.update", ["locked"]),
    ]
    assert {(each["iam_id"], each["iam_id_account"]) for each in history} == {(ALICE.iam_id, ACCOUNT)}
    assert history[1]["message"] == "update by Alice (description, name)"
    assert all(MINUTES.fullmatch(each["timestamp"]) for each in history)


def test_a_list_has_the_history_of_each() -> None:
    for name in ("one", "two"):
        key = make_key(name=name)
    call("POST", f"{KEYS}/{key['id']}/lock")
    api_keys = call("GET", f"{KEYS}?include_history=true").json()["apikeys"]
    assert [len(each["history"]) for each in api_keys] == [1, 2]


def test_without_asking_there_is_no_history_and_no_activity() -> None:
    key = make_key()
    assert not {"history", "activity"} & call("GET", f"{KEYS}/{key['id']}").json().keys()


def test_a_key_that_was_never_used_says_so() -> None:
    body = call("GET", f"{KEYS}/{make_key()['id']}?include_activity=true").json()
    assert body["activity"] == {"authn_count": 0}
