"""``/v1/apikeys``, as the IAM identity API answers."""

import hashlib
import re
from typing import Any

import pytest

from identity.models import ApiKey
from tests.api.apikeys import KEYS, OWN_VALUE, foreign_service_id, make_key, make_service_id
from tests.api.calling import call, refusal
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT
from trustedprofiles.limits import API_KEYS_PER_IDENTITY

pytestmark = pytest.mark.usefixtures("world")

CREATION = {"name": "key", "iam_id": ALICE.iam_id}
MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")


# --- create and read ----------------------------------------------------------------------------------------------


def test_an_api_key_is_created() -> None:
    body = make_key(description="d", action_when_leaked="delete", support_sessions=True, account_id=ACCOUNT)
    assert re.fullmatch(r"ApiKey-[0-9a-f-]{36}", body["id"])
    assert body["crn"] == f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::apikey:{body['id']}"
    assert (body["name"], body["description"], body["action_when_leaked"]) == ("key", "d", "delete")
    assert (body["iam_id"], body["account_id"], body["created_by"]) == (ALICE.iam_id, ACCOUNT, ALICE.iam_id)
    assert (body["support_sessions"], body["locked"], body["disabled"]) == (True, False, False)
    assert MINUTES.fullmatch(body["created_at"])
    assert MINUTES.fullmatch(body["modified_at"])


def test_the_value_is_in_the_answer_that_creates_it_and_in_no_other() -> None:
    key = make_key()
    assert len(key["apikey"]) >= 40
    update = call("PUT", f"{KEYS}/{key['id']}", {"name": "new"}, If_Match="*")
    reads = [call("GET", f"{KEYS}/{key['id']}"), call("GET", f"{KEYS}/details", IAM_ApiKey=key["apikey"])]
    bodies = [update.json(), *(each.json() for each in reads), *call("GET", KEYS).json()["apikeys"]]
    assert [body for body in bodies if "apikey" in body] == []


def test_a_value_is_kept_as_its_hash() -> None:
    key = make_key()
    assert ApiKey.objects.get().sha256 == hashlib.sha256(key["apikey"].encode()).hexdigest()


def test_two_values_are_never_alike() -> None:
    assert make_key()["apikey"] != make_key()["apikey"]


def test_an_own_value_is_taken() -> None:
    key = make_key(apikey=OWN_VALUE)
    assert key["apikey"] == OWN_VALUE
    assert call("GET", f"{KEYS}/details", IAM_ApiKey=OWN_VALUE).json()["id"] == key["id"]


def test_an_own_value_may_be_of_any_characters() -> None:
    value = "zwölf Boxkämpfer jagen Viktor quer über den Deich"
    key = make_key(apikey=value)
    answer = call("GET", f"{KEYS}/details", IAM_ApiKey=value.encode().decode("latin-1"))
    assert answer.json()["id"] == key["id"]


def test_a_value_that_another_api_key_has_conflicts_in_every_account() -> None:
    make_key(apikey=OWN_VALUE, caller=MALLORY)
    answer = call("POST", KEYS, CREATION | {"apikey": OWN_VALUE})
    assert refusal(answer) == (409, "conflict")
    assert OWN_VALUE not in answer.content.decode()
    assert not ApiKey.objects.filter(iam_id=ALICE.iam_id).exists()


@pytest.mark.parametrize("name", ["locked", "disabled"])
def test_a_header_makes_it_locked_or_disabled_from_the_start(name: str) -> None:
    header = {"locked": "Entity_Lock", "disabled": "Entity_Disable"}[name]
    assert make_key(headers={header: "true"})[name] is True
    assert make_key(headers={header: "false"})[name] is False


def test_an_instant_of_any_zone_is_answered_in_utc() -> None:
    assert make_key(expires_at="2099-12-24T18:00+0200")["expires_at"] == "2099-12-24T16:00+0000"


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_entity_tag_is_also_a_header(method: str) -> None:
    path = f"{KEYS}/{make_key()['id']}"
    body = {"POST": CREATION, "GET": None, "PUT": {"description": "new"}}[method]
    answer = call(method, KEYS if method == "POST" else path, body, If_Match="*")
    assert answer.headers["ETag"] == answer.json()["entity_tag"]
    assert re.fullmatch(r"\d+-[0-9a-f]{32}", answer.headers["ETag"])


def test_a_key_of_a_service_id_is_created() -> None:
    service_id = make_service_id()
    key = make_key(iam_id=service_id["iam_id"])
    assert (key["iam_id"], key["created_by"]) == (service_id["iam_id"], ALICE.iam_id)


def test_names_need_not_be_unique() -> None:
    assert make_key()["id"] != make_key()["id"]


def test_an_identity_has_so_many_api_keys_and_no_more() -> None:
    for _ in range(API_KEYS_PER_IDENTITY):
        last = make_key()
    answer = call("POST", KEYS, CREATION)
    assert refusal(answer) == (400, "over_quota")
    make_key(iam_id=make_service_id()["iam_id"])
    call("DELETE", f"{KEYS}/{last['id']}")
    make_key()


