"""Only a valid IAM access token of this deployment opens the control plane."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import claims, signing
from identity.models import KeyPair
from identity.services.apikeys import create_api_key
from identity.services.grants import exchange_api_key
from servers.models import BareMetalServer
from tests.api.vpc import QUERY, SERVERS
from tests.build import make_facts
from tests.tables import assert_rows, check_each
from tests.world import ACCOUNT, ALICE, World

pytestmark = pytest.mark.usefixtures("keys")

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def token(world: World) -> str:
    _, value = create_api_key(world.account, iam_id=ALICE.iam_id, name="operator", by=BY)
    return exchange_api_key(value, client_id="default", now=clock.now()).token.token


def expired_token() -> str:
    subject = claims.Subject(ALICE.iam_id, ALICE.iam_id, "Alice", ACCOUNT)
    iam_claims = claims.iam_claims(
        subject,
        issuer="https://iam.cloud.ibm.com/identity",
        now=clock.now() - timedelta(hours=3),
        lifetime=timedelta(hours=1),
        grant_type=claims.APIKEY_GRANT,
        authn={"sub": "alice"},
    )
    return signing.sign(iam_claims, purpose=KeyPair.Purpose.IAM)[0]


def identity_token() -> str:
    identity_claims = claims.identity_claims(
        make_facts(), issuer="BMS-CR_us-south", now=clock.now(), lifetime=timedelta(seconds=300), nonce=None
    )
    return signing.sign(identity_claims, purpose=KeyPair.Purpose.IDENTITY)[0]


def ask(client: Client, authorization: str | None, path: str = SERVERS, method: str = "GET") -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.generic(method, f"{path}?{QUERY}&account_id={ACCOUNT}", headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_an_iam_token_opens_the_control_plane(client: Client, token: str, scheme: str) -> None:
    assert ask(client, f"{scheme} {token}").status_code == 200


HEADERS = {
    "nothing": None,
    "empty": "",
    "no-scheme": "abc",
    "no-token": "Bearer ",
    "basic": "Basic YWxpY2U6YWxpY2U=",
    "garbage": "Bearer abc",
    "three-parts": "Bearer a.b.c",
    "two-tokens": "Bearer a b",
    "huge": "Bearer " + "a" * 20_000,
    "not-ascii": "Bearer \xe9",
}


def test_a_request_without_an_iam_token_is_unauthenticated(client: Client, world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        method, name = case
        header = HEADERS[name]
        assert_unauthenticated(ask(client, header, method=method))

    check_each(list(product(["GET", "POST"], HEADERS)), check)


@pytest.mark.parametrize("make", [expired_token, identity_token])
def test_an_expired_token_and_an_identity_token_are_refused(client: Client, world: World, make: Any) -> None:
    assert_unauthenticated(ask(client, f"Bearer {make()}"))


def assert_unauthenticated(answer: Any) -> None:
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert [each["code"] for each in body["errors"]] == ["unauthenticated"]
    assert (body["status_code"], body["trace"]) == (401, answer["X-Request-Id"])
    assert not ActivityEvent.objects.filter(request_id=body["trace"]).exists()
    assert not BareMetalServer.objects.exists()


def test_a_token_with_a_changed_signature_is_refused(client: Client, token: str) -> None:
    head, _, signature = token.rpartition(".")
    forged_token = f"{head}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"
    assert ask(client, f"Bearer {forged_token}").status_code == 401


PLACES = [
    "/v1/profiles",
    "/v1/serviceids",
    "/v1/serviceids/",
    "/v1/apikeys",
    "/v1/policies",
    "/v2/policies",
    "/v2/roles",
    "/v2/resource_groups",
    "/v1/keys",
    "/v1/regions",
]


def test_the_owner_may_read_every_list(client: Client, token: str) -> None:
    statuses = {path: ask(client, f"Bearer {token}", path).status_code for path in PLACES}
    assert_rows(statuses, dict.fromkeys(PLACES, 200))


def test_a_session_of_the_admin_is_no_token(admin_client: Client, world: World) -> None:
    assert ask(admin_client, None).status_code == 401


def test_a_token_in_the_query_is_not_read(client: Client, token: str) -> None:
    assert client.get(f"{SERVERS}?{QUERY}&access_token={token}").status_code == 401


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"grant_type=x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(1001))),
    ],
    ids=["no-boundary", "broken", "too-many-fields"],
)
def test_a_form_that_cannot_be_read_is_a_bad_request(client: Client, content_type: str, body: bytes) -> None:
    answer = client.generic("POST", "/identity/token", body, content_type=content_type)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BXNIM0109E")
