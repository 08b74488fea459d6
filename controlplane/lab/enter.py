"""Step into a server: a command in its namespaces, with an environment that configures nothing."""

import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from controlplane.lab import namespaces, trust_store
from controlplane.lab.state import Entry, State, started

ALL = namespaces.MOUNT | namespaces.NETWORK | namespaces.UTS | namespaces.IPC | namespaces.PID
# Of the caller's environment: who and where somebody is, and how the terminal speaks. No proxy, no endpoint, no key.
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ")
NOT_FOUND, NOT_RUNNABLE = 127, 126
PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class CannotEnter(Exception):
    """Why not, and what to do."""


def find(state: State, wanted: str) -> Entry:
    """A server by name, id or CRN. Raises CannotEnter."""
    found = [each for each in state.servers if wanted in (each.id, each.crn)]
    found = found or [each for each in state.servers if wanted == each.name]
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise CannotEnter(f"Several servers are named {wanted}. Say which, by id: {ids}.")
    if not found:
        names = ", ".join(each.name for each in state.servers) or "none"
        raise CannotEnter(f"There is no server {wanted} in the lab. In it are: {names}.")
    return found[0]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("LC_")}
    return {"PATH": os.defpath, **kept, **trust_store.VARIABLES}


def enter(entry: Entry, command: Sequence[str], *, user_namespace: bool) -> int:
    """Run a command inside, on this terminal; its exit status, by the shell's conventions. Raises CannotEnter."""
    try:
        inner = os.pidfd_open(entry.inner)
        if started(entry.inner) != entry.started:
            raise ProcessLookupError
    except ProcessLookupError:
        raise CannotEnter(f"{entry.name} has just left the lab.") from None
    where = Path.cwd()
    try:
        namespaces.join(inner, ALL | (namespaces.USER if user_namespace else 0))
    except OSError as error:
        raise CannotEnter(f"{entry.name} cannot be entered: {error.strerror}. The lab is another user's.") from None
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _become(command, where)
    return _wait(child)


def shell() -> list[str]:
    return [os.environ.get("SHELL") or pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"]


def _become(command: Sequence[str], where: Path) -> None:
    namespaces.set_death_signal(signal.SIGHUP)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what it starts would inherit that
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(where)
    except OSError:
        os.chdir("/")
    try:
        os.execvpe(command[0], list(command), environment())  # noqa: S606
    except FileNotFoundError:
        status = NOT_FOUND
    except OSError:
        status = NOT_RUNNABLE
    sys.stderr.write(f"baremint: {command[0]}: {'not found' if status == NOT_FOUND else 'cannot be run'}\n")
    sys.stderr.flush()
    os._exit(status)


def _wait(child: int) -> int:
    """The terminal sends Ctrl-C to the command itself; what is sent to us alone is passed on."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in PASSED_ON:
        signal.signal(number, pass_on)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status
