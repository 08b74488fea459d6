"""A request whose body has not arrived: refused at once where the body does not matter, and otherwise not begun."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from controlplane.kernel.awaited_body import AwaitedBody, BodyAwaited, TooLargeBody
from tests.api.calling import caller_of, client_of
from tests.api.everything import Everything
from tests.docs.document import Documented, guarded_operations
from tests.tables import check_each
from tests.watching import nothing_is_written
from tests.world import ALICE, World

ANNOUNCED = "100"
DECIDED_BY_BODY = {"explain", "create_api_key", "create_resource_instance", "search", "attach_tag", "detach_tag"}
"""Whether a caller may use them depends on what the body says."""
OF_EVERY_CALLER = {"list_catalog_entries", "get_catalog_entry", "get_child_objects"}
"""They are refused to no caller with a valid token."""
REFUSED = "get_explanation"
"""Without its query parameters."""


@pytest.fixture
def alices(world: World, keys: None) -> Everything:
    everything = Everything(world.account, ALICE)
    for operation in guarded_operations():
        everything.path(operation.path)  # whatever it takes to find it is read before
    return everything


def send(client: APIClient, alices: Everything, operation: Documented, body: AwaitedBody) -> Any:
    path = f"{alices.path(operation.path)}?{alices.query}"
    environ = {"wsgi.input": body, "CONTENT_LENGTH": ANNOUNCED, "CONTENT_TYPE": "application/json"}
    return client.generic(operation.method, path, headers=alices.headers.get(str(operation), {}), **environ)


def test_a_request_without_a_token_is_refused_before_its_body_arrives(alices: Everything) -> None:
    def check(operation: Documented) -> None:
        assert send(client_of(None), alices, operation, AwaitedBody()).status_code == 401

    with nothing_is_written():
        check_each(guarded_operations(), check)


@pytest.mark.thorough
def test_a_request_without_a_policy_is_refused_before_its_body_arrives(alices: Everything) -> None:
    victor = client_of(caller_of("iam-Profile-victor"))

    def check(operation: Documented) -> None:
        try:
            answer = send(victor, alices, operation, AwaitedBody())
        except BodyAwaited:
            assert str(operation) in DECIDED_BY_BODY | OF_EVERY_CALLER
        else:
            assert answer.status_code == (400 if str(operation) == REFUSED else 403)

    check_each(guarded_operations(), check)


@pytest.mark.thorough
def test_nothing_is_begun_before_the_body_is_there(alices: Everything) -> None:
    def check(operation: Documented) -> None:
        with pytest.raises(BodyAwaited):
            send(client_of(ALICE), alices, operation, AwaitedBody())

    with nothing_is_written():
        check_each([each for each in guarded_operations() if str(each) != REFUSED], check)


@pytest.mark.thorough
def test_a_body_that_is_too_large_is_refused_whether_the_operation_takes_one_or_not(alices: Everything) -> None:
    def check(operation: Documented) -> None:
        assert send(client_of(ALICE), alices, operation, TooLargeBody(16_384)).status_code == 400

    check_each(guarded_operations(), check)


PAGES = ["/login", "/servers", "/admin/login/", "/identity/token", "/_baremint/csp-reports", "/pki/ocsp", "/healthz"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_forms_are_not_begun_before_the_body_is_there(db: None, client: APIClient, path: str) -> None:
    with pytest.raises(BodyAwaited):
        client.generic("POST", path, **{"wsgi.input": AwaitedBody(), "CONTENT_LENGTH": ANNOUNCED})


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/pki/ocsp"])  # OCSP has refusals of its own
def test_pages_and_forms_refuse_a_body_that_is_too_large(db: None, client: APIClient, path: str) -> None:
    answer = client.generic("POST", path, **{"wsgi.input": TooLargeBody(1000), "CONTENT_LENGTH": "1001"})
    assert answer.status_code == 400


def test_a_path_where_nothing_is_does_not_wait(db: None, client: APIClient) -> None:
    answer = client.generic("POST", "/nowhere", **{"wsgi.input": AwaitedBody(), "CONTENT_LENGTH": ANNOUNCED})
    assert answer.status_code == 404
