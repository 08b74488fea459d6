"""The state of the lab in a file of the data directory, which ``lab status`` and ``enter`` read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home

LOCK = "lab.lock"
FILE = "lab.json"
LOG = "lab.log"


@dataclass(frozen=True)
class Entry:
    """A server that can be entered."""

    number: int
    id: str
    crn: str
    name: str
    address: str
    inner: int
    """Process id of its init."""
    started: str
    """Start time of that process in clock ticks. With the process id it identifies the process."""


@dataclass(frozen=True)
class State:
    keeper: int
    """Process id of the lab process. ``lab status --json`` prints it under this name."""
    rootless: bool
    user_namespace: bool
    """Whether each server has its own user namespace."""
    left_out: int
    troubles: list[str]
    servers: list[Entry]


def save(home: Home, state: State) -> None:
    home.write_secret(FILE, json.dumps(asdict(state)))


def forget(home: Home) -> None:
    (home.path / FILE).unlink(missing_ok=True)


def running(home: Home) -> State | None:
    """Return the state of the running lab. The file of a lab that was killed is ignored."""
    keeper = process_lock.holder(home, LOCK)
    text = home.read_secret(FILE)
    if keeper is None or text is None:
        return None
    fields = json.loads(text)
    state = State(**{**fields, "servers": [Entry(**each) for each in fields["servers"]]})
    return state if state.keeper == keeper else None


def started(process: int) -> str:
    """Return the start time of a process in clock ticks after the machine's (field 22 of proc_pid_stat(5)).

    Raises ProcessLookupError when there is no such process.
    """
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        # read_text() itself raises ProcessLookupError when the process ends between open and read.
        raise ProcessLookupError(process) from None
