"""Write text to a terminal or pipe that may be closed while the work continues."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

STDOUT = 1
PASSING = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a full disk, which may have space again later."""


class Output(Protocol):
    def write(self, msg: str, /) -> object: ...

    def flush(self) -> object: ...


def write_text(stdout: Output, text: str) -> None:
    with ignore_closed_output():
        try:
            stdout.write(text)
        except UnicodeEncodeError:  # a client's data, or a terminal with a small character set
            stdout.write(text.encode("ascii", "backslashreplace").decode())
        stdout.flush()


@contextmanager
def ignore_closed_output() -> Iterator[None]:
    """Ignore write errors in this block, and discard further output once the output is closed."""
    try:
        yield
    except OSError as error:
        if error.errno not in PASSING:
            discard_output()


def discard_output() -> None:
    """Redirect the standard output to the null device, so that no further write to it fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
