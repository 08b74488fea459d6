"""End another process: with SIGTERM, and after a time limit with SIGKILL."""

import os
import select
import signal

SECONDS_TO_DIE = 5.0


class CannotEnd(Exception):
    """The message says why the process could not be ended."""


def end(pid: int, *, seconds: float) -> bool:
    """End a process. Returns whether it ended within ``seconds`` of SIGTERM. Raises CannotEnd."""
    if _signal(pid, signal.SIGTERM, seconds):
        return True
    # SIGKILL leaves no orphans: the kernel ends every child with its parent (process_control.py).
    if not _signal(pid, signal.SIGKILL, SECONDS_TO_DIE):
        raise CannotEnd(f"Process {pid} does not end.")
    return False


def _signal(pid: int, number: signal.Signals, seconds: float) -> bool:
    """Send a signal. Returns whether the process ended within ``seconds``."""
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
