"""What the three operations refuse: code, status and target as documented."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import jwt
import pytest
from cryptography import x509

from controlplane.kernel import clock
from identity import key_cache
from servers.models import BareMetalServer
from tests.build import make_csr
from tests.inside.program import BY, Inside, error
from tests.rules.test_csr_vectors import request, rsa_spki
from tests.tables import alone, check_each
from tests.world import World, make_profile
from trustedprofiles.services.links import create_link, unlink_everything

pytestmark = pytest.mark.usefixtures("keys")

# --- refusals: code, status and target as documented ---------------------------------------------------------------

TOKEN_BODIES: dict[str, tuple[Any, tuple[int, str, str]]] = {
    "not-json": (b"expires_in=5", (400, "invalid_request", "")),
    "a-list": (b"[]", (400, "invalid_request", "")),
    "not-utf-8": (b'{"nonce": "\xff"}', (400, "invalid_request", "")),
    "a-lone-surrogate": (b'{"nonce": "\\ud800"}', (400, "invalid_request", "")),
    "nan": (b'{"expires_in": NaN}', (400, "invalid_request", "")),
    "beyond-a-double": (b'{"expires_in": 1e400}', (400, "invalid_request", "")),
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


def test_a_token_request_is_refused(inside: Inside) -> None:
    # D-12
    def check(name: str) -> None:
        body, expected = TOKEN_BODIES[name]
        assert error(inside.token(body)) == expected

    check_each(TOKEN_BODIES, alone(check))


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
    # D-08
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
    values = {
        "id": f"Profile-{uuid.uuid4()}",
        "crn": foreign.crn.replace(foreign.id, f"Profile-{uuid.uuid4()}"),
        "name": "unknown",
    }
    bearer = inside.bearer()
    answers = [
        inside.iam_token({"trusted_profile": {kind: value}}, **bearer).json()
        for value in (getattr(foreign, kind), values[kind])
    ]
    for answer in answers:
        answer.pop("trace")
        assert answer["errors"][0]["target"].pop("value") in (getattr(foreign, kind), values[kind])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", ["id", "crn"])
def test_a_profile_of_another_account_that_links_the_server_across_accounts_can_be_taken_on(
    inside: Inside, world: World, kind: str
) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=inside.server.crn, is_cross_account=True, by=BY)
    answer = inside.iam_token({"trusted_profile": {kind: getattr(foreign, kind)}}, **inside.bearer())
    assert (
        jwt.decode(answer.json()["access_token"], options={"verify_signature": False})["account"]["bss"]
        == world.other_account.id
    )


def test_a_profile_of_another_account_is_never_known_by_name(inside: Inside, world: World) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=inside.server.crn, is_cross_account=True, by=BY)
    assert error(inside.iam_token({"trusted_profile": {"name": "theirs"}}, **inside.bearer()))[1] == "not_found"


CERTIFICATE_BODIES: dict[str, tuple[Any, tuple[int, str, str]]] = {
    "no-csr": ({}, (400, "missing_field", "csr")),
    "csr-number": ({"csr": 1}, (400, "invalid_value", "csr")),
    "bad-pem": ({"csr": "hello"}, (400, "invalid_value", "csr")),
    "common-name": ({"csr": make_csr(names=((x509.NameOID.COMMON_NAME, "x"),))}, (400, "invalid_value", "csr")),
    "weak-key": ({"csr": request(spki=rsa_spki(2**2047 + 2, 65537))}, (400, "invalid_value", "csr")),
    "expires-in-299": ({"csr": make_csr(), "expires_in": 299}, (400, "invalid_value", "expires_in")),
    "expires-in-3601": ({"csr": make_csr(), "expires_in": 3601}, (400, "invalid_value", "expires_in")),
    "unknown-property": ({"csr": make_csr(), "ca": True}, (400, "unknown_field", "ca")),
    "too-large": ({"csr": "A" * 17_000}, (400, "invalid_request", "")),
}


@pytest.mark.parametrize(("body", "expected"), CERTIFICATE_BODIES.values(), ids=CERTIFICATE_BODIES.keys())
def test_a_certificate_request_is_refused(inside: Inside, body: Any, expected: tuple[int, str, str]) -> None:
    # D-10
    assert error(inside.certificate(body)) == expected


def test_the_signing_keys_of_the_service_are_not_certified(inside: Inside) -> None:
    own = key_cache.signer("identity").private_key
    assert error(inside.certificate({"csr": make_csr(own)})) == (400, "invalid_value", "csr")


OPERATIONS = [
    ("PUT", "/identity/v1/token"),
    ("POST", "/identity/v1/iam_tokens"),
    ("POST", "/identity/v1/certificates"),
    ("GET", "/identity/v1/certificates"),
    ("GET", "/metadata/v1/bare_metal_servers/{}"),
    ("GET", "/metadata/v1/bare_metal_servers/{}/initialization"),
]
QUERIES: dict[str, tuple[str, tuple[int, str, str]]] = {
    "no-version": ("", (400, "missing_value", "version")),
    "malformed": ("version=tomorrow", (400, "invalid_value", "version")),
    "no-such-day": ("version=2025-02-30", (400, "invalid_value", "version")),
    "week-date": ("version=2025-W01-1", (400, "invalid_value", "version")),
    "too-early": ("version=2022-02-28", (400, "invalid_version_range", "version")),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_the_version_is_checked(inside: Inside, query: str, expected: tuple[int, str, str]) -> None:
    # D-09
    answer = inside.call("PUT", "/identity/v1/token", query=query, Metadata_Flavor="ibm")
    assert error(answer) == expected


@pytest.mark.parametrize("version", ["2022-03-01", "2025-08-26", "2026-01-30"])
def test_any_later_version_is_accepted(inside: Inside, version: str) -> None:
    query = f"version={version}&generation=2&maturity=beta"
    assert inside.call("PUT", "/identity/v1/token", query=query, Metadata_Flavor="ibm").status_code == 200


@pytest.fixture(params=[0, 400, -400], ids=["unmoved", "domain-ahead", "domain-behind"])
def tomorrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[date]:
    """By the later of the machine's clock and the domain's, which is some days ahead or behind."""
    wall = clock.wall_clock()
    monkeypatch.setattr(clock, "wall_clock", lambda: wall)
    clock.follow(lambda last: clock.Setting(offset=timedelta(days=request.param)))
    yield max(wall, clock.now()).date() + timedelta(days=1)
    clock.follow(lambda last: clock.UNMOVED)


def test_tomorrows_version_is_the_last_one(inside: Inside, tomorrow: date) -> None:
    def check(operation: tuple[str, str]) -> None:
        method, path = operation
        refusals = []
        for days in range(-1, 3):
            version = tomorrow + timedelta(days=days)
            answer = inside.call(
                method, path.format(inside.server.id), query=f"version={version}", Metadata_Flavor="ibm"
            )
            refusals.append(answer.status_code != 200 and error(answer) == (400, "invalid_version_range", "version"))
        assert refusals == [False, False, True, True]

    check_each(OPERATIONS, alone(check))


FLAVORS = [None, "ibm", "IBM", "Google", ""]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def test_only_put_with_the_right_flavor_gets_a_token(inside: Inside) -> None:
    def check(case: tuple[str | None, str]) -> None:
        flavor, method = case
        headers = {} if flavor is None else {"Metadata_Flavor": flavor}
        answer = inside.call(method, "/identity/v1/token", **headers)
        assert (answer.status_code == 200) == (method == "PUT" and flavor == "ibm")

    check_each(list(product(FLAVORS, METHODS)), alone(check))


def test_a_wrong_method_is_told_the_right_one(inside: Inside) -> None:
    answer = inside.call("GET", "/identity/v1/token")
    assert (answer.status_code, answer["Allow"]) == (405, "PUT")


def test_a_missing_flavor_names_the_header(inside: Inside) -> None:
    assert error(inside.call("PUT", "/identity/v1/token")) == (400, "missing_value", "Metadata-Flavor")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer abc", "Bearer a.b.c"]
)
def test_a_call_without_a_valid_identity_token_is_unauthenticated(inside: Inside, authorization: str) -> None:
    # D-07
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
