"""Which action a server may take in which status, and where it leads."""

import pytest

from controlplane.kernel.errors import Conflict
from servers import lifecycle
from servers.lifecycle import GONE

STATUSES = ["pending", "starting", "running", "stopped", "restarting", "deleting", "failed", "maintenance"]
POSSIBLE = {
    ("start", "stopped"),
    ("stop", "running"),
    ("restart", "running"),
    ("delete", "stopped"),
    ("delete", "failed"),
}
PATHS = {
    "create": ["pending", "starting", "running"],
    "start": ["starting", "running"],
    "stop": ["running", "stopped"],
    "restart": ["restarting", "running"],
    "delete": ["deleting", GONE],
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", ["start", "stop", "restart", "delete"])
def test_an_action_is_possible_only_in_its_statuses(action: str, status: str) -> None:
    if (action, status) in POSSIBLE:
        assert lifecycle.begin(action, status=status, under_way="").first == PATHS[action][0]
    else:
        with pytest.raises(Conflict, match=status):
            lifecycle.begin(action, status=status, under_way="")


def test_a_busy_server_takes_no_other_action() -> None:
    with pytest.raises(Conflict, match="busy"):
        lifecycle.begin("restart", status="running", under_way="stop")


@pytest.mark.parametrize(("action", "path"), PATHS.items())
def test_a_transition_passes_its_statuses_in_order_and_ends_at_rest(action: str, path: list[str]) -> None:
    seen, at_rest = [path[0]], False
    while not at_rest:
        following, at_rest = lifecycle.next_status(action, seen[-1])
        seen.append(following)
    assert seen == path
