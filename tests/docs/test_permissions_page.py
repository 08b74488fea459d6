"""docs/permissions.md: every operation with the actions it needs and the roles that grant them."""

from pathlib import Path

import pytest

from controlplane.objectstore.operations import OPERATIONS
from controlplane.operations.permissions.page import page
from controlplane.operations.permissions.table import granting, permissions
from tests.docs.document import operations
from trustedprofiles.actions import ACTIONS, service_of
from trustedprofiles.permissions import Operation
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
TABLE = permissions()
# Doors that need no IAM token: of the token service, of the metadata service, of verifiers, of who keeps it running.
OPEN = {"IAM token", "Metadata service", "Certificates", "Operations"}


def needed(operation: Operation) -> list[str]:
    return [operation.action, *operation.also, *operation.further]


EVERY_ACTION = sorted(
    {action for each in TABLE for action in needed(each.operation)} | {each.action for each in OPERATIONS}
)


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page(), "Run: make docs"


def test_every_documented_operation_that_takes_an_iam_token_stands_in_the_table() -> None:
    guarded = {str(each) for each in operations() if not OPEN & set(each.content["tags"])}
    assert guarded == {each.operation.name for each in TABLE}


@pytest.mark.parametrize("each", TABLE, ids=lambda each: f"{each.method} {each.path}")
def test_an_operation_asks_for_actions_of_its_own_service_first(each: object) -> None:
    assert service_of(each.operation.action) == each.service_name  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_an_action_that_is_asked_for_is_known_to_its_service(action: str) -> None:
    assert action in ACTIONS[service_of(action)]


@pytest.mark.parametrize("action", [action for actions in ACTIONS.values() for action in actions])
def test_a_known_action_is_asked_for_by_an_operation(action: str) -> None:
    assert action in EVERY_ACTION


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_an_action_is_granted_by_the_largest_role_of_a_kind(action: str) -> None:
    assert {SYSTEM_ROLES[-1].display_name, SERVICE_ROLES[-1].display_name} & set(granting(action))
