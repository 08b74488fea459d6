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
    """Kill what runs below this process, and wait until it is gone."""
    while found := descendants():
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _take_note_of_the_dead()
        time.sleep(0.01)


def await_end(seconds: float) -> bool:
    """Wait until nothing runs below this process; returns whether that came true within so many seconds."""
    give_up_at = time.monotonic() + seconds
    while descendants():
        _take_note_of_the_dead()
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.002)
    return True


def cpu_seconds() -> float:
    """CPU time of all that was ever started below this process: of what has ended, and of what runs."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    # utime, stime, and cutime and cstime of its own children that have ended: fields 14 to 17 of proc_pid_stat(5).
    running = sum(sum(map(int, fields[11:15])) for pid in descendants() if (fields := _stat(pid)))
    return ended.ru_utime + ended.ru_stime + running / TICKS


def processes() -> list[Process]:
    """What runs below this process, the largest first."""
    found = [process for pid in descendants() if (process := _describe(pid))]
    return sorted(found, key=lambda process: -process.memory)


def memory(processes: Iterable[Process]) -> int:
    """Of all of them, in bytes."""
    return sum(process.memory for process in processes)


def descendants() -> list[int]:
    """Process ids below this one, however far down, also of those that have ended and that nobody has taken note of."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    found = [os.getpid()]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def _stat(pid: int) -> list[str]:
    """From the state on; the name before it may hold blanks and brackets. Empty when the process is gone."""
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
