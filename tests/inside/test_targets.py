"""What a refusal names as its cause: unknown parameters, and values, unless they may be secrets."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from servers.models import BareMetalServer
from tests.build import make_csr
from tests.inside.program import VERSION, Inside, error
from tests.world import World, make_profile

pytestmark = pytest.mark.usefixtures("keys")

OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "token": ("PUT", "/identity/v1/token", {}),
    "iam-token": ("POST", "/identity/v1/iam_tokens", {}),
    "certificate": ("POST", "/identity/v1/certificates", {"csr": make_csr()}),
    "certificates": ("GET", "/identity/v1/certificates", None),
    "server": ("GET", "/metadata/v1/bare_metal_servers/{id}", None),
    "initialization": ("GET", "/metadata/v1/bare_metal_servers/{id}/initialization", None),
}


@pytest.fixture
def call(server: BareMetalServer, world: World, inside: Inside) -> Callable[..., HttpResponse]:
    """Makes a good call of an operation, but for the query."""
    server.initialization.default_trusted_profile_id = make_profile(world.account, linked_to=server).id
    server.initialization.save()
    inside.certificate({"csr": make_csr()})
    bearer = inside.bearer()

    def make(operation: str, query: str) -> HttpResponse:
        method, path, body = OPERATIONS[operation]
        return inside.call(method, path.format(id=server.id), body, query=query, Metadata_Flavor="ibm", **bearer)

    return make


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_unknown_parameter_is_named_at_every_operation(call: Callable[..., HttpResponse], operation: str) -> None:
    assert call(operation, f"{VERSION}&generation=2&maturity=beta").status_code == 200
    unknown = {f"{VERSION}&limit=1": "limit", f"foo=&{VERSION}": "foo", f"{VERSION}&Version=1": "Version"}
    for query, name in unknown.items():
        answer = call(operation, query)
        assert error(answer) == (400, "unknown_field", name)
        assert answer.json()["errors"][0]["target"] == {"name": name, "type": "parameter"}


def test_the_old_name_says_first_that_it_is_gone(inside: Inside, settings: Any) -> None:
    query = "version=2022-03-01&limit=1"
    assert inside.call("PUT", "/instance_identity/v1/token", query=query, Metadata_Flavor="ibm").status_code == 404
    settings.BAREMINT_INSTANCE_IDENTITY = "allow"
    answer = inside.call("PUT", "/instance_identity/v1/token", query=query, Metadata_Flavor="ibm")
    assert error(answer) == (400, "unknown_field", "limit")


def target(answer: HttpResponse) -> Any:
    [first] = answer.json()["errors"]
    return first["target"]


@pytest.mark.parametrize(
    ("body", "name", "value"),
    [
        ({"expires_in": 4}, "expires_in", "4"),
        ({"expires_in": 300.5}, "expires_in", "300.5"),
        ({"expires_in": "300"}, "expires_in", "300"),
        ({"expires_in": True}, "expires_in", "true"),
        ({"expires_in": None}, "expires_in", "null"),
        ({"nonce": "a\nb"}, "nonce", "a\nb"),
        ({"nonce": 7}, "nonce", "7"),
    ],
)
def test_a_refused_value_of_a_token_request_is_echoed(inside: Inside, body: Any, name: str, value: str) -> None:
    assert target(inside.token(body)) == {"name": name, "type": "field", "value": value}


def test_a_refused_profile_is_echoed_as_it_was_named(inside: Inside, world: World) -> None:
    unlinked = make_profile(world.account, name="unlinked")
    for kind, value in (
        *((kind, getattr(unlinked, kind)) for kind in ("id", "crn", "name")),
        *(("id", "Profile-none"), ("crn", "no-crn"), ("name", "unknown"), ("id", "a\tb")),
    ):
        answer = inside.iam_token({"trusted_profile": {kind: value}})
        assert target(answer) == {"name": f"trusted_profile.{kind}", "type": "field", "value": value}
    assert target(inside.iam_token({"trusted_profile": "x"}))["value"] == "x"


def test_a_wrong_flavor_is_echoed(inside: Inside) -> None:
    answer = inside.token(None, Metadata_Flavor="Google")
    assert target(answer) == {"name": "Metadata-Flavor", "type": "header", "value": "Google"}


JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJpYW0ifQ.c2lnbmF0dXJl"
SECRETS: dict[str, Callable[[Inside], HttpResponse]] = {
    "a-csr-that-is-none": lambda inside: inside.certificate({"csr": f"-----BEGIN PRIVATE KEY-----{JWT}"}),
    "a-csr-that-is-no-text": lambda inside: inside.certificate({"csr": [JWT]}),
    "an-unknown-property": lambda inside: inside.token({"apikey": JWT}),
    "an-unknown-property-within": lambda inside: inside.iam_token({"trusted_profile": {"access_token": JWT}}),
    "an-unknown-parameter": lambda inside: inside.call(
        "PUT", "/identity/v1/token", query=f"{VERSION}&access_token={JWT}", Metadata_Flavor="ibm"
    ),
    "a-token-for-a-parameter": lambda inside: inside.call(
        "PUT", "/identity/v1/token", query=f"{VERSION}&{JWT}=1", Metadata_Flavor="ibm"
    ),
    "a-token-for-a-version": lambda inside: inside.call(
        "PUT", "/identity/v1/token", query=f"version={JWT}", Metadata_Flavor="ibm"
    ),
    "a-token-for-a-profile": lambda inside: inside.iam_token({"trusted_profile": {"id": JWT}}),
    "a-token-for-a-lifetime": lambda inside: inside.token({"expires_in": JWT}),
    "an-object-for-a-lifetime": lambda inside: inside.token({"expires_in": {"apikey": JWT}}),
    "a-bearer": lambda inside: inside.iam_token({}, Authorization=f"Bearer {JWT}"),
}


@pytest.mark.parametrize("ask", SECRETS.values(), ids=SECRETS)
def test_what_may_be_a_secret_is_not_echoed(inside: Inside, ask: Callable[[Inside], HttpResponse]) -> None:
    # D-152
    answer = ask(inside)
    assert answer.status_code in (400, 401)
    assert JWT not in answer.content.decode()
    assert "PRIVATE KEY" not in answer.content.decode()
