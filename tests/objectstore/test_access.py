"""Who gets in: tokens that IAM signed, for what IAM allows. Everything else is told so, and costs nothing."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse

from controlplane.activity.models import ActivityEvent
from controlplane.cloudservice import iam, keyset
from controlplane.cloudservice.errors import IamUnavailable
from controlplane.objectstore.models import Bucket
from controlplane.objectstore.operations import OPERATIONS, Operation
from tests.objectstore.store import Store, last_event, refused, texts, token_claims, token_of
from tests.own_iam import OwnIam
from tests.tables import alone, check_each
from tests.world import ACCOUNT

UNPUBLISHED_KEY = rsa.generate_private_key(65537, 2048)


# --- what IAM decides -------------------------------------------------------------------------------------------


def test_a_reader_reads(alice: Store, reader: Store, bucket: str) -> None:
    alice.put("/my-bucket/a", b"hello")
    assert reader("GET", "/my-bucket/a").content == b"hello"
    assert texts(reader("GET", "/my-bucket"), "Key") == ["a"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/my-bucket/a"),
        ("DELETE", "/my-bucket/a"),
        ("PUT", "/new-bucket"),
        ("DELETE", "/my-bucket"),
        ("POST", "/my-bucket?delete"),
    ],
)
def test_a_reader_changes_nothing(reader: Store, bucket: str, method: str, path: str) -> None:
    assert refused(reader(method, path, b"x")) == (403, "AccessDenied")


def test_a_refusal_says_why_and_where_to_read_more(reader: Store, bucket: str) -> None:
    answer = reader("PUT", "/my-bucket/a", b"x")
    [message], [more] = texts(answer, "Message"), texts(answer, "MoreInfo")
    assert "grants Reader" in message
    assert "/_baremint/explain?" in more
    assert answer["Link"] == f'<{more}>; rel="help"'


def test_a_caller_who_may_not_read_does_not_learn_what_exists(iam: Any, alice: Store, bucket: str) -> None:
    outsider = Store(token_of("IBMid-UNKNOWN001", ACCOUNT, "Unknown"))
    answers = [outsider("GET", path) for path in ("/my-bucket/a", "/no-bucket/a")]
    assert [refused(answer) for answer in answers] == [(403, "AccessDenied")] * 2


def test_head_is_refused_without_a_body(iam: Any, bucket: str) -> None:
    answer = Store(token_of("IBMid-UNKNOWN001", ACCOUNT, "Unknown"))("HEAD", bucket)
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_refused_caller_leaves_an_event(reader: Store, bucket: str) -> None:
    reader("PUT", "/my-bucket/a", b"x")
    last = last_event()
    assert (last.action, last.reason_code, last.initiator_name, last.initiator_type) == (
        "cloud-object-storage.object.create",
        403,
        "reader",
        "User",
    )


def test_every_answer_carries_the_request_id(alice: Store) -> None:
    for answer in (alice("GET", "/", X_Request_Id="mine-1"), alice("GET", "/no-bucket", X_Request_Id="mine-1")):
        assert (answer["x-amz-request-id"], answer["X-Request-Id"]) == ("mine-1", "mine-1")


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "/", ("account.get_account_buckets", {})),
        ("PUT", "/my-bucket", ("bucket.put_bucket", {"resourceType": "bucket", "resource": "my-bucket"})),
        ("HEAD", "/my-bucket/a", ("object.head", {"resourceType": "bucket", "resource": "my-bucket", "path": "a"})),
    ],
)
def test_iam_is_asked_about_the_resource(
    db: None, own_iam: OwnIam, method: str, path: str, asked: tuple[str, dict[str, str]]
) -> None:
    action, resource = asked
    Store(own_iam.sign(token_claims()))(method, path)
    assert own_iam.questions == [
        {
            "action": f"cloud-object-storage.{action}",
            "resource": {
                "serviceName": "cloud-object-storage",
                "accountId": ACCOUNT,
                "serviceInstance": ACCOUNT,
                **resource,
            },
        }
    ]


def test_iam_is_asked_once_about_all_objects_to_delete(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = (200, b'{"decision": "allow", "depends_on": ["path"]}')
    keys = "".join(f"<Object><Key>{name}</Key></Object>" for name in "abc")
    Store(own_iam.sign(token_claims()))("POST", "/my-bucket?delete", f"<Delete>{keys}</Delete>".encode())
    of_bucket, of_keys = own_iam.questions
    assert "resources" not in of_bucket
    assert [each["path"] for each in of_keys["resources"]] == ["a", "b", "c"]


@pytest.mark.parametrize("answer", [b"{}", b'{"decisions": []}', b'{"decisions": [1, 2]}', b'{"decisions": {}}'])
def test_decisions_that_do_not_answer_the_question_allow_nothing(db: None, own_iam: OwnIam, answer: bytes) -> None:
    own_iam.answers["/_baremint/explain"] = (200, answer)
    token = own_iam.sign(token_claims())
    with pytest.raises(IamUnavailable):
        iam.ask_each("cloud-object-storage.object.delete", resources=[{"path": "a"}, {"path": "b"}], token=token)


def test_a_question_about_many_long_keys_is_split() -> None:
    resources = [{"path": "\1" * 1024} for _ in range(100)]
    parts = list(iam._parts(resources))
    assert sum(map(len, parts)) == 100
    assert max(len(json.dumps(part)) for part in parts) < 262_144
    assert [len(part) for part in iam._parts([{"path": "a"}] * 250)] == [100, 100, 50]


# --- tokens -----------------------------------------------------------------------------------------------------


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def made(header: Any, **claims: Any) -> str:
    return f"{part(header)}.{part({**token_claims(), **claims})}.c2lnbmF0dXJl"


GOOD_HEADER = {"alg": "RS256", "typ": "JWT", "kid": "own"}
JUNK: dict[str, Callable[[], str]] = {
    "no token": lambda: "junk",
    "two parts": lambda: "a.b",
    "four parts": lambda: made(GOOD_HEADER) + ".d",
    "too long": lambda: made(GOOD_HEADER, more="x" * 8192),
    "no base64url": lambda: made(GOOD_HEADER).replace(".", ".+", 1),
    "no object": lambda: made([1]),
    "none": lambda: made({**GOOD_HEADER, "alg": "none"}),
    "HS256": lambda: made({**GOOD_HEADER, "alg": "HS256"}),
    "RS512": lambda: made({**GOOD_HEADER, "alg": "RS512"}),
    "jku": lambda: made({**GOOD_HEADER, "jku": "http://evil.example/keys"}),
    "crit": lambda: made({**GOOD_HEADER, "crit": ["exp"]}),
    "no kid": lambda: made({"alg": "RS256"}),
    "kid is a number": lambda: made({**GOOD_HEADER, "kid": 1}),
    "typ": lambda: made({**GOOD_HEADER, "typ": "at+jwt"}),
    "another issuer": lambda: made(GOOD_HEADER, iss="https://evil.example"),
}


def test_a_token_of_another_form_is_refused_without_asking_iam(db: None, own_iam: OwnIam) -> None:
    def check(kind: str) -> None:
        answer = Store(JUNK[kind]())("PUT", "/my-bucket")
        assert (refused(answer), answer["WWW-Authenticate"]) == ((401, "InvalidToken"), "Bearer")
        assert own_iam.asked == []

    check_each(JUNK, alone(check))


@pytest.mark.parametrize("header", ["Basic YTpi", "AWS4-HMAC-SHA256 Credential=x", "Bearer", "Bearer a b"])
def test_another_way_to_authenticate_is_refused(db: None, own_iam: OwnIam, header: str) -> None:
    assert refused(Store()("GET", "/", Authorization=header)) == (401, "InvalidToken")


PATHS = {"service": "/", "bucket": "/my-bucket", "object": "/my-bucket/a"}


def test_a_request_without_a_token_is_refused_as_cos_does(db: None, own_iam: OwnIam) -> None:
    def check(operation: Operation) -> None:
        answer = Store()(operation.method, f"{PATHS[operation.scope]}?{operation.mark}")
        if operation.method == "HEAD":
            assert (answer.status_code, answer.content) == (403, b"")
        else:
            assert refused(answer) == (403, "AccessDenied")

    check_each(OPERATIONS, check)
    assert own_iam.asked == []


FORGED: dict[str, Callable[[OwnIam], str]] = {
    "signed by an unpublished key": lambda iam: jwt.encode(
        token_claims(), UNPUBLISHED_KEY, "RS256", headers={"kid": "own"}
    ),
    "unknown kid": lambda iam: iam.sign(token_claims(), kid="other"),
    "expired": lambda iam: iam.sign({**token_claims(), "exp": 1}),
    "not yet": lambda iam: iam.sign({**token_claims(), "iat": 2**39, "exp": 2**40}),
    "exp is text": lambda iam: _signed(iam, {**token_claims(), "exp": "9999999999"}),
    "no exp": lambda iam: iam.sign({name: value for name, value in token_claims().items() if name != "exp"}),
    "no iat": lambda iam: iam.sign({name: value for name, value in token_claims().items() if name != "iat"}),
    "no account": lambda iam: iam.sign({**token_claims(), "account": {}}),
    "account is text": lambda iam: iam.sign({**token_claims(), "account": ACCOUNT}),
    "no subject": lambda iam: iam.sign({**token_claims(), "iam_id": ""}),
}


def _signed(iam: OwnIam, claims: dict[str, Any]) -> str:
    """PyJWT would not sign these claims as such, so sign their text."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), iam.key, "RS256", headers={"kid": "own"})


