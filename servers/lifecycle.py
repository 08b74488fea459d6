"""The lifecycle of a bare metal server as data: which action needs which status, and the statuses it passes.

A transition is a list of statuses; the last one is at rest. ``stop`` shows ``running`` until it is over, because the
API has no status in between (IBM VPC API, bare metal server status).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.kernel.errors import ServerStatusConflict

GONE = "gone"
"""The end of a deletion: the server no longer exists."""
FAILED = "failed"

CANNOT_START = {
    "cannot_start": "The server could not be started.",
    "cannot_start_capacity": "There is no capacity for the server in the zone. Try another zone or profile.",
    "cannot_start_compute": "The server's hardware could not be started.",
    "cannot_start_ip_address": "An address of the server could not be set up.",
    "cannot_start_network": "The server's network could not be set up.",
    "cannot_start_reservation_capacity": "The reservation has no capacity left.",
    "cannot_start_reservation_expired": "The reservation has expired.",
}
CANNOT_REINITIALIZE = {"cannot_reinitialize": "The server could not be reinitialized. Reinitialize it again."}
CANNOT_UPDATE_FIRMWARE = {"cannot_update_firmware": "The firmware could not be updated."}


@dataclass(frozen=True)
class Action:
    done: str
    """The participle for messages: a server cannot be ``started`` now."""
    allowed_in: frozenset[str]
    first: str
    """The first status."""
    then: tuple[str, ...]
    """The status after each delay; the last one is at rest."""
    also_after: frozenset[str] = frozenset()
    """Status reasons that allow the action for a failed server too."""
    lifecycle: str = "stable"
    """``lifecycle_state`` during the transition."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """The status reasons of its failures: codes and messages."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Other columns that it sets at its end."""


STOPPED = frozenset({"stopped"})
RUNNING = frozenset({"running"})

ACTIONS: Mapping[str, Action] = {
    "create": Action(
        "created", frozenset(), "pending", ("starting", "running"), lifecycle="pending", failures=CANNOT_START
    ),
    "start": Action("started", STOPPED, "starting", ("running",), failures=CANNOT_START),
    "stop": Action("stopped", RUNNING, "running", ("stopped",)),
    "restart": Action("restarted", RUNNING, "restarting", ("running",)),
    "reinitialize": Action(
        "reinitialized",
        STOPPED,
        "reinitializing",
        ("starting", "running"),
        also_after=frozenset(CANNOT_REINITIALIZE),
        lifecycle="updating",
        failures=CANNOT_REINITIALIZE,
    ),
    "update_firmware": Action(
        "given new firmware",
        STOPPED,
        "maintenance",
        ("stopped",),
        lifecycle="updating",
        failures=CANNOT_UPDATE_FIRMWARE,
        sets={"firmware_update": "none"},
    ),
    "update_and_start": Action(
        "given new firmware",
        STOPPED,
        "maintenance",
        ("starting", "running"),
        lifecycle="updating",
        failures=CANNOT_UPDATE_FIRMWARE,
        sets={"firmware_update": "none"},
    ),
    "delete": Action("deleted", frozenset({"stopped", FAILED}), "deleting", (GONE,), lifecycle="deleting"),
}

FAILING_NAME = re.compile(r"fail-(?P<code>[a-z-]+?)(-\d+)?")


@dataclass(frozen=True)
class Step:
    status: str
    at_rest: bool
    reason: tuple[str, str] | None = None
    """Code and message of a failure."""


def begin(action: str, *, status: str, under_way: str, reasons: Sequence[str] = ()) -> Action:
    """Return the definition of the action, if a server in ``status`` may take it.

    ``under_way`` is the server's present transition, empty at rest; ``reasons`` are its status reason codes. Raises
    ServerStatusConflict (409) otherwise.
    """
    definition = ACTIONS[action]
    if under_way:
        raise ServerStatusConflict(
            f"The server is busy being {ACTIONS[under_way].done} and cannot be {definition.done} now. "
            "Wait until that is over.",
        )
    is_recoverable = status == FAILED and not definition.also_after.isdisjoint(reasons)
    if status not in definition.allowed_in and not is_recoverable:
        statuses = " or ".join(sorted(definition.allowed_in))
        raise ServerStatusConflict(f"A server that is {status} cannot be {definition.done}; it must be {statuses}.")
    return definition


def next_step(action: str, status: str, *, name: str) -> Step:
    """Return the status after ``status`` within a transition. A server's name can make the last step fail."""
    definition = ACTIONS[action]
    path = (definition.first, *definition.then)
    position = path.index(status) + 1
    at_rest = position == len(path) - 1
    if at_rest and (reason := provoked_failure(definition.failures, name)):
        return Step(FAILED, True, reason)
    return Step(path[position], at_rest)


def provoked_failure(failures: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Return code and message of the failure that a resource's name provokes.

    Clients can thereby test how they handle it. ``fail-cannot-start-capacity``, also with a number behind it, fails
    with ``cannot_start_capacity`` if that is one of these failures by code; other names do not fail.
    """
    match = FAILING_NAME.fullmatch(name)
    code = match["code"].replace("-", "_") if match else ""
    return (code, failures[code]) if code in failures else None


def lifecycle_state(status: str, *, under_way: str) -> str:
    """Return the ``lifecycle_state`` of a server: pending while it is created, stable at rest, and so on."""
    if under_way:
        return ACTIONS[under_way].lifecycle
    return FAILED if status == FAILED else "stable"
