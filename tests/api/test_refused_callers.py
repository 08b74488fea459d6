"""Every operation that needs an access token refuses a caller without one, and a caller without a policy."""

from typing import Any

import pytest
from django.urls import Resolver404, resolve

from controlplane.apidocs.permissions.table import permissions
from tests.api.calling import caller_of
from tests.api.everything import Everything, perform
from tests.docs.document import Documented, guarded_operations
from tests.policies import VICTOR
from tests.tables import check_each
from tests.watching import nothing_is_written
from tests.world import ALICE, World
from trustedprofiles.actions import OF_EVERY_CALLER

ACTIONS = {each.operation.name: each.operation.action for each in permissions()}
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
    if "error_code" in body:
        codes = (body["error_code"], body["status_code"], body["transaction_id"])
        assert codes == ("RC-IamErrorResponse", 401, answer["X-Request-Id"])
        return
    code = "invalid_token" if "IAM policy" in operation.content["tags"] else "unauthenticated"
    assert [each["code"] for each in body["errors"]] == [code]
    assert (str(body["status_code"]), body["trace"]) == ("401", answer["X-Request-Id"])


@pytest.fixture
def alices(world: World, keys: None) -> Everything:
    return Everything(world.account, ALICE)


def test_every_operation_refuses_a_caller_without_a_token(alices: Everything) -> None:
    """Also with an API key in place of the token. No event is recorded, because no account is known."""

    def check(operation: Documented) -> None:
        for path in spellings(alices.path(operation.path)):
            for method in ("GET", "HEAD") if operation.method == "GET" else (operation.method,):
                for headers in NO_TOKENS:
                    header = alices.headers.get(str(operation), {}) | headers
                    assert_unauthenticated(operation, perform(operation, path, QUERY, None, method=method, **header))

    for operation in guarded_operations():
        alices.path(operation.path)  # reads the ids, which leaves events
    with nothing_is_written():
        check_each(guarded_operations(), check)


def test_every_operation_refuses_a_caller_without_a_policy(alices: Everything) -> None:
    victor = caller_of(VICTOR)

    def check(operation: Documented) -> None:
        answer = alices.perform(operation, victor)
        if ACTIONS[str(operation)] in OF_EVERY_CALLER:
            assert answer.status_code == 200
            return
        assert answer.status_code == 403, answer.content
        if operation.method != "HEAD":
            body = answer.json()
            [error] = body.get("errors", [body])
            code = error.get("code") or error["error_code"]
            assert code in ("not_authorized", "insufficent_permissions", "RC-IamErrorResponse")
            assert "/_baremint/explain?" in (error.get("more_info") or error.get("details"))

    check_each(guarded_operations(), check)
