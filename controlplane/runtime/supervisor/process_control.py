"""What only prctl(2) can say of a process: that it dies with its parent, however the parent dies; and its name."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> Callable[[], None]:
    """To run in a fresh child: the kernel kills it when the thread that started it ends.

    SIGKILL, not SIGTERM: this is for a parent that was killed itself, and whoever starts again right after must find
    no port, socket or file held. Nothing is lost by it that a ``kill -9`` of everything would not lose.
    """

    def apply() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return apply


def set_name(name: str) -> None:
    """The name of this process in ``ps -o comm``, ``top`` and ``/proc/PID/comm``: its first 15 bytes."""
    LIBC.prctl(PR_SET_NAME, name.encode())
