"""Which action a server may take in which status, and where it leads."""

import pytest

from controlplane.kernel.errors import Conflict
from servers import lifecycle
from servers.lifecycle import GONE, Step
from tests.tables import assert_rows, check_each

STATUSES = ["pending", "starting", "running", "stopped", "restarting", "deleting", "failed", "maintenance"]
POSSIBLE = {
    ("start", "stopped"),
    ("stop", "running"),
    ("restart", "running"),
    ("delete", "stopped"),
    ("delete", "failed"),
    ("reinitialize", "stopped"),
    ("update_firmware", "stopped"),
    ("update_and_start", "stopped"),
}
PATHS = {
    "create": ["pending", "starting", "running"],
    "start": ["starting", "running"],
    "stop": ["running", "stopped"],
    "restart": ["restarting", "running"],
    "reinitialize": ["reinitializing", "starting", "running"],
    "update_firmware": ["maintenance", "stopped"],
    "update_and_start": ["maintenance", "starting", "running"],
    "delete": ["deleting", GONE],
}


def begun(action: str, status: str) -> str:
    """The first status of an action that is taken in a status, or the refusal."""
    try:
        return lifecycle.begin(action, status=status, under_way="").first
    except Conflict as error:
        return "refused, with its status" if status in str(error) else f"refused: {error}"


def test_an_action_is_possible_only_in_its_statuses() -> None:
    rows = [(action, status) for action in sorted(set(PATHS) - {"create"}) for status in STATUSES]
    assert_rows(
        {row: begun(*row) for row in rows},
        {row: PATHS[row[0]][0] if row in POSSIBLE else "refused, with its status" for row in rows},
    )


def test_a_busy_server_takes_no_other_action() -> None:
    with pytest.raises(Conflict, match="busy"):
        lifecycle.begin("restart", status="running", under_way="stop")


def test_a_transition_passes_its_statuses_in_order_and_ends_at_rest() -> None:
    def check(case: tuple[str, list[str]]) -> None:
        action, path = case
        assert passed(action, name="web-1") == path

    check_each(PATHS.items(), check)


def passed(action: str, *, name: str) -> list[str]:
    """The statuses from the first to rest."""
    step = Step(lifecycle.ACTIONS[action].first, at_rest=False)
    statuses = [step.status]
    while not step.at_rest:
        step = lifecycle.next_step(action, step.status, name=name)
        statuses.append(step.status)
    return statuses


def test_the_table_of_actions_is_tested_whole() -> None:
    assert set(PATHS) == set(lifecycle.ACTIONS)


def test_a_server_that_failed_to_be_reinitialized_may_be_reinitialized_again() -> None:
    state = lifecycle.begin("reinitialize", status="failed", under_way="", reasons=["cannot_reinitialize"])
    assert state.first == "reinitializing"


def test_a_server_that_failed_otherwise_may_only_be_deleted() -> None:
    with pytest.raises(Conflict, match="must be stopped"):
        lifecycle.begin("reinitialize", status="failed", under_way="", reasons=["cannot_start"])


FAILING = [
    ("create", "fail-cannot-start", "cannot_start"),
    ("create", "fail-cannot-start-capacity", "cannot_start_capacity"),
    ("start", "fail-cannot-start-network-12", "cannot_start_network"),
    ("reinitialize", "fail-cannot-reinitialize", "cannot_reinitialize"),
    ("update_firmware", "fail-cannot-update-firmware", "cannot_update_firmware"),
    ("update_and_start", "fail-cannot-update-firmware-2", "cannot_update_firmware"),
]


@pytest.mark.parametrize(("action", "name", "code"), FAILING)
def test_a_name_makes_an_action_fail_at_its_end(action: str, name: str, code: str) -> None:
    # D-35
    last_but_one = PATHS[action][-2]
    step = lifecycle.next_step(action, last_but_one, name=name)
    assert (step.status, step.at_rest, step.reason and step.reason[0]) == ("failed", True, code)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("stop", "fail-cannot-start"),
        ("create", "fail-cannot-reinitialize"),
        ("create", "fail-nothing-known"),
        ("create", "web-fail-cannot-start"),
        ("create", "fail-cannot-start-x"),
    ],
)
def test_other_names_and_other_actions_do_not_fail(action: str, name: str) -> None:
    assert passed(action, name=name)[-1] != "failed"


@pytest.mark.parametrize(
    ("status", "under_way", "expected"),
    [
        ("pending", "create", "pending"),
        ("starting", "create", "pending"),
        ("starting", "start", "stable"),
        ("running", "stop", "stable"),
        ("running", "", "stable"),
        ("stopped", "", "stable"),
        ("starting", "reinitialize", "updating"),
        ("maintenance", "update_firmware", "updating"),
        ("failed", "", "failed"),
        ("deleting", "delete", "deleting"),
    ],
)
def test_the_lifecycle_state_follows_what_is_under_way(status: str, under_way: str, expected: str) -> None:
    assert lifecycle.lifecycle_state(status, under_way=under_way) == expected
