"""The times of the steps of a start, relative to the start of this process. Standard library only."""

import os
import time

from controlplane.lab.state import started


class Timeline:
    def __init__(self) -> None:
        self._began = int(started(os.getpid())) / os.sysconf("SC_CLK_TCK")
        self._steps: list[tuple[int, str]] = []

    def note(self, step: str) -> None:
        self._steps.append((round((time.clock_gettime(time.CLOCK_BOOTTIME) - self._began) * 1000), step))

    def __str__(self) -> str:
        """Return the steps with their times in milliseconds."""
        return ", ".join(f"{step} at {milliseconds} ms" for milliseconds, step in self._steps)
