"""``/v1/serviceids``, as the IAM identity API answers."""

import re
from typing import Any

import pytest

from identity.models import ApiKey
from tests.api.apikeys import KEYS, OWN_VALUE, SERVICE_IDS, foreign_service_id, make_key, make_service_id
from tests.api.calling import call, refusal
from tests.build import FACTS
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT
from trustedprofiles import limits
from trustedprofiles.models import ServiceId

pytestmark = pytest.mark.usefixtures("world")

CREATION = {"name": "robot", "account_id": ACCOUNT}
MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")


# --- create and read ----------------------------------------------------------------------------------------------


def test_a_service_id_is_created() -> None:
    body = make_service_id(description="d", unique_instance_crns=[FACTS.crn])
    assert re.fullmatch(r"ServiceId-[0-9a-f-]{36}", body["id"])
    assert body["iam_id"] == f"iam-{body['id']}"
    assert body["crn"] == f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::serviceid:{body['id']}"
    assert (body["name"], body["description"], body["account_id"]) == ("robot", "d", ACCOUNT)
    assert (body["unique_instance_crns"], body["locked"]) == ([FACTS.crn], False)
    assert MINUTES.fullmatch(body["created_at"])
    assert call("GET", f"{SERVICE_IDS}/{body['id']}").json() == body


def test_optional_members_without_a_value_are_left_out() -> None:
    assert not {"description", "unique_instance_crns", "apikey", "history", "activity"} & make_service_id().keys()


def test_the_collection_may_be_asked_for_with_a_slash_at_its_end() -> None:
    body = call("POST", f"{SERVICE_IDS}/", CREATION).json()
    document = call("GET", f"{SERVICE_IDS}/?account_id={ACCOUNT}").json()
    assert [each["id"] for each in document["serviceids"]] == [body["id"]]


def test_a_header_makes_it_locked_from_the_start() -> None:
    assert make_service_id(headers={"Entity_Lock": "true"})["locked"] is True


def test_a_first_api_key_comes_with_it() -> None:
    service_id = make_service_id(apikey={"name": "first", "description": "d", "expires_at": "2099-12-24T18:00+0000"})
    key = service_id["apikey"]
    assert (key["name"], key["description"], key["iam_id"]) == ("first", "d", service_id["iam_id"])
    assert call("GET", f"{KEYS}/details", IAM_ApiKey=key["apikey"]).json()["id"] == key["id"]
    assert "apikey" not in call("GET", f"{SERVICE_IDS}/{service_id['id']}").json()


def test_a_first_api_key_that_cannot_be_made_leaves_no_service_id() -> None:
    make_key(apikey=OWN_VALUE)
    answer = call("POST", SERVICE_IDS, CREATION | {"apikey": {"name": "first", "apikey": OWN_VALUE}})
    assert refusal(answer) == (409, "conflict")
    assert not ServiceId.objects.exists()


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_entity_tag_is_also_a_header(method: str) -> None:
    path = f"{SERVICE_IDS}/{make_service_id()['id']}"
    body = {"POST": CREATION, "GET": None, "PUT": {"description": "new"}}[method]
    answer = call(method, SERVICE_IDS if method == "POST" else path, body, If_Match="*")
    assert answer.headers["ETag"] == answer.json()["entity_tag"]


REFUSED: dict[str, Any] = {
    "no-name": {"account_id": ACCOUNT},
    "no-account": {"name": "robot"},
    "another-account": CREATION | {"account_id": OTHER_ACCOUNT},
    "an-empty-name": CREATION | {"name": ""},
    "a-number-for-a-name": CREATION | {"name": 5},
    "a-name-of-256": CREATION | {"name": "n" * 256},
    "a-name-with-nul": CREATION | {"name": "a\0b"},
    "a-description-of-1001": CREATION | {"description": "d" * 1001},
    "a-text-for-a-list": CREATION | {"unique_instance_crns": FACTS.crn},
    "no-crn": CREATION | {"unique_instance_crns": ["web-1"]},
    "a-crn-of-256": CREATION | {"unique_instance_crns": [FACTS.crn + "x" * 256]},
    "too-many-crns": CREATION | {"unique_instance_crns": [FACTS.crn] * 101},
    "a-group": CREATION | {"group_id": "ServiceIdGroup-1"},
    "a-text-for-an-api-key": CREATION | {"apikey": OWN_VALUE},
    "an-api-key-without-a-name": CREATION | {"apikey": {}},
    "a-short-value": CREATION | {"apikey": {"name": "k", "apikey": "v" * 31}},
    "an-api-key-of-another-user": CREATION | {"apikey": {"name": "k", "iam_id": ALICE.iam_id}},
    "an-api-key-that-is-past": CREATION | {"apikey": {"name": "k", "expires_at": "2020-12-24T18:00+0000"}},
    "an-id": CREATION | {"id": "ServiceId-mine"},
    "a-lock-in-the-body": CREATION | {"locked": True},
    "a-list": [],
    "not-json": b"{",
}


