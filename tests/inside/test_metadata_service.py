"""The metadata service as a program on a server meets it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from django.http import HttpResponse
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import IssuedCertificate
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.build import make_csr
from tests.world import World, make_profile, make_server
from trustedprofiles.services.links import create_link, unlink_everything

pytestmark = pytest.mark.usefixtures("keys")

VERSION = "version=2025-08-26"
BY = Party("IBMid-ALICE00001", "Alice", "User")


class Inside:
    """A program on a server: it dials the server's own address."""

    def __init__(self, server: BareMetalServer) -> None:
        self.server = server
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, *, query: str = VERSION, **headers: str) -> HttpResponse:
        host = f"{loopback_address(self.server.number)}:8169"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.client.generic(
            method,
            f"{path}?{query}",
            data,
            content_type="application/x-www-form-urlencoded",
            headers={"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def token(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("PUT", "/identity/v1/token", body, **{"Metadata_Flavor": "ibm", **headers})

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token().json()['access_token']}"}

    def iam_token(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", "/identity/v1/iam_tokens", body, **(headers or self.bearer()))

    def certificate(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", "/identity/v1/certificates", body, **(headers or self.bearer()))


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def inside(server: BareMetalServer) -> Inside:
    return Inside(server)


def error(response: HttpResponse) -> tuple[int, str, str]:
    [first] = response.json()["errors"]
    return response.status_code, first["code"], first.get("target", {}).get("name", "")


def last_event() -> ActivityEvent:
    event = ActivityEvent.objects.order_by("-pk").first()
    assert event is not None
    return event


# --- the three operations ---------------------------------------------------------------------------------------


def test_an_identity_token_has_all_four_fields_the_token_first(inside: Inside) -> None:
    answer = inside.token()
    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token", "created_at", "expires_at", "expires_in"]


def test_an_identity_token_names_its_server(inside: Inside, server: BareMetalServer) -> None:
    claims = jwt.decode(inside.token().json()["access_token"], options={"verify_signature": False})
    assert claims["iaas"]["instanceID"] == server.id


def test_an_identity_token_lives_five_minutes_unless_asked_otherwise(inside: Inside) -> None:
    assert inside.token().json()["expires_in"] == 300


def test_json_is_read_whatever_the_content_type_says(inside: Inside) -> None:
    assert inside.token({"expires_in": 5}).json()["expires_in"] == 5


def test_a_nonce_is_returned_in_the_token(inside: Inside) -> None:
    claims = jwt.decode(inside.token({"nonce": "n-1"}).json()["access_token"], options={"verify_signature": False})
    assert claims["nonce"] == "n-1"


def test_doubled_slashes_are_collapsed(inside: Inside) -> None:
    assert inside.call("PUT", "/identity//v1/token", Metadata_Flavor="ibm").status_code == 200


def test_tokens_are_never_cached(inside: Inside) -> None:
    assert inside.token()["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ["id", "crn", "name"])
def test_a_linked_profile_is_taken_on_by_id_crn_or_name(
    inside: Inside, server: BareMetalServer, world: World, kind: str
) -> None:
    profile = make_profile(world.account, linked_to=server)
    answer = inside.iam_token({"trusted_profile": {kind: getattr(profile, kind)}})
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["iam_id"], claims["sub_type"]) == (profile.iam_id, "ComputeResource")


def test_an_iam_token_lives_an_hour_and_its_claims_agree_with_the_answer(
    inside: Inside, server: BareMetalServer, world: World
) -> None:
    profile = make_profile(world.account, linked_to=server)
    answer = inside.iam_token({"trusted_profile": {"id": profile.id}}).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert answer["expires_in"] == claims["exp"] - claims["iat"] == 3600


def test_a_certificate_chain_is_leaf_then_intermediate_with_the_server_as_common_name(
    inside: Inside, server: BareMetalServer
) -> None:
    leaf, intermediate = (
        x509.load_pem_x509_certificate(pem.encode())
        for pem in inside.certificate({"csr": make_csr()}).json()["certificates"]
    )
    leaf.verify_directly_issued_by(intermediate)
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == server.id


def test_a_certificate_is_on_record_before_it_is_answered(inside: Inside) -> None:
    answer = inside.certificate({"csr": make_csr()}).json()
    assert IssuedCertificate.objects.get(id=answer["id"]).certificate == answer["certificates"][0]


def test_a_certificate_never_outlives_its_issuer(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    from identity import keychain

    issuer = x509.load_pem_x509_certificate(keychain.signer("intermediate").certificate.encode())
    late = issuer.not_valid_after_utc - timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: late)
    leaf = x509.load_pem_x509_certificate(
        inside.certificate({"csr": make_csr(), "expires_in": 3600}).json()["certificates"][0].encode()
    )
    assert leaf.not_valid_after_utc < issuer.not_valid_after_utc


# --- refusals: code, status and target as documented ---------------------------------------------------------------

TOKEN_BODIES: dict[str, tuple[Any, tuple[int, str, str]]] = {
    "not-json": (b"expires_in=5", (400, "invalid_request", "")),
    "a-list": (b"[]", (400, "invalid_request", "")),
    "not-utf-8": (b'{"nonce": "\xff"}', (400, "invalid_request", "")),
    "a-lone-surrogate": (b'{"nonce": "\\ud800"}', (400, "invalid_request", "")),
    "nan": (b'{"expires_in": NaN}', (400, "invalid_request", "")),
    "a-property-twice": (b'{"expires_in": 5, "expires_in": 6}', (400, "invalid_request", "")),
    "a-thousand-brackets": (b'{"nonce": ' + b"[" * 1000, (400, "invalid_request", "")),
    "a-hundred-thousand-brackets": (b"[" * 16_000, (400, "invalid_request", "")),
    "forty-levels": (b'{"nonce": ' + b"[" * 40 + b"]" * 40 + b"}", (400, "invalid_request", "")),
    "too-large": (b" " * 16_385, (400, "invalid_request", "")),
    "expires-in-4": ({"expires_in": 4}, (400, "invalid_value", "expires_in")),
    "expires-in-3601": ({"expires_in": 3601}, (400, "invalid_value", "expires_in")),
    "expires-in-huge": (b'{"expires_in": ' + b"9" * 4000 + b"}", (400, "invalid_value", "expires_in")),
    "expires-in-text": ({"expires_in": "300"}, (400, "invalid_value", "expires_in")),
    "expires-in-float": ({"expires_in": 300.0}, (400, "invalid_value", "expires_in")),
    "expires-in-true": ({"expires_in": True}, (400, "invalid_value", "expires_in")),
    "expires-in-null": ({"expires_in": None}, (400, "invalid_value", "expires_in")),
    "nonce-number": ({"nonce": 1}, (400, "invalid_value", "nonce")),
    "nonce-null": ({"nonce": None}, (400, "invalid_value", "nonce")),
    "nonce-of-257": ({"nonce": "n" * 257}, (400, "invalid_value", "nonce")),
    "nonce-with-line-break": ({"nonce": "a\r\nSet-Cookie: b"}, (400, "invalid_value", "nonce")),
    "nonce-with-nul": ({"nonce": "a\x00"}, (400, "invalid_value", "nonce")),
    "unknown-property": ({"scope": "all"}, (400, "unknown_field", "scope")),
    "iam-id-smuggled": ({"iam_id": "IBMid-1"}, (400, "unknown_field", "iam_id")),
}


@pytest.mark.parametrize(("body", "expected"), TOKEN_BODIES.values(), ids=TOKEN_BODIES.keys())
def test_a_token_request_is_refused(inside: Inside, body: Any, expected: tuple[int, str, str]) -> None:
    assert error(inside.token(body)) == expected


PROFILE_BODIES: dict[str, tuple[Any, tuple[int, str, str]]] = {
    "no-default": ({}, (400, "missing_field", "trusted_profile")),
    "empty": ({"trusted_profile": {}}, (400, "missing_field", "trusted_profile.id")),
    "text": ({"trusted_profile": "Profile-1"}, (400, "invalid_value", "trusted_profile")),
    "two-selectors": ({"trusted_profile": {"id": "a", "name": "b"}}, (400, "invalid_value", "trusted_profile")),
    "number": ({"trusted_profile": {"id": 1}}, (400, "invalid_value", "trusted_profile.id")),
    "unknown-selector": ({"trusted_profile": {"href": "x"}}, (400, "unknown_field", "trusted_profile.href")),
    "unknown-id": ({"trusted_profile": {"id": "Profile-x"}}, (400, "not_found", "trusted_profile.id")),
    "unknown-name": ({"trusted_profile": {"name": "x"}}, (400, "not_found", "trusted_profile.name")),
    "not-a-crn": ({"trusted_profile": {"crn": "x"}}, (400, "not_found", "trusted_profile.crn")),
    "lifetime-smuggled": ({"expires_in": 86400}, (400, "unknown_field", "expires_in")),
}


@pytest.mark.parametrize(("body", "expected"), PROFILE_BODIES.values(), ids=PROFILE_BODIES.keys())
def test_an_exchange_is_refused(inside: Inside, body: Any, expected: tuple[int, str, str]) -> None:
    assert error(inside.iam_token(body)) == expected


def test_a_profile_that_does_not_trust_the_server_is_not_linked(inside: Inside, world: World) -> None:
    profile = make_profile(world.account)
    assert error(inside.iam_token({"trusted_profile": {"id": profile.id}})) == (
        400,
        "profile_not_linked",
        "trusted_profile.id",
    )


def test_unlinking_stops_the_exchange_at_once(inside: Inside, server: BareMetalServer, world: World) -> None:
    profile = make_profile(world.account, linked_to=server)
    bearer = inside.bearer()
    assert inside.iam_token({"trusted_profile": {"id": profile.id}}, **bearer).status_code == 200
    unlink_everything(server.crn, by=BY)
    assert error(inside.iam_token({"trusted_profile": {"id": profile.id}}, **bearer))[1] == "profile_not_linked"


@pytest.mark.parametrize("kind", ["id", "crn", "name"])
def test_a_profile_of_another_account_looks_exactly_like_none(inside: Inside, world: World, kind: str) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=inside.server.crn, is_cross_account=True, by=BY)
    values = {
        "id": f"Profile-{uuid.uuid4()}",
        "crn": foreign.crn.replace(foreign.id, f"Profile-{uuid.uuid4()}"),
        "name": "nobodys",
    }
    bearer = inside.bearer()
    answers = [
        inside.iam_token({"trusted_profile": {kind: value}}, **bearer).json()
        for value in (getattr(foreign, kind), values[kind])
    ]
    for answer in answers:
        answer.pop("trace")
    assert answers[0] == answers[1]


CERTIFICATE_BODIES: dict[str, tuple[Any, tuple[int, str, str]]] = {
    "no-csr": ({}, (400, "missing_field", "csr")),
    "csr-number": ({"csr": 1}, (400, "invalid_value", "csr")),
    "bad-pem": ({"csr": "hello"}, (400, "invalid_value", "csr")),
    "common-name": ({"csr": make_csr(names=((x509.NameOID.COMMON_NAME, "x"),))}, (400, "invalid_value", "csr")),
    "expires-in-299": ({"csr": make_csr(), "expires_in": 299}, (400, "invalid_value", "expires_in")),
    "expires-in-3601": ({"csr": make_csr(), "expires_in": 3601}, (400, "invalid_value", "expires_in")),
    "unknown-property": ({"csr": make_csr(), "ca": True}, (400, "unknown_field", "ca")),
    "too-large": ({"csr": "A" * 17_000}, (400, "invalid_request", "")),
}


@pytest.mark.parametrize(("body", "expected"), CERTIFICATE_BODIES.values(), ids=CERTIFICATE_BODIES.keys())
def test_a_certificate_request_is_refused(inside: Inside, body: Any, expected: tuple[int, str, str]) -> None:
    assert error(inside.certificate(body)) == expected


def test_the_signing_keys_of_the_service_are_not_certified(inside: Inside) -> None:
    from identity import keychain

    own = keychain.signer("identity").private_key
    assert error(inside.certificate({"csr": make_csr(own)})) == (400, "invalid_value", "csr")


QUERIES: dict[str, tuple[str, tuple[int, str, str]]] = {
    "no-version": ("", (400, "missing_value", "version")),
    "malformed": ("version=tomorrow", (400, "invalid_value", "version")),
    "no-such-day": ("version=2025-02-30", (400, "invalid_value", "version")),
    "week-date": ("version=2025-W01-1", (400, "invalid_value", "version")),
    "too-early": ("version=2022-02-28", (400, "invalid_version_range", "version")),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_the_version_is_checked(inside: Inside, query: str, expected: tuple[int, str, str]) -> None:
    answer = inside.call("PUT", "/identity/v1/token", query=query, Metadata_Flavor="ibm")
    assert error(answer) == expected


@pytest.mark.parametrize("version", ["2022-03-01", "2025-08-26", "2026-01-30", "2199-01-01"])
def test_any_later_version_is_accepted(inside: Inside, version: str) -> None:
    query = f"version={version}&generation=2&maturity=beta"
    assert inside.call("PUT", "/identity/v1/token", query=query, Metadata_Flavor="ibm").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("flavor", [None, "ibm", "IBM", "Google", ""])
def test_only_put_with_the_right_flavor_gets_a_token(inside: Inside, method: str, flavor: str | None) -> None:
    headers = {} if flavor is None else {"Metadata_Flavor": flavor}
    answer = inside.call(method, "/identity/v1/token", **headers)
    assert (answer.status_code == 200) == (method == "PUT" and flavor == "ibm")


def test_a_wrong_method_is_told_the_right_one(inside: Inside) -> None:
    answer = inside.call("GET", "/identity/v1/token")
    assert (answer.status_code, answer["Allow"]) == (405, "PUT")


def test_a_missing_flavor_names_the_header(inside: Inside) -> None:
    assert error(inside.call("PUT", "/identity/v1/token")) == (400, "missing_value", "Metadata-Flavor")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer abc", "Bearer a.b.c"]
)
def test_a_call_without_a_valid_identity_token_is_unauthenticated(inside: Inside, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {"X_None": "1"}
    answer = inside.iam_token({}, **headers)
    assert error(answer)[:2] == (401, "unauthenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_an_iam_token_is_not_accepted_in_place_of_an_identity_token(
    inside: Inside, server: BareMetalServer, world: World
) -> None:
    profile = make_profile(world.account, linked_to=server)
    iam = inside.iam_token({"trusted_profile": {"id": profile.id}}).json()["access_token"]
    for call in (inside.iam_token, inside.certificate):
        assert error(call({}, Authorization=f"Bearer {iam}"))[:2] == (401, "unauthenticated")


# --- who is calling ------------------------------------------------------------------------------------------------


def test_a_token_stolen_from_another_server_is_worth_nothing(inside: Inside, world: World) -> None:
    thief = Inside(make_server(world.account, name="thief", metadata_enabled=True))
    stolen = inside.bearer()
    for call in (thief.iam_token, thief.certificate):
        assert error(call({}, **stolen))[:2] == (401, "unauthenticated")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"]
)
@pytest.mark.parametrize("value", ["127.64.0.2", ""])
def test_a_forwarded_request_is_refused(inside: Inside, header: str, value: str) -> None:
    assert error(inside.token(None, **{header: value}))[:2] == (403, "unauthorized")


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "127.64.0.1.evil.com",
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "api.metadata.cloud.ibm.com",
        "127.064.0.1",
        "[::1]",
        "127.64.0.1:port",
        "user@127.64.0.1",
        "127.64.0.1,127.64.0.2",
        "",
    ],
)
def test_a_host_that_is_no_servers_address_is_refused(inside: Inside, host: str) -> None:
    answer = inside.client.put(f"/identity/v1/token?{VERSION}", headers={"Host": host, "Metadata-Flavor": "ibm"})
    assert error(answer) == (400, "invalid_value", "Host")


