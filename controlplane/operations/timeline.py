"""When each step of a start was reached, counted from the begin of this process. Standard library only."""

import os
import time
from pathlib import Path

STARTED = 19
"""Field 22 of proc_pid_stat(5), counted from the one behind the name: clock ticks since the machine was started."""


class Timeline:
    def __init__(self) -> None:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[STARTED])
        self._began = ticks / os.sysconf("SC_CLK_TCK")
        self._steps: list[tuple[int, str]] = []

    def note(self, step: str) -> None:
        self._steps.append((round((time.clock_gettime(time.CLOCK_BOOTTIME) - self._began) * 1000), step))

    def __str__(self) -> str:
        """In milliseconds."""
        return ", ".join(f"{step} at {milliseconds} ms" for milliseconds, step in self._steps)
