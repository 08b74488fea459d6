"""Words to a terminal or a pipe that may go away while the work goes on."""

import os
from typing import Protocol

STDOUT = 1


class Output(Protocol):
    def write(self, msg: str, /) -> object: ...

    def flush(self) -> object: ...


def say(stdout: Output, text: str) -> None:
    try:
        stdout.write(text)
        stdout.flush()
    except OSError:
        discard_the_rest()


def discard_the_rest() -> None:
    """Let the standard output lead nowhere, so that no further write to it fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