def test_a_creation_is_refused_and_nothing_is_made() -> None:
    def check(name: str) -> None:
        body = REFUSED[name]
        assert call("POST", SERVICE_IDS, body).status_code == 400
        assert (ServiceId.objects.count(), ApiKey.objects.count()) == (0, 0)

    check_each(REFUSED, alone(check))


def test_a_refusal_names_the_property_by_its_path() -> None:
    errors = call("POST", SERVICE_IDS, CREATION | {"apikey": {"name": "k", "colour": 1}}).json()["errors"]
    assert [(each["code"], each["message"]) for each in errors] == [
        ("unknown_field", "apikey.colour: This property is not known. Remove it.")
    ]


def test_an_account_has_so_many_service_ids_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.SERVICE_IDS_PER_ACCOUNT == 2000
    monkeypatch.setattr("trustedprofiles.services.service_ids.SERVICE_IDS_PER_ACCOUNT", 2)
    service_ids = [make_service_id() for _ in range(2)]
    assert refusal(call("POST", SERVICE_IDS, CREATION)) == (400, "over_quota")
    call("DELETE", f"{SERVICE_IDS}/{service_ids[0]['id']}")
    make_service_id()


# --- change, lock, delete -----------------------------------------------------------------------------------------


def test_a_change_is_made_and_the_rest_stays() -> None:
    service_id = make_service_id(description="d")
    body = call("PUT", f"{SERVICE_IDS}/{service_id['id']}", {"name": "new"}, If_Match=service_id["entity_tag"]).json()
    assert (body["name"], body["description"]) == ("new", "d")


def test_empty_values_clear() -> None:
    service_id = make_service_id(description="d", unique_instance_crns=[FACTS.crn])
    body = {"description": "", "unique_instance_crns": []}
    update = call("PUT", f"{SERVICE_IDS}/{service_id['id']}", body, If_Match="*").json()
    assert not {"description", "unique_instance_crns"} & update.keys()


def test_a_change_with_a_stale_entity_tag_is_refused() -> None:
    service_id = make_service_id()
    path = f"{SERVICE_IDS}/{service_id['id']}"
    call("PUT", path, {"name": "first"}, If_Match=service_id["entity_tag"])
    assert refusal(call("PUT", path, {"name": "second"}, If_Match=service_id["entity_tag"])) == (
        412,
        "precondition_failed",
    )
    assert ServiceId.objects.get().name == "first"


def test_a_change_without_an_entity_tag_is_refused() -> None:
    answer = call("PUT", f"{SERVICE_IDS}/{make_service_id()['id']}", {"name": "new"})
    assert refusal(answer) == (400, "missing_value")


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": "n" * 256}, {"account_id": OTHER_ACCOUNT}, {"apikey": {"name": "k"}}, {"locked": True}],
    ids=["empty-name", "long-name", "account", "api-key", "lock"],
)
def test_a_change_is_refused_and_nothing_changes(body: Any) -> None:
    path = f"{SERVICE_IDS}/{make_service_id()['id']}"
    assert call("PUT", path, body, If_Match="*").status_code == 400
    assert ServiceId.objects.get().revision == 1


@pytest.mark.parametrize(("method", "body"), [("PUT", {"name": "new"}), ("DELETE", None)])
def test_a_locked_service_id_cannot_be_changed_or_deleted(method: str, body: Any) -> None:
    path = f"{SERVICE_IDS}/{make_service_id()['id']}"
    assert call("POST", f"{path}/lock").status_code == 204
    answer = call(method, path, body, If_Match="*")
    assert refusal(answer) == (409, "conflict")
    assert f"DELETE {path}/lock" in answer.json()["errors"][0]["message"]
    assert call("DELETE", f"{path}/lock").status_code == 204
    assert call(method, path, body, If_Match="*").status_code in (200, 204)


