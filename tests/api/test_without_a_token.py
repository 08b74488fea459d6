"""Nobody gets in without an access token, by whatever operation needs one. No new route escapes."""

from typing import Any

from django.urls import Resolver404, resolve

from tests.api.everything import Everything, perform
from tests.docs.document import Documented, guarded_operations
from tests.tables import check_each
from tests.watching import nothing_is_written
from tests.world import ALICE, World

NO_TOKENS: list[dict[str, str]] = [{}, {"Authorization": "Bearer abc"}]
QUERY = "version=2025-08-26&generation=2"


def spellings(path: str) -> list[str]:
    """The path, and itself with a slash at its end where that is a route, too."""
    try:
        resolve(f"{path}/", "controlplane.urls")
    except Resolver404:
        return [path]
    return [path, f"{path}/"]


def assert_unauthenticated(operation: Documented, answer: Any) -> None:
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == "application/json"
    if answer.request["REQUEST_METHOD"] == "HEAD":
        assert answer.content == b""
        return
    body = answer.json()
    code = "invalid_token" if "IAM policy" in operation.content["tags"] else "unauthenticated"
    assert [each["code"] for each in body["errors"]] == [code]
    assert (str(body["status_code"]), body["trace"]) == ("401", answer["X-Request-Id"])


def test_nobody_gets_in_without_a_token(world: World, keys: None) -> None:
    """Not to what is there either, nor with an API key in place of the token. Nothing is recorded: of whom?"""
    alices = Everything(world.account, ALICE)

    def check(operation: Documented) -> None:
        for path in spellings(alices.path(operation.path)):
            for method in ("GET", "HEAD") if operation.method == "GET" else (operation.method,):
                for headers in NO_TOKENS:
                    sent = alices.headers.get(str(operation), {}) | headers
                    assert_unauthenticated(operation, perform(operation, path, QUERY, None, method=method, **sent))

    for operation in guarded_operations():
        alices.path(operation.path)  # whatever it takes to find it is read before
    with nothing_is_written():
        check_each(guarded_operations(), check)
