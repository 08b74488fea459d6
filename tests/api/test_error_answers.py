"""Whatever is asked, however wrongly: the answer is JSON, in an envelope, and carries the request's id."""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from tests.api.calling import client_of
from tests.api.vpc import QUERY, SERVERS
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, World

PATHS = [
    "/nothing",
    "/v1",
    "/v1/",
    "/v1/nothing",
    f"{SERVERS}/",
    f"{SERVERS}/x/",
    f"{SERVERS}/x/start/",
    f"{SERVERS}/%2e%2e",
    f"{SERVERS}/%2e%2e/keys",
    f"{SERVERS}/..%2fkeys",
    f"{SERVERS}/%00",
    f"{SERVERS}/%ff",
    f"{SERVERS}/{'x' * 5000}",
    "/v1/profiles/",
    "/v1/profiles/x/links/",
    "/v2/policies/x/",
    "/identity/nothing",
    "/v1/keys/<script>",
]


def ask(path: str, method: str = "GET", body: bytes = b"", **options: Any) -> Any:
    separator = "&" if "?" in path else "?"
    return client_of(ALICE).generic(method, f"{path}{separator}{QUERY}", body, **options)


def assert_envelope(answer: Any, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    body: dict[str, Any] = answer.json()
    assert body["trace"] == answer["X-Request-Id"]
    assert str(body["status_code"]) == str(status)
    assert body["errors"][0]["message"]
    return body


def test_an_unknown_path_is_not_found_in_json(world: World) -> None:
    def check(path: str) -> None:
        assert_envelope(ask(path), 404)

    check_each(PATHS, check)


@pytest.mark.parametrize("path", PATHS[:6])
def test_an_unauthenticated_caller_learns_nothing_about_an_unknown_path(
    client: Client, world: World, path: str
) -> None:
    assert client.get(path).status_code in (401, 404)


PATHS_OF_PROGRAMS = [SERVERS, "/admin/", "/nothing", "/v1/profiles"]
FOREIGN_HOSTS = ["evil.com", "evil.com:8000", "127.0.0.1.evil.com", "a b", "[::1", "x/../y"]


def test_a_foreign_host_is_refused_in_json(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        path, host = case
        assert_envelope(ask(path, headers={"Host": host}), 400)

    check_each(list(product(PATHS_OF_PROGRAMS, FOREIGN_HOSTS)), check)


ENDPOINTS = [SERVERS, f"/v1/profiles?account_id={ACCOUNT}", f"/v1/policies?account_id={ACCOUNT}", "/v2/resource_groups"]


OTHER_TYPES = ["text/html", "application/xml", "text/html,application/xhtml+xml", "x", "*/xml"]


def test_json_is_answered_whatever_is_accepted(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        path, accept = case
        answer = ask(path, headers={"Accept": accept})
        assert answer["Content-Type"] == "application/json"
        assert answer.status_code in (200, 400)

    check_each(list(product(ENDPOINTS, OTHER_TYPES)), check)


CONTENT_TYPES = ["text/plain", "application/xml", "multipart/form-data", "x", ""]
CREATIONS = ["/v1/profiles", "/v1/policies", "/v2/policies", SERVERS]


def test_a_body_is_read_as_json_whatever_its_type(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        content_type, path = case
        answer = ask(path, "POST", b'{"colour": "red"}', content_type=content_type)
        body = assert_envelope(answer, 400)
        assert any("colour" in error["message"] for error in body["errors"])

    check_each(list(product(CONTENT_TYPES, CREATIONS)), alone(check))


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.parametrize("path", ["/v1/profiles", "/v2/policies", SERVERS])
def test_a_body_that_is_too_large_is_refused(world: World, path: str, content_type: str) -> None:
    body = b'{"name": "' + b"a" * 262_144 + b'"}'
    assert_envelope(ask(path, "POST", body, content_type=content_type), 400)


OTHER_METHODS = ["OPTIONS", "TRACE", "PUT", "PROPFIND"]
READ_PATHS = [SERVERS, "/v1/keys", "/v1/regions/us-south", "/v1/profiles"]


def test_a_method_that_is_not_there_says_which_are(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        method, path = case
        answer = ask(path, method)
        assert_envelope(answer, 405)
        assert "GET" in answer["Allow"]
        assert method not in answer["Allow"]

    check_each(list(product(OTHER_METHODS, READ_PATHS)), check)


@pytest.mark.parametrize("path", [SERVERS, "/v1/keys", "/v1/regions"])
def test_head_is_get_without_a_body(world: World, path: str) -> None:
    answer = ask(path, "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_id_of_a_request_is_the_trace_of_its_refusal(world: World) -> None:
    answer = ask(f"{SERVERS}/x", headers={"X-Request-Id": "my-request-1"})
    assert assert_envelope(answer, 404)["trace"] == "my-request-1"


@pytest.mark.parametrize("path", ["/identity/token", "/identity/token/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_the_token_service_refuses_in_json(client: Client, world: World, path: str, method: str) -> None:
    answer = client.generic(method, path, b"grant_type=x", content_type="application/x-www-form-urlencoded")
    assert answer["Content-Type"] == "application/json"
    assert answer.status_code in (400, 404, 405)


def test_a_fault_of_our_own_is_a_service_error_without_details(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("servers.api.bare_metal_servers.servers_of", fail)
    answer = ask(SERVERS)
    assert assert_envelope(answer, 500)["errors"][0]["code"] == "service_error"
    assert b"secret detail" not in answer.content
