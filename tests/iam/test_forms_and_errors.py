"""What the token service takes, and how it refuses."""

from typing import Any

import pytest
from django.test import Client

from controlplane.kernel import envelopes
from identity.iam.token import GRANTS
from tests.iam.asking import API_KEY, PATH, REFRESH, ask, refused

UNSUPPORTED = [
    "",
    "apikey",
    "password",
    "authorization_code",
    "client_credentials",
    "urn:ibm:params:oauth:grant-type:passcode",
    "urn:ibm:params:oauth:grant-type:iam-authz",
    "urn:ibm:params:oauth:grant-type:delegated-refresh-token",
    "URN:IBM:PARAMS:OAUTH:GRANT-TYPE:APIKEY",
]


@pytest.mark.parametrize("grant", UNSUPPORTED)
def test_another_grant_is_refused_with_those_there_are(keys: None, grant: str) -> None:
    answer = ask({"grant_type": grant, "apikey": "x"})
    assert refused(answer) == (400, "BXNIM0109E")
    assert all(each in answer.json()["errorMessage"] for each in GRANTS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("wanted", ["cloud_iam", "cloud_iam ims_portal", "ims_portal,cloud_iam"])
def test_cloud_iam_is_answered_whatever_else_is_wanted(alice_key: str, wanted: str) -> None:
    assert ask({**API_KEY, "apikey": alice_key, "response_type": wanted}).status_code == 200


def test_cloud_iam_is_meant_when_nothing_is(alice_key: str) -> None:
    assert ask({"grant_type": API_KEY["grant_type"], "apikey": alice_key}).status_code == 200


@pytest.mark.parametrize("wanted", ["ims_portal", "delegated_refresh_token", "token", "cloud_iamx"])
def test_another_response_alone_is_refused(alice_key: str, wanted: str) -> None:
    assert refused(ask({**API_KEY, "apikey": alice_key, "response_type": wanted})) == (400, "BXNIM0109E")


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
    "not-utf-8": ("application/x-www-form-urlencoded", b"grant_type=%FF%FE"),
}


@pytest.mark.parametrize(("kind", "body"), FORMS.values(), ids=FORMS.keys())
def test_a_body_that_is_no_form_with_a_grant_is_refused(keys: None, kind: str, body: bytes) -> None:
    assert refused(Client().generic("POST", PATH, body, content_type=kind)) == (400, "BXNIM0109E")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_told_the_right_one(keys: None, method: str) -> None:
    answer: Any = Client().generic(method, PATH)
    assert (answer.status_code, answer["Allow"], bool(answer["Transaction-Id"])) == (405, "POST", True)


def test_no_csrf_token_is_asked_for(keys: None) -> None:
    answer = Client(enforce_csrf_checks=True).post(PATH, {"grant_type": "refresh_token"})
    assert answer.status_code == 400


def test_a_refusal_tells_its_context(keys: None) -> None:
    answer = ask(REFRESH, User_Agent="my-sdk/1.0", X_Request_Id="mine-1")
    assert refused(answer) == (400, "BXNIM0109E")
    body = answer.json()  # type: ignore[attr-defined]
    assert body.keys() == {"errorCode", "errorMessage", "context"}
    assert body["context"] == {"requestId": "mine-1", "url": "/identity/token", "userAgent": "my-sdk/1.0"}


def test_what_was_sent_is_not_in_the_refusal(keys: None) -> None:
    answer = ask({**API_KEY, "apikey": "my-secret-value"}, query="?account=my-account")
    assert b"my-secret-value" not in answer.content


def test_our_own_fault_has_the_same_form(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("a detail of ours")

    monkeypatch.setattr("identity.iam.token.grants.refresh", fail)
    answer = ask({**REFRESH, "refresh_token": "x"})
    assert refused(answer) == (500, "BXNIM0513E")
    assert b"a detail of ours" not in answer.content


def test_without_a_signing_key_it_is_our_own_fault(alice_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from identity import keychain
    from identity.models import KeyPair

    KeyPair.objects.filter(purpose="iam").delete()
    keychain.forget()
    assert refused(ask({**API_KEY, "apikey": alice_key})) == (500, "BXNIM0513E")


def test_the_form_of_a_refusal_is_the_same_outside_a_request() -> None:
    from controlplane.kernel import context
    from controlplane.kernel.errors import InvalidRequest

    reset = context.current.set(None)
    try:
        assert envelopes.token(InvalidRequest("x"), "t")["context"] == {"requestId": "t", "url": "", "userAgent": ""}
    finally:
        context.current.reset(reset)
