"""What the token service takes, and how it refuses."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client

from controlplane.kernel import clock, envelopes
from identity.iam.token import GRANTS
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, PATH, REFRESH, ask, refused
from tests.tables import alone, check_each
from tests.world import ACCOUNT

UNSUPPORTED = [
    "apikey",
    "password",
    "authorization_code",
    "client_credentials",
    "urn:ibm:params:oauth:grant-type:passcode",
    "urn:ibm:params:oauth:grant-type:iam-authz",
    "urn:ibm:params:oauth:grant-type:delegated-refresh-token",
    "URN:IBM:PARAMS:OAUTH:GRANT-TYPE:APIKEY",
]


def test_another_grant_is_refused_with_those_there_are(keys: None) -> None:
    def check(grant: str) -> None:
        answer = ask({"grant_type": grant, "apikey": "x"})
        assert refused(answer) == (400, "BXNIM0106E")
        assert all(each in answer.json()["errorDetails"] for each in GRANTS)  # type: ignore[attr-defined]

    check_each(UNSUPPORTED, alone(check))


PROFILE = {"profile_id": "Profile-1"}
REQUIRED: dict[str, tuple[dict[str, str], str]] = {
    "grant": ({}, "grant_type"),
    "api-key": (API_KEY, "apikey"),
    "refresh": (REFRESH, "refresh_token"),
    "cr-token": ({**CR_TOKEN, **PROFILE}, "cr_token"),
    "cr-token-profile": ({**CR_TOKEN, "cr_token": "x"}, "profile_id"),
    "assume": ({**ASSUME, **PROFILE}, "access_token"),
    "assume-profile": ({**ASSUME, "access_token": "x"}, "profile_id"),
    "assume-by-name": ({**ASSUME, "access_token": "x", "profile_name": "x"}, "account"),
}
"""The rest of a form, and the property that it needs."""


NO_VALUES = [None, "", " \n"]


def test_a_required_property_that_is_missing_or_empty_is_named(keys: None) -> None:
    def check(case: tuple[str | None, str]) -> None:
        value, kind_of_rest = case
        rest, name = REQUIRED[kind_of_rest]
        answer = ask(rest if value is None else {**rest, name: value})
        body = answer.json()  # type: ignore[attr-defined]
        assert refused(answer) == (400, "BXNIM0109E")
        assert body["errorMessage"] == "Property missing or empty."
        assert body["errorDetails"].startswith(f"Property '{name}' either missing or empty.")

    check_each(list(product(NO_VALUES, REQUIRED)), alone(check))


@pytest.mark.parametrize("name", ["grant_type", "apikey", "response_type", "account"])
def test_a_property_with_two_values_is_named(alice_key: str, name: str) -> None:
    form = {**API_KEY, "apikey": alice_key, "response_type": "cloud_iam", "account": ACCOUNT}
    answer = ask({**form, name: [form[name], form[name]]})
    assert refused(answer) == (400, "BXNIM0106E")
    assert answer.json()["errorDetails"].startswith(f"Property '{name}' ")  # type: ignore[attr-defined]
    assert ask({**form, name: ["", form[name]]}).status_code == 200


@pytest.mark.parametrize("wanted", ["cloud_iam", "cloud_iam ims_portal", "ims_portal,cloud_iam"])
def test_cloud_iam_is_answered_beside_other_response_types(alice_key: str, wanted: str) -> None:
    assert ask({**API_KEY, "apikey": alice_key, "response_type": wanted}).status_code == 200


def test_cloud_iam_is_the_default_response_type(alice_key: str) -> None:
    assert ask({"grant_type": API_KEY["grant_type"], "apikey": alice_key}).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    ["ims_portal", "delegated_refresh_token", "token", "cloud_iamx", "cloud_iam,uaa", "uaa cloud_iam", "cloud_iam,x"],
)
def test_another_response_is_refused(alice_key: str, wanted: str) -> None:
    answer = ask({**API_KEY, "apikey": alice_key, "response_type": wanted})
    assert refused(answer) == (400, "BXNIM0106E")
    assert "'response_type'" in answer.json()["errorDetails"]  # type: ignore[attr-defined]


FORMS: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"grant_type": "refresh_token"}'),
    "text": ("text/plain", b"grant_type=refresh_token"),
    "nothing": ("application/x-www-form-urlencoded", b""),
    "multipart-without-a-boundary": ("multipart/form-data", b"grant_type=x"),
    "broken-multipart": ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
    "too-many-fields": (
        "application/x-www-form-urlencoded",
        b"&".join(b"a%d=1" % number for number in range(1001)),
    ),
    "a-megabyte": ("application/x-www-form-urlencoded", b"grant_type=refresh_token&x=" + b"a" * 1_000_000),
}


@pytest.mark.parametrize(("kind", "body"), FORMS.values(), ids=FORMS.keys())
def test_a_body_that_is_no_form_with_a_grant_is_refused(keys: None, kind: str, body: bytes) -> None:
    assert refused(Client().generic("POST", PATH, body, content_type=kind)) == (400, "BXNIM0109E")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_told_the_right_one(keys: None, method: str) -> None:
    answer: Any = Client().generic(method, PATH)
    assert (answer.status_code, answer["Allow"], bool(answer["Transaction-Id"])) == (405, "POST", True)
    if method != "HEAD":
        assert refused(answer) == (405, "BXNIM0060E")


def test_no_csrf_token_is_asked_for(keys: None) -> None:
    answer = Client(enforce_csrf_checks=True).post(PATH, {"grant_type": "refresh_token"})
    assert answer.status_code == 400


def test_a_refusal_tells_its_context(keys: None) -> None:
    answer = ask(REFRESH, User_Agent="my-sdk/1.0", X_Request_Id="mine-1")
    assert refused(answer) == (400, "BXNIM0109E")
    body = answer.json()  # type: ignore[attr-defined]
    assert list(body) == ["errorCode", "errorMessage", "errorDetails", "context"]
    context = body["context"]
    started, end_time = (
        datetime.strptime(context.pop(name), "%d.%m.%Y %H:%M:%S:%f UTC").replace(tzinfo=UTC)
        for name in ("startTime", "endTime")
    )
    assert abs((end_time - started) / timedelta(milliseconds=1) - int(context.pop("elapsedTime"))) <= 1
    assert context == {
        "requestId": "mine-1",
        "requestType": "incoming.Identity_Token",
        "userAgent": "my-sdk/1.0",
        "url": "http://testserver/identity/token",
        "host": "testserver",
        "locale": "en_US",
    }


def test_the_context_of_a_refusal_at_an_ibm_host_has_its_public_url(keys: None) -> None:
    answer = ask(REFRESH, query="?account=x", Host="IAM.cloud.ibm.com")
    assert answer.json()["context"]["url"] == "https://iam.cloud.ibm.com/identity/token"  # type: ignore[attr-defined]


def test_the_times_of_a_refusal_are_those_of_the_deployments_clock(keys: None) -> None:
    at = datetime(2031, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    clock.follow(lambda last: clock.Setting(frozen_at=at))
    clock.now()
    context = ask(REFRESH).json()["context"]  # type: ignore[attr-defined]
    assert context["endTime"] == "02.01.2031 03:04:05:678 UTC"


def test_what_was_sent_is_not_in_the_refusal(keys: None) -> None:
    answer = ask({**API_KEY, "apikey": "my-secret-value"}, query="?account=my-account")
    assert b"my-secret-value" not in answer.content


def test_an_internal_error_has_the_form_of_a_refusal(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("an internal detail")

    monkeypatch.setattr("identity.iam.token.grants.refresh", fail)
    answer = ask({**REFRESH, "refresh_token": "x"})
    assert refused(answer) == (500, "BXNIM0513E")
    assert b"an internal detail" not in answer.content


def test_a_missing_signing_key_is_an_internal_error(alice_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from identity import key_cache
    from identity.models import KeyPair

    KeyPair.objects.filter(purpose="iam").delete()
    key_cache.forget()
    assert refused(ask({**API_KEY, "apikey": alice_key})) == (500, "BXNIM0513E")


def test_the_form_of_a_refusal_is_the_same_outside_a_request() -> None:
    from controlplane.kernel import context
    from controlplane.kernel.errors import InvalidRequest

    reset = context.current.set(None)
    try:
        details = envelopes.token(InvalidRequest("x"), "t")["context"]
        assert (details["requestId"], details["url"], details["userAgent"], details["elapsedTime"]) == (
            "t",
            "",
            "",
            "0",
        )
    finally:
        context.current.reset(reset)