def test_a_locked_service_id_may_have_more_api_keys() -> None:
    """Its API keys have locks of their own."""
    locked = make_service_id(headers={"Entity_Lock": "true"})
    assert (locked["locked"], make_key(iam_id=locked["iam_id"])["locked"]) == (True, False)


def test_a_service_id_with_a_locked_api_key_is_not_deleted() -> None:
    service_id = make_service_id(apikey={"name": "first"})
    call("POST", f"{KEYS}/{service_id['apikey']['id']}/lock")
    answer = call("DELETE", f"{SERVICE_IDS}/{service_id['id']}")
    assert refusal(answer) == (409, "conflict")
    assert service_id["apikey"]["id"] in answer.json()["errors"][0]["message"]
    assert (ServiceId.objects.count(), ApiKey.objects.count()) == (1, 1)


PATHS = [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/lock"), ("DELETE", "/lock")]


@pytest.mark.parametrize(("method", "suffix"), PATHS)
def test_an_unknown_service_id_is_not_found(method: str, suffix: str) -> None:
    body = {"name": "x"} if method == "PUT" else None
    assert refusal(call(method, f"{SERVICE_IDS}/ServiceId-unknown{suffix}", body, If_Match="junk")) == (
        404,
        "not_found",
    )


@pytest.mark.parametrize(("method", "suffix"), PATHS)
def test_another_accounts_service_id_is_not_found(method: str, suffix: str) -> None:
    path = f"{SERVICE_IDS}/{make_service_id()['id']}{suffix}"
    body = {"name": "x"} if method == "PUT" else None
    assert refusal(call(method, path, body, caller=MALLORY, If_Match="*")) == (404, "not_found")
    assert ServiceId.objects.get().revision == 1


# --- list ---------------------------------------------------------------------------------------------------------


def listed(query: str = "") -> Any:
    return call("GET", f"{SERVICE_IDS}?account_id={ACCOUNT}{query}")


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["serviceids"]]


@pytest.fixture
def three() -> list[str]:
    service_id_names = ["charlie", "alpha", "bravo"]
    for name in service_id_names:
        make_service_id(name=name, description=f"the {name}")
    return service_id_names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["charlie", "alpha", "bravo"]),
        ("&name=alpha", ["alpha"]),
        ("&sort=name", ["alpha", "bravo", "charlie"]),
        ("&sort=description&order=desc", ["charlie", "bravo", "alpha"]),
        ("&filter=name%20ew%20%22a%22", ["alpha"]),
        ("&include_history=true", ["charlie", "alpha", "bravo"]),
    ],
)
def test_a_list_is_narrowed_and_ordered(three: list[str], query: str, expected: list[str]) -> None:
    foreign_service_id()
    assert names(listed(query)) == expected


@pytest.mark.parametrize("slash", ["", "/"])
def test_pages_follow_each_other_until_there_is_no_next(three: list[str], slash: str) -> None:
    first = call("GET", f"{SERVICE_IDS}{slash}?account_id={ACCOUNT}&pagesize=2")
    second = call("GET", first.json()["next"])
    assert [names(first), names(second)] == [three[:2], three[2:]]
    assert "next" not in second.json()
    assert names(call("GET", second.json()["previous"])) == three[:2]


@pytest.mark.parametrize("query", ["pagesize=101", "pagetoken=x", "sort=id", "order=up", "filter=x", "name=%00"])
def test_a_list_is_refused(query: str) -> None:
    assert refusal(listed(f"&{query}")) == (400, "invalid_value")


def test_a_list_needs_its_account() -> None:
    assert refusal(call("GET", SERVICE_IDS)) == (400, "missing_value")


def test_a_list_of_another_account_is_not_found() -> None:
    assert refusal(call("GET", f"{SERVICE_IDS}?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


def test_the_history_tells_what_was_done_by_whom() -> None:
    service_id = make_service_id()
    call("PUT", f"{SERVICE_IDS}/{service_id['id']}", {"name": "new"}, If_Match="*")
    call("POST", f"{SERVICE_IDS}/{service_id['id']}/lock")
    history = call("GET", f"{SERVICE_IDS}/{service_id['id']}?include_history=true").json()["history"]
    assert [(each["action"], each["params"], each["iam_id"]) for each in history] == [
        ("iam-identity.account-serviceid.create", [], ALICE.iam_id),
        ("iam-identity.account-serviceid.update", ["name"], ALICE.iam_id),
        ("iam-identity.account-serviceid.update", ["locked"], ALICE.iam_id),
    ]