REFUSED: dict[str, Any] = {
    "no-name": {"iam_id": ALICE.iam_id},
    "no-iam-id": {"name": "key"},
    "an-empty-name": CREATION | {"name": ""},
    "a-number-for-a-name": CREATION | {"name": 5},
    "a-name-of-256": CREATION | {"name": "n" * 256},
    "a-name-with-nul": CREATION | {"name": "a\0b"},
    "a-description-of-1001": CREATION | {"description": "d" * 1001},
    "a-value-of-31": CREATION | {"apikey": "v" * 31},
    "a-value-of-513": CREATION | {"apikey": "v" * 513},
    "an-empty-value": CREATION | {"apikey": ""},
    "a-number-for-a-value": CREATION | {"apikey": 10**40},
    "a-value-to-store": CREATION | {"store_value": True},
    "a-text-for-a-boolean": CREATION | {"support_sessions": "true"},
    "an-unknown-action": CREATION | {"action_when_leaked": "shout"},
    "no-instant": CREATION | {"expires_at": "tomorrow"},
    "an-instant-without-a-zone": CREATION | {"expires_at": "2099-12-24T18:00"},
    "a-date": CREATION | {"expires_at": "2099-12-24"},
    "an-instant-that-is-past": CREATION | {"expires_at": "2020-12-24T18:00+0000"},
    "an-instant-beyond-all-calendars": CREATION | {"expires_at": "9999-12-31T23:59-1200"},
    "a-number-for-an-instant": CREATION | {"expires_at": 4102444800},
    "another-person": CREATION | {"iam_id": "IBMid-BOB0000001"},
    "a-trusted-profile": CREATION | {"iam_id": "iam-Profile-11111111-1111-4111-8111-111111111111"},
    "a-service-id-that-is-not-there": CREATION | {"iam_id": "iam-ServiceId-11111111-1111-4111-8111-111111111111"},
    "a-list-for-an-iam-id": CREATION | {"iam_id": [ALICE.iam_id]},
    "another-account": CREATION | {"account_id": OTHER_ACCOUNT},
    "an-id": CREATION | {"id": "ApiKey-mine"},
    "a-lock-in-the-body": CREATION | {"locked": True},
    "a-list": [],
    "not-json": b"{",
    "the-name-twice": b'{"name": "a", "name": "b"}',
}


def test_a_creation_is_refused_and_nothing_is_made() -> None:
    def check(name: str) -> None:
        body = REFUSED[name]
        assert call("POST", KEYS, body).status_code == 400
        assert not ApiKey.objects.exists()

    check_each(REFUSED, alone(check))


@pytest.mark.parametrize("header", ["Entity_Lock", "Entity_Disable"])
def test_a_header_that_is_not_a_boolean_is_refused(header: str) -> None:
    assert refusal(call("POST", KEYS, CREATION, **{header: "perhaps"})) == (400, "invalid_value")
    assert not ApiKey.objects.exists()


def test_a_key_of_another_accounts_service_id_is_refused() -> None:
    answer = call("POST", KEYS, CREATION | {"iam_id": foreign_service_id()["iam_id"]})
    assert refusal(answer) == (400, "not_found")


def test_a_service_id_has_no_sessions() -> None:
    body = CREATION | {"iam_id": make_service_id()["iam_id"], "support_sessions": True}
    assert refusal(call("POST", KEYS, body)) == (400, "invalid_value")


# --- details ------------------------------------------------------------------------------------------------------


def test_details_need_the_header() -> None:
    assert refusal(call("GET", f"{KEYS}/details")) == (400, "missing_value")


@pytest.mark.parametrize("value", ["v" * 40, "v" * 5000, "\xe9" * 40], ids=["unknown", "long", "not-utf-8"])
def test_details_of_an_unknown_value_are_not_found(value: str) -> None:
    assert refusal(call("GET", f"{KEYS}/details", IAM_ApiKey=value)) == (404, "not_found")


def test_details_of_another_accounts_value_are_not_found() -> None:
    value = make_key()["apikey"]
    assert refusal(call("GET", f"{KEYS}/details", IAM_ApiKey=value, caller=MALLORY)) == (404, "not_found")


# --- change -------------------------------------------------------------------------------------------------------


def test_a_change_is_made_and_the_rest_stays() -> None:
    key = make_key(description="d", expires_at="2099-12-24T18:00+0000")
    body = call("PUT", f"{KEYS}/{key['id']}", {"name": "new"}, If_Match=key["entity_tag"]).json()
    assert (body["name"], body["description"]) == ("new", "d")
    assert body["expires_at"] == key["expires_at"]
    assert body["entity_tag"].startswith("2-")


def test_an_empty_description_and_end_clear_them() -> None:
    key = make_key(description="d", expires_at="2099-12-24T18:00+0000")
    body = call("PUT", f"{KEYS}/{key['id']}", {"description": "", "expires_at": ""}, If_Match="*").json()
    assert not {"description", "expires_at"} & body.keys()


def test_a_change_with_a_stale_entity_tag_is_refused() -> None:
    key = make_key()
    path = f"{KEYS}/{key['id']}"
    call("PUT", path, {"name": "first"}, If_Match=key["entity_tag"])
    assert refusal(call("PUT", path, {"name": "second"}, If_Match=key["entity_tag"])) == (412, "precondition_failed")
    assert ApiKey.objects.get().name == "first"


def test_a_change_without_an_entity_tag_is_refused() -> None:
    assert refusal(call("PUT", f"{KEYS}/{make_key()['id']}", {"name": "new"})) == (400, "missing_value")


REFUSED_CHANGES: dict[str, Any] = {
    "an-empty-name": {"name": ""},
    "a-name-of-256": {"name": "n" * 256},
    "a-value": {"apikey": OWN_VALUE},
    "another-subject": {"iam_id": "IBMid-BOB0000001"},
    "an-account": {"account_id": OTHER_ACCOUNT},
    "a-switch": {"disabled": True},
    "no-end": {"expires_at": "tomorrow"},
    "an-unknown-action": {"action_when_leaked": ""},
}


def test_a_change_is_refused_and_nothing_changes() -> None:
    def check(name: str) -> None:
        body = REFUSED_CHANGES[name]
        path = f"{KEYS}/{make_key()['id']}"
        assert call("PUT", path, body, If_Match="*").status_code == 400
        assert ApiKey.objects.get().revision == 1

    check_each(REFUSED_CHANGES, alone(check))
