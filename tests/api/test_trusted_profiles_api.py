"""``/v1/profiles``, as the IAM identity API answers."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.calling import call, refusal
from tests.build import FACTS
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import TrustedProfile

MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")
CREATION = {"name": "web", "account_id": ACCOUNT}


# --- create and read ----------------------------------------------------------------------------------------------


def test_a_profile_is_created(world: World) -> None:
    answer = call("POST", "/v1/profiles", CREATION | {"description": "d", "email": "the web team"})
    body = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"Profile-[0-9a-f-]{36}", body["id"])
    assert body["iam_id"] == f"iam-{body['id']}"
    assert body["crn"] == f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::profile:{body['id']}"
    assert (body["name"], body["description"], body["email"]) == ("web", "d", "the web team")


def test_dates_have_the_precision_of_minutes(world: World) -> None:
    body = call("POST", "/v1/profiles", CREATION).json()
    assert MINUTES.fullmatch(body["created_at"])
    assert MINUTES.fullmatch(body["modified_at"])


def test_optional_members_without_a_value_are_left_out(world: World) -> None:
    assert not {"description", "email"} & call("POST", "/v1/profiles", CREATION).json().keys()


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_entity_tag_is_also_a_header(path: str, method: str) -> None:
    body = {"POST": CREATION, "GET": None, "PUT": {"description": "new"}}[method]
    answer = call(method, "/v1/profiles" if method == "POST" else path, body, If_Match="*")
    assert answer.headers["ETag"] == answer.json()["entity_tag"]
    assert re.fullmatch(r"\d+-[0-9a-f]{32}", answer.headers["ETag"])


REFUSED_CREATIONS: dict[str, Any] = {
    "no-name": {"account_id": ACCOUNT},
    "no-account": {"name": "web"},
    "an-empty-name": CREATION | {"name": ""},
    "a-blank-name": CREATION | {"name": "   "},
    "a-number-for-a-name": CREATION | {"name": 5},
    "null-for-a-name": CREATION | {"name": None},
    "a-name-of-256": CREATION | {"name": "n" * 256},
    "a-name-with-nul": CREATION | {"name": "a\0b"},
    "a-description-of-1001": CREATION | {"description": "d" * 1001},
    "a-list-for-a-description": CREATION | {"description": ["d"]},
    "an-email-that-is-too-long": CREATION | {"email": f"{'a' * 280}@b.example"},
    "another-account": CREATION | {"account_id": OTHER_ACCOUNT},
    "an-account-that-is-none": CREATION | {"account_id": "invalid"},
    "an-id": CREATION | {"id": "Profile-mine"},
    "an-iam-id": CREATION | {"iam_id": "IBMid-ALICE00001"},
    "a-date": CREATION | {"created_at": "2020-01-01T00:00+0000"},
    "a-list": [],
    "a-text": "profile",
    "not-json": b"{",
    "the-name-twice": b'{"name": "a", "name": "b", "account_id": "%s"}' % ACCOUNT.encode(),
    "deep-brackets": b"[" * 1000,
}


def test_a_creation_is_refused_and_nothing_is_made(world: World) -> None:
    def check(name: str) -> None:
        body = REFUSED_CREATIONS[name]
        assert call("POST", "/v1/profiles", body).status_code == 400
        assert not TrustedProfile.objects.exists()

    check_each(REFUSED_CREATIONS, alone(check))


def test_a_name_that_is_taken_conflicts(path: str) -> None:
    answer = call("POST", "/v1/profiles", CREATION | {"name": "victor"})
    assert refusal(answer) == (409, "conflict")
    assert "Choose another name" in answer.json()["errors"][0]["message"]


def test_a_refusal_comes_in_the_identity_apis_envelope(world: World) -> None:
    body = call("POST", "/v1/profiles", {}, X_Request_Id="r-1").json()
    assert body["status_code"] == "400"
    assert body["trace"] == body["context"]["transaction_id"] == "r-1"
    assert body["context"]["operation"] == "POST /v1/profiles"
    assert {"code", "message_code", "message", "details"} == body["errors"][0].keys()


# --- update and delete --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["*", "current", '"current"'])
def test_an_update_with_the_entity_tag_is_made(profile: TrustedProfile, path: str, tag: str) -> None:
    answer = call("PUT", path, {"description": "new"}, If_Match=tag.replace("current", profile.entity_tag))
    assert (answer.status_code, answer.json()["description"]) == (200, "new")


def test_an_update_with_a_stale_entity_tag_is_refused(profile: TrustedProfile, path: str) -> None:
    # D-19
    stale = profile.entity_tag
    call("PUT", path, {"description": "first"}, If_Match=stale)
    assert refusal(call("PUT", path, {"description": "second"}, If_Match=stale)) == (412, "precondition_failed")
    assert TrustedProfile.objects.get().description == "first"


def test_an_update_without_an_entity_tag_is_refused(path: str) -> None:
    assert refusal(call("PUT", path, {"description": "new"})) == (400, "missing_value")


def test_an_empty_description_and_email_clear_them(path: str) -> None:
    call("PUT", path, {"description": "d", "email": "v@example.com"}, If_Match="*")
    body = call("PUT", path, {"description": "", "email": ""}, If_Match="*").json()
    assert not {"description", "email"} & body.keys()


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": None}, {"account_id": OTHER_ACCOUNT}, {"id": "Profile-x"}, {"entity_tag": "1-x"}],
    ids=["empty-name", "null-name", "account", "id", "entity-tag"],
)
def test_an_update_is_refused_and_nothing_changes(path: str, body: Any) -> None:
    assert call("PUT", path, body, If_Match="*").status_code == 400
    assert TrustedProfile.objects.get().revision == 1


def test_a_deleted_profile_is_gone(path: str) -> None:
    answer = call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert refusal(call("GET", path)) == (404, "not_found")


UNKNOWN = ("GET", "PUT", "DELETE")


@pytest.mark.parametrize("method", UNKNOWN)
def test_an_unknown_profile_is_not_found_whatever_the_entity_tag(world: World, method: str) -> None:
    body = {"description": "x"} if method == "PUT" else None
    assert refusal(call(method, "/v1/profiles/Profile-unknown", body, If_Match="junk")) == (404, "not_found")


# --- list ---------------------------------------------------------------------------------------------------------


def listed(query: str = "", **options: Any) -> Any:
    return call("GET", f"/v1/profiles?account_id={ACCOUNT}{query}", **options)


def names(answer: Any) -> list[str]:
    return [each["name"] for each in answer.json()["profiles"]]


@pytest.fixture
def five(world: World) -> list[str]:
    profile_names = ["delta", "alpha", "echo", "bravo", "charlie"]
    for name in profile_names:
        make_profile(world.account, name=name)
    return profile_names


def test_profiles_are_listed_oldest_first(five: list[str]) -> None:
    assert names(listed()) == five


def test_a_list_says_its_limits(five: list[str]) -> None:
    body = listed().json()
    assert (body["limit"], body["offset"]) == (20, 0)
    assert "next" not in body
    assert "previous" not in body


def test_pages_follow_each_other_until_there_is_no_next(five: list[str]) -> None:
    answer, listed_names = listed("&pagesize=2"), []
    while True:
        listed_names.append(names(answer))
        if "next" not in answer.json():
            break
        answer = call("GET", answer.json()["next"])
    assert listed_names == [five[:2], five[2:4], five[4:]]


def test_the_previous_page_leads_back(five: list[str]) -> None:
    second = call("GET", listed("&pagesize=2").json()["next"])
    assert names(call("GET", second.json()["previous"])) == five[:2]


def test_links_carry_the_page_token_as_a_query_parameter(five: list[str]) -> None:
    query = parse_qs(urlsplit(listed("&pagesize=2&sort=name").json()["next"]).query)
    assert query.keys() == {"account_id", "pagesize", "pagetoken", "sort"}


def page_token(query: str) -> str:
    return str(parse_qs(urlsplit(listed(f"&pagesize=2{query}").json()["next"]).query)["pagetoken"][0])


def test_a_page_token_of_another_query_is_refused(five: list[str]) -> None:
    assert refusal(listed(f"&pagesize=2&pagetoken={page_token('&sort=name')}")) == (400, "invalid_value")


def test_a_page_token_of_another_account_is_refused(five: list[str]) -> None:
    stolen = page_token("")
    answer = call("GET", f"/v1/profiles?account_id={OTHER_ACCOUNT}&pagesize=2&pagetoken={stolen}", caller=MALLORY)
    assert refusal(answer) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&sort=name", ["alpha", "bravo", "charlie", "delta", "echo"]),
        ("&sort=name&order=desc", ["echo", "delta", "charlie", "bravo", "alpha"]),
        ("&order=desc", ["charlie", "bravo", "echo", "alpha", "delta"]),
        ("&name=echo", ["echo"]),
        ("&name=unknown", []),
        ("&include_history=true", ["delta", "alpha", "echo", "bravo", "charlie"]),
    ],
)
def test_a_list_is_sorted_and_filtered(five: list[str], query: str, expected: list[str]) -> None:
    assert names(listed(query)) == expected


@pytest.mark.parametrize(
    "query",
    ["pagesize=0", "pagesize=101", "pagesize=x", "pagetoken=x", "sort=id", "order=up", "filter=x", "name=%00"],
)
def test_a_list_is_refused(world: World, query: str) -> None:
    assert refusal(listed(f"&{query}")) == (400, "invalid_value")


def test_a_list_needs_its_account(world: World) -> None:
    assert refusal(call("GET", "/v1/profiles")) == (400, "missing_value")


@pytest.mark.parametrize("account_id", [OTHER_ACCOUNT, "c" * 32, "invalid"], ids=["foreign", "missing", "malformed"])
def test_a_list_of_any_other_account_is_not_found(world: World, account_id: str) -> None:
    assert refusal(call("GET", f"/v1/profiles?account_id={account_id}")) == (404, "not_found")


# --- history ------------------------------------------------------------------------------------------------------


def test_the_history_tells_what_was_done_to_a_profile_and_to_what_it_trusts(world: World) -> None:
    path = f"/v1/profiles/{call('POST', '/v1/profiles', CREATION).json()['id']}"
    call("PUT", path, {"name": "new", "description": "d"}, If_Match="*")
    link = call("POST", f"{path}/links", {"cr_type": "BMS", "link": {"crn": FACTS.crn}}).json()
    call("DELETE", f"{path}/links/{link['id']}")
    call("DELETE", f"{path}/links/{link['id']}")
    history = call("GET", f"{path}?include_history=true").json()["history"]
    assert [(each["action"].removeprefix("iam-identity.account-"), each["params"]) for each in history] == [
        ("profile.create", []),
        ("profile.update", ["description", "name"]),
        ("profile-link.create", []),
        ("profile-link.delete", []),
    ]
    assert {(each["iam_id"], each["iam_id_account"]) for each in history} == {(ALICE.iam_id, ACCOUNT)}


def test_a_list_has_the_history_of_each_when_it_is_asked_for(five: list[str]) -> None:
    with_it, without = listed("&include_history=true").json(), listed().json()
    assert [len(each["history"]) for each in with_it["profiles"]] == [1] * 5
    assert not [each for each in without["profiles"] if "history" in each]
