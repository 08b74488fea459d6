"""A command and all that comes of it, to see what is left when it is interrupted."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests import process_tree
from tests.live.operator import eventually
from tests.live.product import ROOT
from tests.process_tree import command_line, descendants

SUBREAPER = Path(__file__).with_name("subreaper.py")
LONGEST = 10
"""Seconds within which everything has to be gone."""
MOMENT_SECONDS = 90


class Terminal:
    """A terminal whose other end, a window, can be closed. To be given as the output of a family."""

    def __init__(self) -> None:
        self._window, slave = os.openpty()
        self._path, self._said = Path(os.ttyname(slave)), b""
        os.set_blocking(self._window, False)
        # No other process keeps it open: the command opens it by its name.
        os.close(slave)

    def __fspath__(self) -> str:
        return str(self._path)

    def read_text(self) -> str:
        """All that was written to it."""
        with suppress(BlockingIOError, OSError):
            while chunk := os.read(self._window, 65_536):
                self._said += chunk
        return self._said.decode(errors="replace")

    def close(self) -> None:
        os.close(self._window)
        self._window = -1


class Family:
    def __init__(self, reaper: subprocess.Popen[bytes], output: Path | Terminal) -> None:
        self._reaper = reaper
        self._words: IO[bytes] = reaper.stdout  # type: ignore[assignment]
        self._output = output
        self.head = int(self._words.readline())
        """The process of the command itself."""

    @property
    def output(self) -> str:
        return self._output.read_text()

    def status(self, seconds: float = LONGEST) -> int:
        """The exit status of the command, which ends within so many seconds."""
        assert select.select([self._words], [], [], seconds)[0], f"still there:\n{self.output}"
        return int(self._words.readline())

    def living(self) -> dict[int, str]:
        """The command lines of all that run, by process id."""
        return {pid: command_line(pid) for pid in descendants(self._reaper.pid)}

    def find(self, *words: str) -> int | None:
        """A process of Python's whose command line has these words, one after the other."""
        command_words = f" {' '.join(words)} "
        python = str(Path(sys.executable).with_name("python"))  # or python3, as scripts call it
        return next(
            (pid for pid, line in self.living().items() if line.startswith(python) and command_words in f"{line} "),
            None,
        )

    def await_process(self, *words: str) -> int:
        return int(eventually(lambda: self.find(*words), seconds=MOMENT_SECONDS))

    def await_named(self, name: str) -> int:
        """A process that calls itself so, such as the fork of a service."""
        return int(eventually(lambda: self._named(name), seconds=MOMENT_SECONDS))

    def _named(self, name: str) -> int | None:
        return next((pid for pid in self.living() if process_tree.name(pid) == name), None)

    def await_words(self, words: str) -> None:
        eventually(lambda: words in self.output, seconds=MOMENT_SECONDS, every=0.005)

    def assert_gone(self) -> None:
        give_up_at = time.monotonic() + LONGEST
        while processes := self.living():
            assert time.monotonic() < give_up_at, f"{processes}\n{self.output}"
            time.sleep(0.05)


@contextmanager
def family(command: Sequence[str], *, environment: Mapping[str, str], output: Path | Terminal) -> Iterator[Family]:
    """Run a command. ``output``: a file for what it says, or a terminal. In the end whatever is left is killed."""
    with subprocess.Popen(
        [sys.executable, "-P", str(SUBREAPER), os.fspath(output), *command],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reaper:
        assert reaper.stdin
        try:
            yield Family(reaper, output)
        finally:
            reaper.stdin.close()
            reaper.wait()


def with_parent(command: Sequence[str]) -> list[str]:
    """A command line whose first process is not the command, but its parent."""
    return ["sh", "-c", '"$@"; exit $?', "sh", *command]
