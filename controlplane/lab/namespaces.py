"""System calls on namespaces and mounts that Python 3.11 lacks (namespaces(7), mount(2)). Standard library only."""

import ctypes
import os
import signal
from pathlib import Path

MOUNT = 0x0002_0000
UTS = 0x0400_0000
IPC = 0x0800_0000
USER = 0x1000_0000
PID = 0x2000_0000
NETWORK = 0x4000_0000

READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION = 0x1, 0x2, 0x4, 0x8
BIND, RECURSIVE, SLAVE = 0x1000, 0x4000, 0x8_0000

SET_DEATH_SIGNAL, GET_DEATH_SIGNAL = 1, 2  # prctl(2)
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)


def unshare(flags: int) -> None:
    """Move this process into new namespaces; a PID namespace takes its next child. Raises OSError."""
    _check(LIBC.unshare(flags), "unshare")


def join(process: int, flags: int) -> None:
    """Move this process into the namespaces of another one, given by its pidfd. Raises OSError."""
    _check(LIBC.setns(process, flags), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Call mount(2). Raises OSError with the target."""
    status = LIBC.mount(source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None)
    _check(status, target)


def death_signal() -> int:
    """Return the signal that this process receives when its parent ends; 0 for none."""
    number = ctypes.c_int()
    _check(LIBC.prctl(GET_DEATH_SIGNAL, ctypes.byref(number)), "prctl")
    return number.value


def set_death_signal(number: int = signal.SIGKILL) -> None:
    """Set the signal that this process receives when its parent ends. Entering a user namespace clears it."""
    _check(LIBC.prctl(SET_DEATH_SIGNAL, number), "prctl")


def map_identities(process: int, *, extents: str) -> None:
    """Write the id maps of a process's user namespace: lines of ``inside outside count`` (user_namespaces(7))."""
    folder = Path("/proc") / str(process)
    (folder / "uid_map").write_text(extents)
    (folder / "gid_map").write_text(extents)


def identity_map() -> str:
    """Return extents for ``map_identities`` that map every id of this user namespace to itself."""
    rows = (line.split() for line in Path("/proc/self/uid_map").read_text().splitlines())
    return "\n".join(f"{inside} {inside} {count}" for inside, _, count in rows)


def enter_user_namespace() -> None:
    """Enter a new user namespace that has only this user, as root. The process must have one thread."""
    uid, gid, number = os.geteuid(), os.getegid(), death_signal()
    parent = os.getppid()
    unshare(USER)
    me = Path("/proc/self")
    (me / "setgroups").write_text("deny")
    (me / "uid_map").write_text(f"0 {uid} 1")
    (me / "gid_map").write_text(f"0 {gid} 1")
    if number:
        set_death_signal(number)
        if os.getppid() != parent:  # the parent ended before the signal was set again
            os.kill(os.getpid(), number)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
