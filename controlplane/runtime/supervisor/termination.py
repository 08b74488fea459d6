"""End a process that runs elsewhere: the gentle way, and after a while the hard one."""

import os
import select
import signal

SECONDS_TO_DIE = 5.0


class CannotEnd(Exception):
    """Why not."""


def end(pid: int, *, seconds: float) -> bool:
    """Returns whether it ended by itself within so many seconds. Raises CannotEnd."""
    if _signal(pid, signal.SIGTERM, seconds):
        return True
    # SIGKILL leaves nothing behind: the kernel ends every child with its parent (lifeline.py).
    if not _signal(pid, signal.SIGKILL, SECONDS_TO_DIE):
        raise CannotEnd(f"Process {pid} does not end.")
    return False


def _signal(pid: int, number: signal.Signals, seconds: float) -> bool:
    """Send a signal; returns whether the process ended within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        signal.pidfd_send_signal(handle, number)
        return bool(select.select([handle], [], [], seconds)[0])
    except ProcessLookupError:
        return True
    except PermissionError:
        raise CannotEnd(f"Process {pid} belongs to another user: run `baremint down` as that user.") from None
    finally:
        os.close(handle)