def test_an_address_without_a_server_is_refused(inside: Inside) -> None:
    headers = {"Host": "127.99.9.9:8169", "Metadata-Flavor": "ibm"}
    answer = inside.client.put(f"/identity/v1/token?{VERSION}", headers=headers)
    assert error(answer)[:2] == (403, "unauthorized")


def test_a_caller_from_another_machine_is_refused(inside: Inside) -> None:
    host = loopback_address(inside.server.number)
    answer = inside.client.put(
        f"/identity/v1/token?{VERSION}", headers={"Host": host, "Metadata-Flavor": "ibm"}, REMOTE_ADDR="192.0.2.7"
    )
    assert error(answer)[:2] == (403, "unauthorized")


# --- the switches --------------------------------------------------------------------------------------------------

Call = Callable[[Inside], HttpResponse]
CALLS: dict[str, Call] = {
    "token": lambda inside: inside.token(),
    "iam-token": lambda inside: inside.iam_token({}, Authorization="Bearer a.b.c"),
    "certificate": lambda inside: inside.certificate({}, Authorization="Bearer a.b.c"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_server_with_the_service_off_is_unauthorized(inside: Inside, call: Call) -> None:
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert error(call(inside))[:2] == (403, "unauthorized")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_plain_http_is_refused_when_the_protocol_is_https(inside: Inside, call: Call) -> None:
    switch_metadata_service(inside.server, protocol="https", by=BY)
    assert error(call(inside))[:2] == (403, "unauthorized")


def test_switching_off_is_noticed_although_the_server_was_just_seen(inside: Inside) -> None:
    assert inside.token().status_code == 200
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert inside.token().status_code == 403


def test_switching_on_is_noticed_although_the_server_was_just_refused(inside: Inside) -> None:
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert inside.token().status_code == 403
    switch_metadata_service(inside.server, enabled=True, by=BY)
    assert inside.token().status_code == 200


def test_a_token_from_before_switching_off_stays_dead_after_switching_on(inside: Inside) -> None:
    bearer = inside.bearer()
    switch_metadata_service(inside.server, enabled=False, by=BY)
    switch_metadata_service(inside.server, enabled=True, by=BY)
    assert error(inside.iam_token({}, **bearer))[:2] == (401, "unauthenticated")


def test_a_new_server_has_the_service_off(world: World) -> None:
    assert Inside(make_server(world.account, name="fresh")).token().status_code == 403


# --- the old name --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["token", "iam_token", "certificates"])
@pytest.mark.parametrize("version", ["2022-03-01", "2025-08-26"])
def test_the_old_name_is_not_found_and_says_what_to_set(inside: Inside, operation: str, version: str) -> None:
    answer = inside.call("PUT", f"/instance_identity/v1/{operation}", query=f"version={version}")
    assert error(answer)[:2] == (404, "not_found")
    message = answer.json()["errors"][0]["message"]
    assert "2025-08-26" in message
    assert "VPC_IMS_VERSION" in message


def test_the_old_name_can_be_allowed_for_sdks_left_at_their_default(inside: Inside, settings: Any) -> None:
    settings.BAREMINT_INSTANCE_IDENTITY = "allow"
    headers = {"Metadata_Flavor": "ibm"}
    old = inside.call("PUT", "/instance_identity/v1/token", query="version=2022-03-01", **headers)
    new = inside.call("PUT", "/instance_identity/v1/token", query="version=2025-08-26", **headers)
    assert (old.status_code, new.status_code) == (200, 404)


@pytest.mark.parametrize("path", ["/admin/", "/v1/bare_metal_servers", "/identity/keys", "/identity/v1/token/", "/x"])
def test_nothing_else_is_served_here(inside: Inside, path: str) -> None:
    assert error(inside.call("GET", path))[:2] == (404, "not_found")


# --- what is left on record ----------------------------------------------------------------------------------------


def test_each_success_leaves_one_event_that_knows_the_token_by_its_hash(inside: Inside) -> None:
    import hashlib

    token = inside.token().json()["access_token"]
    event = last_event()
    assert event.data["sha256"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in json.dumps(event.data)


def test_the_server_is_initiator_and_target_of_its_events(inside: Inside, server: BareMetalServer) -> None:
    inside.token()
    event = last_event()
    assert event.action == "is.metadata.identity-token.create"
    assert (event.initiator_id, event.target_id, event.outcome) == (server.crn, server.crn, "success")


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda inside: inside.token({"expires_in": 1}), "is.metadata.identity-token.create"),
        (lambda inside: inside.iam_token({}), "is.metadata.computeresource-token.read"),
        (lambda inside: inside.certificate({}), "is.metadata.certificate.create"),
    ],
    ids=["token", "iam-token", "certificate"],
)
def test_a_refused_call_leaves_one_event_with_its_reason(inside: Inside, call: Call, action: str) -> None:
    answer = call(inside)
    event = last_event()
    assert (event.action, event.outcome, event.reason_code) == (action, "failure", answer.status_code)
    assert event.reason_type == answer.json()["errors"][0]["code"]


def test_the_trace_is_the_request_id_of_the_answer_and_of_the_event(inside: Inside) -> None:
    answer = inside.token({"expires_in": 1}, X_Request_Id="my-request-1")
    assert answer.json()["trace"] == answer["X-Request-Id"] == last_event().request_id == "my-request-1"


def test_a_request_id_with_odd_characters_is_replaced(inside: Inside) -> None:
    assert inside.token(None, X_Request_Id="a b\tc")["X-Request-Id"] != "a b\tc"


def test_nothing_is_written_when_a_request_is_refused_but_its_event(inside: Inside) -> None:
    inside.certificate({"csr": "hello"})
    assert not IssuedCertificate.objects.exists()
