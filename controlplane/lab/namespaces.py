"""System calls on namespaces and mounts that Python 3.11 does not offer (namespaces(7), mount(2)). Standard library."""

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
    """Move this process into new namespaces; of PID, its next child. Raises OSError."""
    _check(LIBC.unshare(flags), "unshare")


def join(process: int, flags: int) -> None:
    """Move this process into namespaces of another one, named by a pidfd. Raises OSError."""
    _check(LIBC.setns(process, flags), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Raises OSError, which names the target."""
    done = LIBC.mount(source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None)
    _check(done, target)


def death_signal() -> int:
    """The signal that this process gets when its parent ends; 0 for none."""
    number = ctypes.c_int()
    _check(LIBC.prctl(GET_DEATH_SIGNAL, ctypes.byref(number)), "prctl")
    return number.value


def set_death_signal(number: int = signal.SIGKILL) -> None:
    """Entering a user namespace forgets it, so it has to be set again after that."""
    _check(LIBC.prctl(SET_DEATH_SIGNAL, number), "prctl")


def map_identities(process: int, *, extents: str) -> None:
    """Say who is who in the user namespace of a process: lines of ``inside outside count`` (user_namespaces(7))."""
    folder = Path("/proc") / str(process)
    (folder / "uid_map").write_text(extents)
    (folder / "gid_map").write_text(extents)


def same_identities() -> str:
    """For map_identities: everybody of our own user namespace by the number that it has here."""
    rows = (line.split() for line in Path("/proc/self/uid_map").read_text().splitlines())
    return "\n".join(f"{inside} {inside} {count}" for inside, _, count in rows)


def become_root_of_own() -> None:
    """Enter a new user namespace as its root; nobody else is in it. For a process of one thread."""
    uid, gid, number = os.geteuid(), os.getegid(), death_signal()
    parent = os.getppid()
    unshare(USER)
    me = Path("/proc/self")
    (me / "setgroups").write_text("deny")
    (me / "uid_map").write_text(f"0 {uid} 1")
    (me / "gid_map").write_text(f"0 {gid} 1")
    if number:
        set_death_signal(number)
        if os.getppid() != parent:  # it died meanwhile
            os.kill(os.getpid(), number)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