@pytest.mark.parametrize("kind", FORGED)
def test_a_token_that_proves_nothing_is_refused(db: None, own_iam: OwnIam, kind: str) -> None:
    assert refused(Store(FORGED[kind](own_iam))("PUT", "/my-bucket")) == (401, "InvalidToken")


@pytest.mark.parametrize("kind", FORGED)
def test_an_unverified_caller_leaves_nothing(db: None, own_iam: OwnIam, kind: str) -> None:
    Store(FORGED[kind](own_iam))("PUT", "/my-bucket")
    assert (Bucket.objects.count(), ActivityEvent.objects.count()) == (0, 0)
    assert "POST /_baremint/explain" not in own_iam.asked


def ask(iam: OwnIam, *, kid: str = "own") -> HttpResponse:
    return Store(iam.sign(token_claims(), kid=kid))("GET", "/")


def test_keys_are_kept_as_long_as_iam_says(db: None, own_iam: OwnIam) -> None:
    assert [ask(own_iam).status_code for _ in range(3)] == [200] * 3
    assert own_iam.asked.count("GET /identity/keys") == 1


def test_made_up_kids_do_not_cause_a_request_each(db: None, own_iam: OwnIam) -> None:
    for number in range(20):
        assert ask(own_iam, kid=f"made-up-{number}").status_code == 401
    assert own_iam.asked == ["GET /identity/keys"]


