"""What the lab says of itself, in a file of the data directory: for ``status`` and ``enter``."""

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
    """A server to step into."""

    number: int
    id: str
    crn: str
    name: str
    address: str
    inner: int
    """Process id of its init."""
    started: str
    """When that process began, by the kernel's count: no other one has both."""


@dataclass(frozen=True)
class State:
    keeper: int
    rootless: bool
    user_namespace: bool
    """Whether each server has one of its own."""
    left_out: int
    troubles: list[str]
    servers: list[Entry]


def save(home: Home, state: State) -> None:
    home.write_secret(FILE, json.dumps(asdict(state)))


def forget(home: Home) -> None:
    (home.path / FILE).unlink(missing_ok=True)


def running(home: Home) -> State | None:
    """The lab that runs now and has said something; what a killed one left behind counts for nothing."""
    keeper = process_lock.holder(home, LOCK)
    text = home.read_secret(FILE)
    if keeper is None or text is None:
        return None
    found = json.loads(text)
    state = State(**{**found, "servers": [Entry(**each) for each in found["servers"]]})
    return state if state.keeper == keeper else None


def started(process: int) -> str:
    """Field 22 of proc_pid_stat(5): clock ticks since the machine was started.

    Raises ProcessLookupError when there is no such process.
    """
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        # A process that ends between the opening and the reading raises the same by itself.
        raise ProcessLookupError(process) from None
