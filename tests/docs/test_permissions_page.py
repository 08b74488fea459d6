"""docs/permissions.md: every operation with the actions it needs and the roles that grant them."""

from pathlib import Path

from controlplane.apidocs.permissions.page import page
from controlplane.apidocs.permissions.table import granting, permissions
from controlplane.kernel.operation import Operation
from controlplane.objectstore.operations import OPERATIONS
from tests.docs.document import guarded_operations, operations_of_services
from tests.tables import assert_none
from trustedprofiles.actions import ACTIONS, service_of
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES
from trustedprofiles.service_roles import EVERY_OWN_ROLE

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
TABLE = permissions()


def needed(operation: Operation) -> list[str]:
    return [operation.action, *operation.also, *operation.further]


EVERY_ACTION = sorted(
    {action for each in TABLE for action in needed(each.operation)}
    | {each.action for each in OPERATIONS}
    | {each.source_action for each in OPERATIONS if each.copies}
)


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page(), "Run: make docs"


def test_every_documented_operation_that_takes_an_iam_token_stands_in_the_table() -> None:
    guarded = {str(each) for each in (*guarded_operations(), *operations_of_services())}
    operation_names = {each.operation.name for each in TABLE}
    assert_none(guarded ^ operation_names, among=operation_names)


def test_an_operation_asks_for_actions_of_its_own_service_first() -> None:
    foreign = {
        f"{each.method} {each.path}": each.operation.action
        for each in TABLE
        if service_of(each.operation.action) != each.service_name
    }
    assert_none(foreign, among=TABLE)


def test_every_action_that_is_asked_for_is_known_to_its_service() -> None:
    unknown = [action for action in EVERY_ACTION if action not in ACTIONS.get(service_of(action), ())]
    assert_none(unknown, among=EVERY_ACTION)


def test_every_known_action_is_asked_for_by_an_operation() -> None:
    action_names = [action for actions in ACTIONS.values() for action in actions]
    assert_none([action for action in action_names if action not in EVERY_ACTION], among=action_names)


def test_every_action_is_granted_by_the_largest_role_of_a_kind_or_a_role_of_its_service() -> None:
    largest = {role.display_name for role in (SYSTEM_ROLES[-1], SERVICE_ROLES[-1], *EVERY_OWN_ROLE)}
    assert_none([action for action in EVERY_ACTION if not largest & set(granting(action))], among=EVERY_ACTION)