def test_a_new_key_is_found_after_a_while(db: None, own_iam: OwnIam, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(own_iam)
    own_iam.answers["/identity/keys"] = (200, json.dumps(own_iam.keys(kid="new")).encode())
    monkeypatch.setattr(keyset.known.published, "seconds", 0)
    assert ask(own_iam, kid="new").status_code == 200


def test_keys_that_are_too_old_are_asked_for_again(db: None, own_iam: OwnIam, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(own_iam)
    last = keyset.known.published.last
    assert last
    monkeypatch.setattr(keyset.known.published, "last", replace(last, seconds=0.0))
    ask(own_iam)
    assert own_iam.asked.count("GET /identity/keys") == 2


# --- when IAM is not well ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/identity/keys", "/_baremint/explain"])
@pytest.mark.parametrize("wrong", [(500, b"{}"), (200, b"no json"), (200, b"[]"), (302, b""), (404, b"{}")])
def test_an_iam_that_is_not_understood_allows_nothing(
    db: None, own_iam: OwnIam, path: str, wrong: tuple[int, bytes]
) -> None:
    own_iam.answers[path] = wrong
    answer = ask(own_iam)
    assert refused(answer) == (503, "ServiceUnavailable")
    assert int(answer["Retry-After"]) > 0


def test_a_decision_without_a_word_is_a_refusal(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = (200, b"{}")
    assert refused(ask(own_iam)) == (403, "AccessDenied")


def test_a_token_that_iam_refuses_is_refused(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = (401, b"{}")
    assert refused(ask(own_iam)) == (401, "InvalidToken")


def test_an_iam_that_does_not_answer_makes_the_store_unavailable(db: None, own_iam: OwnIam, settings: Any) -> None:
    settings.BAREMINT_COS_IAM_URL = "http://127.0.0.1:1"
    assert [refused(ask(own_iam)) for _ in range(2)] == [(503, "ServiceUnavailable")] * 2
