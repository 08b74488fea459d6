"""What this machine lets us do: namespaces as root, in a user namespace, or not at all, and then what to change."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from controlplane.lab import namespaces

TOOLS = {"ip": "iproute2", "nsenter": "util-linux", "sleep": "coreutils"}
TRIAL = "link add trial0 type veth peer name trial1"
OWN = namespaces.MOUNT | namespaces.NETWORK | namespaces.PID | namespaces.UTS | namespaces.IPC
SYSCTL = Path("/proc/sys")
# What forbids user namespaces: the value that does, and the one that does not.
SWITCHES = (
    ("user/max_user_namespaces", "0", "15000", "no user namespaces may be made"),
    ("kernel/unprivileged_userns_clone", "0", "1", "ordinary users may make no user namespaces"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0", "AppArmor takes all power from user namespaces"),
)


class CannotIsolate(Exception):
    """Says what is missing and how to allow it."""


@dataclass(frozen=True)
class Support:
    rootless: bool
    """Everything has to be done in one user namespace."""
    user_namespace: bool
    """Each server can have one of its own."""


def find() -> Support:
    """Tries it, in child processes. Raises CannotIsolate."""
    missing = [f"{tool} (package {package})" for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise CannotIsolate(f"The lab needs {', '.join(missing)}. On Debian: sudo apt-get install {_packages()}")
    as_we_are = _try(OWN)
    if as_we_are is None:
        return Support(rootless=False, user_namespace=_try(OWN, user=True) is None)
    as_root_of_own = _try(OWN, user=True)
    if as_root_of_own is None:
        return Support(rootless=True, user_namespace=True)
    raise CannotIsolate(explanation(as_we_are, as_root_of_own, is_root=os.geteuid() == 0, forbidden=_forbidden()))


def explanation(as_we_are: str, as_root_of_own: str, *, is_root: bool, forbidden: list[str]) -> str:
    """For a person. ``forbidden`` are hints, each a sentence."""
    who = "root, without the capabilities for that (CAP_SYS_ADMIN, CAP_NET_ADMIN)" if is_root else "an ordinary user"
    hints = forbidden or ["Run it as root, or in a container with --privileged or --cap-add SYS_ADMIN,NET_ADMIN."]
    return "\n".join(
        [
            "The lab needs namespaces, and this machine allows none:",
            f"  as this user, who is {who}: {as_we_are}",
            f"  in a user namespace: {as_root_of_own}",
            *(f"  {hint}" for hint in hints),
        ]
    )


def _packages() -> str:
    return " ".join(package for tool, package in TOOLS.items() if shutil.which(tool) is None)


def _forbidden() -> list[str]:
    found = []
    for name, bad, good, meaning in SWITCHES:
        path = SYSCTL / name
        if path.exists() and path.read_text().strip() == bad:
            dotted = name.replace("/", ".")
            found.append(f"{dotted} is {bad}: {meaning}. Allow them: sudo sysctl -w {dotted}={good}")
    return found


def _try(flags: int, *, user: bool = False) -> str | None:
    """Why a cable cannot be laid in such namespaces; None when it can."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, _trial(flags, user=user).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said or None


def _trial(flags: int, *, user: bool) -> str:
    try:
        if user:
            namespaces.become_root_of_own()
        namespaces.unshare(flags)
        namespaces.mount("none", "/", flags=namespaces.RECURSIVE | namespaces.SLAVE)
        namespaces.mount("tmpfs", "/run", "tmpfs")
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    done = subprocess.run(["ip", *TRIAL.split()], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stderr.strip() if done.returncode else ""
