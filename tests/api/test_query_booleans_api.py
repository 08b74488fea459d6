"""Booleans in queries are read in one way by every API."""

from typing import Any

import pytest

from tests.api.calling import call
from tests.world import ACCOUNT, World

VPC = "version=2025-08-26&generation=2"
LISTS = {
    "/v1/vpcs": f"{VPC}&classic_access",
    "/v2/resource_groups": "default",
    "/v3/tags": "attached_only",
    "/v2/groups": f"account_id={ACCOUNT}&show_federated",
    "/v1/profiles": f"account_id={ACCOUNT}&include_history",
}


@pytest.mark.parametrize(("path", "query"), LISTS.items())
def test_a_boolean_is_read_in_any_case_and_nothing_else_is_one(world: World, path: str, query: str) -> None:
    def answer(value: str) -> tuple[int, Any]:
        response = call("GET", f"{path}?{query}={value}")
        items = [each for each in response.json().values() if isinstance(each, list)]
        return response.status_code, items if response.status_code == 200 else None

    assert answer("true")[0] == 200
    assert answer("True") == answer("TRUE") == answer("true")
    assert answer("False") == answer("FALSE") == answer("false")
    assert answer("")[0] == 200
    assert {answer(value)[0] for value in ("1", "yes", "%20true")} == {400}
