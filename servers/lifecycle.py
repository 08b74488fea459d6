"""The life of a bare metal server as data: which action needs which status, and the steps it leads through.

A transition is a list of statuses to pass; the last one is rest. ``stop`` shows ``running`` until it is over, for the
API has no status between (IBM VPC API, bare metal server status).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.kernel.errors import Conflict

GONE = "gone"
"""The end of a deletion: the server is no more."""


@dataclass(frozen=True)
class Action:
    allowed_in: frozenset[str]
    first: str
    """Status at once."""
    then: tuple[str, ...]
    """Statuses after each delay, the last one at rest."""


ACTIONS: Mapping[str, Action] = {
    "create": Action(frozenset(), "pending", ("starting", "running")),
    "start": Action(frozenset({"stopped"}), "starting", ("running",)),
    "stop": Action(frozenset({"running"}), "running", ("stopped",)),
    "restart": Action(frozenset({"running"}), "restarting", ("running",)),
    "delete": Action(frozenset({"stopped", "failed"}), "deleting", (GONE,)),
}

DONE = {"create": "created", "start": "started", "stop": "stopped", "restart": "restarted", "delete": "deleted"}
"""How a message names an action."""

LIFECYCLE_STATES = {"pending": "pending", "starting": "pending", "deleting": "deleting", "failed": "failed"}


def begin(action: str, *, status: str, under_way: str) -> Action:
    """The action, if a server in ``status`` may take it; ``under_way`` names a transition it is in, or nothing.

    Raises Conflict (409) otherwise.
    """
    found = ACTIONS[action]
    if under_way:
        raise Conflict(
            f"The server is busy being {DONE[under_way]} and cannot be {DONE[action]} now. Wait until that is over."
        )
    if status not in found.allowed_in:
        wanted = " or ".join(sorted(found.allowed_in))
        raise Conflict(f"A server that is {status} cannot be {DONE[action]}; it must be {wanted}.")
    return found


def next_status(action: str, status: str) -> tuple[str, bool]:
    """The status after ``status`` within a transition, and whether that is rest."""
    found = ACTIONS[action]
    path = (found.first, *found.then)
    position = path.index(status) + 1
    return path[position], position == len(path) - 1


def steps(action: str) -> int:
    """How many delays a transition takes."""
    return len(ACTIONS[action].then)


def lifecycle_state(status: str, *, under_way: str) -> str:
    """``lifecycle_state`` of a server: pending while it is made, stable at rest, and so on."""
    if under_way == "start":
        return "stable"
    return LIFECYCLE_STATES.get(status, "stable")
