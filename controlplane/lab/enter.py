"""Run a command in the namespaces of a server, with an environment that configures no client."""

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
# Variables of the caller's environment that describe the user, the terminal and the language. Proxies, endpoints and
# keys are left out, because a program in a server must work without configuration.
PASSED_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ")
NOT_FOUND, NOT_RUNNABLE = 127, 126
FORWARDED_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class CannotEnter(Exception):
    """The message says why the server cannot be entered and what to do."""


def find(state: State, identifier: str) -> Entry:
    """Return the server with this name, id or CRN. Raises CannotEnter."""
    matches = [each for each in state.servers if identifier in (each.id, each.crn)]
    matches = matches or [each for each in state.servers if identifier == each.name]
    if len(matches) > 1:
        ids = ", ".join(each.id for each in matches)
        raise CannotEnter(f"Several servers are named {identifier}. Choose one by id: {ids}.")
    if not matches:
        names = ", ".join(each.name for each in state.servers) or "none"
        raise CannotEnter(f"There is no server {identifier} in the lab. Its servers are: {names}.")
    return matches[0]


def environment() -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name in PASSED_VARIABLES or name.startswith("LC_")
    }
    return {"PATH": os.defpath, **inherited, **trust_store.VARIABLES}


def enter(entry: Entry, command: Sequence[str], *, user_namespace: bool) -> int:
    """Run a command in the server on this terminal and return its exit status, as a shell does. Raises CannotEnter."""
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
        raise CannotEnter(
            f"{entry.name} cannot be entered: {error.strerror}. The lab belongs to another user."
        ) from None
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _execute(command, where)
    return _wait(child)


def shell() -> list[str]:
    return [os.environ.get("SHELL") or pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"]


def _execute(command: Sequence[str], where: Path) -> None:
    namespaces.set_death_signal(signal.SIGHUP)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and the command would inherit that
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
    """Wait for the command. The terminal sends Ctrl-C to it directly; signals to this process alone are forwarded."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in FORWARDED_SIGNALS:
        signal.signal(number, pass_on)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status
