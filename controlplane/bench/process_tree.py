"""All that comes of what the benchmark starts, as Linux shows it in /proc: its CPU time, its memory, its end.

A program that goes on in the background leaves its parent. While ``adopted`` lasts, this process is who adopts such
orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so that everything stays below it in the tree.
"""

import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from controlplane.runtime.supervisor.process_control import LIBC

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    pid: int
    name: str
    memory: int
    """Its share of all memory, in bytes: what it shares with others counts in parts (proc_pid_smaps(5), Pss)."""


@contextmanager
def adopted() -> Iterator[None]:
    """In the end nothing is left of what was started in the block."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        end_all()
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def end_all() -> None:
    """Kill all descendants of this process and wait for their end."""
    while pids := descendants():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _take_note_of_the_dead()
        time.sleep(0.01)


def await_end(seconds: float) -> bool:
    """Wait for the end of all descendants. Returns whether they ended within ``seconds``."""
    give_up_at = time.monotonic() + seconds
    while descendants():
        _take_note_of_the_dead()
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.002)
    return True


def cpu_seconds() -> float:
    """Return the CPU time of all descendants ever, ended and running."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    # utime, stime, and cutime and cstime of its own children that have ended: fields 14 to 17 of proc_pid_stat(5).
    running = sum(sum(map(int, fields[11:15])) for pid in descendants() if (fields := _stat(pid)))
    return usage.ru_utime + usage.ru_stime + running / TICKS


def processes() -> list[Process]:
    """Return the descendants of this process, the largest first."""
    descriptions = [process for pid in descendants() if (process := _describe(pid))]
    return sorted(descriptions, key=lambda process: -process.memory)


def memory(processes: Iterable[Process]) -> int:
    """Return their total memory in bytes."""
    return sum(process.memory for process in processes)


def descendants() -> list[int]:
    """Return the process ids of all descendants, including zombies."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    pids = [os.getpid()]
    for each in pids:
        pids += children.get(each, [])
    return pids[1:]


def _stat(pid: int) -> list[str]:
    """Return the fields from the state on, because the name before it may have blanks. Empty for an ended process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _describe(pid: int) -> Process | None:
    folder = Path(f"/proc/{pid}")
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
        name = (folder / "comm").read_text().strip()
    except OSError:  # it has ended
        return None
    share = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return Process(pid, name, share * 1024)


def _take_note_of_the_dead() -> None:
    """Of all children: no other wait is under way when this is called."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
