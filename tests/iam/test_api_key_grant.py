"""``apikey``: a person or a service ID, by a long random value."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity.models import ApiKey, RefreshToken
from tests.iam.asking import API_KEY, ask, claims, refused
from tests.iam.conftest import Robot
from tests.world import ACCOUNT, ALICE, OTHER_ACCOUNT
from trustedprofiles.models import User

IAM_CLAIMS = [
    *("iam_id", "id", "realmid", "jti", "identifier", "name", "sub", "authn", "account"),
    *("iat", "exp", "iss", "grant_type", "scope", "client_id", "acr", "amr"),
]


def with_key(value: str) -> dict[str, str]:
    return {**API_KEY, "apikey": value}


def test_the_answer_has_what_sdks_read_in_order(alice_key: str) -> None:
    answer = ask(with_key(alice_key))
    body = answer.json()  # type: ignore[attr-defined]
    assert list(body) == ["access_token", "refresh_token", "token_type", "expires_in", "expiration", "scope"]
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "ibm openid")
    assert body["expiration"] == claims(answer)["exp"]


def test_the_answer_is_not_to_be_cached_and_carries_its_transaction(alice_key: str) -> None:
    answer = ask(with_key(alice_key), X_Request_Id="mine-1")
    assert (answer["Cache-Control"], answer["Transaction-Id"]) == ("no-store", "mine-1")


def test_the_claims_of_a_person_come_in_ibms_order(alice_key: str) -> None:
    token_claims = claims(ask(with_key(alice_key)))
    assert list(token_claims) == IAM_CLAIMS
    assert (token_claims["iam_id"], token_claims["id"], token_claims["realmid"]) == (
        ALICE.iam_id,
        ALICE.iam_id,
        "IBMid",
    )
    assert token_claims["account"] == {"valid": True, "bss": ACCOUNT, "frozen": True}
    assert (token_claims["scope"], token_claims["client_id"], token_claims["acr"], token_claims["amr"]) == (
        "ibm openid",
        "default",
        1,
        ["pwd"],
    )
    assert token_claims["exp"] - token_claims["iat"] == 3600


def test_a_person_whom_the_directory_knows_has_names_and_an_email_address(alice_key: str, alice_the_user: User) -> None:
    token_claims = claims(ask(with_key(alice_key)))
    assert [token_claims[name] for name in ("name", "given_name", "family_name", "email", "sub")] == [
        "Alice Liddell",
        "Alice",
        "Liddell",
        "alice@example.com",
        "alice@example.com",
    ]
    assert list(token_claims)[7:10] == ["given_name", "family_name", "email"]
    assert token_claims["authn"] == {"sub": "alice@example.com", "iam_id": ALICE.iam_id, "name": "Alice Liddell"}


def test_the_claims_of_a_service_id(robot: Robot) -> None:
    token_claims = claims(ask(with_key(robot.key)))
    assert list(token_claims) == [*IAM_CLAIMS[:7], "sub_type", *IAM_CLAIMS[7:]]
    id = robot.service_id.id
    assert (token_claims["iam_id"], token_claims["identifier"], token_claims["sub"], token_claims["sub_type"]) == (
        f"iam-{id}",
        id,
        id,
        "ServiceId",
    )
    assert (token_claims["realmid"], token_claims["name"], token_claims["grant_type"]) == (
        "iam",
        "robot",
        API_KEY["grant_type"],
    )
    assert token_claims["authn"] == {"sub": id, "iam_id": f"iam-{id}", "name": "robot", "sub_type": "ServiceId"}


def test_no_two_tokens_are_alike(alice_key: str) -> None:
    assert len({claims(ask(with_key(alice_key)))["jti"] for _ in range(3)}) == 3


def test_a_login_leaves_one_event_that_knows_the_token_by_its_hash_alone(alice_key: str) -> None:
    before = ActivityEvent.objects.count()
    answer = ask(with_key(alice_key))
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.initiator_id, event.outcome) == (
        "iam-identity.user-apikey.login",
        ALICE.iam_id,
        "success",
    )
    assert event.data.keys() == {"jti", "kid", "exp", "sha256"}
    assert event.request_id == answer["Transaction-Id"]


def test_a_service_ids_login_has_an_event_of_its_own(robot: Robot) -> None:
    ask(with_key(robot.key))
    last = ActivityEvent.objects.order_by("-pk")[0]
    assert (last.action, last.initiator_id) == ("iam-identity.serviceid-apikey.login", robot.service_id.iam_id)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UNUSABLE: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "expired": {"expires_at": LONG_AGO},
}


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_key_that_is_not_usable_opens_nothing(alice_key: str, changes: dict[str, Any]) -> None:
    ApiKey.objects.update(**changes)
    assert refused(ask(with_key(alice_key), client="bx:bx")) == (400, "BXNIM0415E")
    assert not RefreshToken.objects.exists()


def test_a_key_that_is_not_expired_yet_is_good(alice_key: str) -> None:
    ApiKey.objects.update(expires_at=clock.now() + timedelta(minutes=1))
    assert ask(with_key(alice_key)).status_code == 200


@pytest.mark.parametrize("value", ["wrong", "k" * 513, "a\0b", "ä" * 40], ids=["wrong", "long", "nul", "not-ascii"])
def test_an_unknown_key_is_refused_in_ibms_words_and_nothing_is_written(alice_key: str, value: str) -> None:
    before = ActivityEvent.objects.count()
    answer = ask(with_key(value))
    assert refused(answer) == (400, "BXNIM0415E")
    assert answer.json()["errorMessage"] == "Provided API key could not be found."  # type: ignore[attr-defined]
    assert ActivityEvent.objects.count() == before


@pytest.mark.parametrize("value", ["", " \n"])
def test_an_empty_key_is_a_missing_property(alice_key: str, value: str) -> None:
    assert refused(ask(with_key(value))) == (400, "BXNIM0109E")


def test_a_key_with_a_new_line_behind_it_is_read(alice_key: str) -> None:
    assert ask(with_key(f"{alice_key}\n")).status_code == 200


def test_a_deleted_service_id_logs_in_no_more(robot: Robot) -> None:
    robot.service_id.delete()
    assert refused(ask(with_key(robot.key))) == (400, "BXNIM0415E")


# --- the account asked for -------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["form", "query"])
@pytest.mark.parametrize(("account", "status"), [(ACCOUNT, 200), (OTHER_ACCOUNT, 400), ("nonsense", 400)])
def test_the_account_asked_for_must_be_the_keys(alice_key: str, where: str, account: str, status: int) -> None:
    if where == "form":
        answer = ask({**with_key(alice_key), "account": account})
    else:
        answer = ask(with_key(alice_key), query=f"?account={account}")
    assert answer.status_code == status
    if status == 400:
        assert refused(answer) == (400, "BXNIM0106E")


def test_the_form_has_the_last_word_on_the_account(alice_key: str) -> None:
    form = {**with_key(alice_key), "account": ACCOUNT}
    assert ask(form, query=f"?account={OTHER_ACCOUNT}").status_code == 200


# --- clients ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "client_id"), [("", "default"), ("bx:bx", "bx"), ("kube:kube", "kube")], ids=["none", "bx", "kube"]
)
def test_the_client_is_named_in_the_token(alice_key: str, client: str, client_id: str) -> None:
    assert claims(ask(with_key(alice_key), client=client))["client_id"] == client_id


@pytest.mark.parametrize("client", ["bx:bx", "kube:kube"])
def test_a_person_who_comes_by_a_client_gets_a_refresh_token(alice_key: str, client: str) -> None:
    value = ask(with_key(alice_key), client=client).json()["refresh_token"]  # type: ignore[attr-defined]
    assert len(value) > 40
    assert not RefreshToken.objects.filter(sha256=value).exists()


def test_a_person_without_a_client_gets_no_refresh_token(alice_key: str) -> None:
    assert ask(with_key(alice_key)).json()["refresh_token"] == "not_supported"  # type: ignore[attr-defined]


def test_a_service_id_gets_no_refresh_token(robot: Robot) -> None:
    answer = ask(with_key(robot.key), client="bx:bx")
    assert answer.json()["refresh_token"] == "not_supported"  # type: ignore[attr-defined]
    assert not RefreshToken.objects.exists()


AUTHORIZATIONS = {
    "an-unknown-client": "Basic bm9ib2R5Om5vYm9keQ==",
    "a-wrong-secret": "Basic Yng6d3Jvbmc=",
    "no-secret": "Basic Yng6",
    "no-colon": "Basic Yng=",
    "no-base64": "Basic !!!",
    "not-utf-8": "Basic /////w==",
    "nothing": "Basic ",
    "another-scheme": "Bearer abc",
    "the-default-client": "Basic ZGVmYXVsdDo=",
}


@pytest.mark.parametrize("authorization", AUTHORIZATIONS.values(), ids=AUTHORIZATIONS.keys())
def test_another_client_is_refused(alice_key: str, authorization: str) -> None:
    answer = ask(with_key(alice_key), Authorization=authorization)
    assert refused(answer) == (401, "BXNIM0136E")
    assert answer["WWW-Authenticate"] == 'Basic realm="IAM"'
