"""Calls of prctl(2): let a process die with its parent, however the parent ends, and set its name."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> Callable[[], None]:
    """Return a function for a new child. The kernel then kills the child when the thread that started it ends.

    The signal is SIGKILL and not SIGTERM, because it matters when the parent was killed itself: the next start must
    find every port, socket and file free. It loses no more than a ``kill -9`` of all processes.
    """

    def apply() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)

    return apply


def set_name(name: str) -> None:
    """Set the name of this process in ``ps -o comm``, ``top`` and ``/proc/PID/comm``, which has at most 15 bytes."""
    LIBC.prctl(PR_SET_NAME, name.encode())
