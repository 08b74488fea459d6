"""Words to a terminal or a pipe that may go away while the work goes on."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

STDOUT = 1
PASSING = (errno.ENOSPC, errno.EDQUOT)
"""What a full disk says, which may have room again."""


class Output(Protocol):
    def write(self, msg: str, /) -> object: ...

    def flush(self) -> object: ...


def say(stdout: Output, text: str) -> None:
    with unheard():
        try:
            stdout.write(text)
        except UnicodeEncodeError:  # what a client sent, or a terminal that knows few characters
            stdout.write(text.encode("ascii", "backslashreplace").decode())
        stdout.flush()


@contextmanager
def unheard() -> Iterator[None]:
    """Go on with the work although nobody can read any more what is said in this block."""
    try:
        yield
    except OSError as error:
        if error.errno not in PASSING:
            discard_the_rest()


def discard_the_rest() -> None:
    """Let the standard output lead nowhere, so that no further write to it fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
