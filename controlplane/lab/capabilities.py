"""Detect which namespaces this machine allows: as root, in a user namespace, or none, with what to change."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from controlplane.lab import namespaces

TOOLS = {"ip": "iproute2", "nsenter": "util-linux", "sleep": "coreutils"}
TRIAL = "link add trial0 type veth peer name trial1"
SERVER_NAMESPACES = namespaces.MOUNT | namespaces.NETWORK | namespaces.PID | namespaces.UTS | namespaces.IPC
SYSCTL = Path("/proc/sys")
# Sysctls that restrict user namespaces: name, restricting value, permitting value, meaning of the restriction.
SYSCTL_RESTRICTIONS = (
    ("user/max_user_namespaces", "0", "15000", "user namespaces are disabled"),
    ("kernel/unprivileged_userns_clone", "0", "1", "only root may create user namespaces"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0", "AppArmor removes all capabilities in user namespaces"),
)


class CannotIsolate(Exception):
    """The machine allows no namespaces. The message says what is missing and how to allow it."""


@dataclass(frozen=True)
class Capabilities:
    """How the lab can create namespaces on this machine."""

    rootless: bool
    """The whole lab must run in one user namespace."""
    user_namespace: bool
    """Each server can have its own user namespace."""


def detect() -> Capabilities:
    """Create namespaces in child processes and return what works. Raises CannotIsolate."""
    missing = {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}
    if missing:
        tools = ", ".join(f"{tool} (package {package})" for tool, package in missing.items())
        raise CannotIsolate(f"The lab needs {tools}. On Debian: sudo apt-get install {' '.join(missing.values())}")
    failure = _try(SERVER_NAMESPACES)
    if failure is None:
        return Capabilities(rootless=False, user_namespace=_try(SERVER_NAMESPACES, user=True) is None)
    rootless_failure = _try(SERVER_NAMESPACES, user=True)
    if rootless_failure is None:
        return Capabilities(rootless=True, user_namespace=True)
    raise CannotIsolate(explanation(failure, rootless_failure, is_root=os.geteuid() == 0, restrictions=_restrictions()))


def explanation(failure: str, rootless_failure: str, *, is_root: bool, restrictions: list[str]) -> str:
    """Return the text of the error that the user reads. ``restrictions`` are hints, one sentence each."""
    who = "root, without the capabilities for that (CAP_SYS_ADMIN, CAP_NET_ADMIN)" if is_root else "an ordinary user"
    hints = restrictions or ["Run it as root, or in a container with --privileged or --cap-add SYS_ADMIN,NET_ADMIN."]
    return "\n".join(
        [
            "The lab needs namespaces, but this machine does not allow them:",
            f"  as this user, who is {who}: {failure}",
            f"  in a user namespace: {rootless_failure}",
            *(f"  {hint}" for hint in hints),
        ]
    )


def _restrictions() -> list[str]:
    hints = []
    for name, bad, good, meaning in SYSCTL_RESTRICTIONS:
        path = SYSCTL / name
        if path.exists() and path.read_text().strip() == bad:
            dotted = name.replace("/", ".")
            hints.append(f"{dotted} is {bad}: {meaning}. Allow them: sudo sysctl -w {dotted}={good}")
    return hints


def _try(flags: int, *, user: bool = False) -> str | None:
    """Return why a veth pair cannot be created in such namespaces, or None when it can."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, _trial(flags, user=user).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        message = pipe.read()
    os.waitpid(child, 0)
    return message or None


def _trial(flags: int, *, user: bool) -> str:
    try:
        if user:
            namespaces.enter_user_namespace()
        namespaces.unshare(flags)
        namespaces.mount("none", "/", flags=namespaces.RECURSIVE | namespaces.SLAVE)
        namespaces.mount("tmpfs", "/run", "tmpfs")
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    command = ["ip", *TRIAL.split()]
    process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return process.stderr.strip() if process.returncode else ""
