"""What holds for every view of the control plane, tried on those of IAM."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR
from tests.world import ACCOUNT, World

pytestmark = pytest.mark.thorough

PATHS = [
    "/v1/profiles/{}",
    "/v1/profiles/{}/links",
    "/v1/serviceids/{}",
    "/v1/apikeys/{}",
    "/v1/policies/{}",
    "/v2/policies/{}",
    "/v2/resource_groups/{}",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_with_nul_is_not_found(world: World, path: str) -> None:
    assert call("GET", path.format("x%00y")).status_code == 404


def test_a_link_with_nul_in_its_id_is_not_found(world: World) -> None:
    assert call("GET", "/v1/profiles/x/links/%00").status_code == 404


@pytest.mark.parametrize("query", ["name=%00", "%00=name", "pagetoken=%00", "account_id=%00"])
def test_a_query_with_nul_is_refused(world: World, query: str) -> None:
    assert refusal(call("GET", f"/v1/profiles?account_id={ACCOUNT}&{query}")) == (400, "invalid_value")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_without_end_is_not_found_and_recorded_as_far_as_it_fits(world: World, path: str) -> None:
    assert call("GET", path.format("x" * 5000)).status_code == 404
    assert ActivityEvent.objects.get().target_id == "x" * 255


HEADS = ["/v2/roles", f"/v1/profiles?account_id={ACCOUNT}", "/v2/resource_groups"]


@pytest.mark.parametrize("path", HEADS)
def test_head_is_get_without_a_body(world: World, path: str) -> None:
    answer = call("HEAD", path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", HEADS)
def test_head_needs_the_policy_that_get_needs(world: World, path: str) -> None:
    assert call("HEAD", path, caller=caller_of(VICTOR)).status_code == 403


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("caller", [None, caller_of(VICTOR)], ids=["unauthenticated", "authenticated"])
def test_a_method_that_is_not_served_is_answered_alike_to_every_caller(world: World, method: str, caller: Any) -> None:
    answer = call(method, "/v1/profiles", caller=caller)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert answer.json()["errors"][0]["message"] == "Use one of GET, POST here."


def test_the_only_method_is_named_as_such() -> None:
    answer = call("POST", "/v1/regions?version=2025-08-26&generation=2", {})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (405, "Use GET here.")


@pytest.mark.parametrize("body", [{"colour\0": 1}, {"account_id\0": ACCOUNT}])
def test_a_refusal_that_quotes_nul_is_recorded_without_it(world: World, body: Any) -> None:
    """PostgreSQL refuses the character, and then a bad request would look like a fault of the server."""
    assert call("POST", "/v1/profiles", body).status_code == 400
    assert "\0" not in ActivityEvent.objects.get().message
