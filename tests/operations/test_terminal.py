"""What is said to a terminal or into a log, whatever it is made of."""

import errno
import io
import os

import pytest

from controlplane.operations.terminal import STDOUT, write_text


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("utf-8", "a server of one's own: web-1 ✓", "a server of one's own: web-1 ✓"),
        ("utf-8", "half a character: \ud800", r"half a character: \ud800"),
        ("ascii", "Müller", r"M\xfcller"),
    ],
)
def test_what_cannot_be_written_is_shown_by_its_number(encoding: str, text: str, shown: str) -> None:
    output = io.TextIOWrapper(buffer := io.BytesIO(), encoding=encoding)
    write_text(output, text)
    assert buffer.getvalue().decode(encoding) == shown


class Full(io.StringIO):
    """A file on a disk without room."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_was_full_does_not_silence_the_log() -> None:
    before = os.fstat(STDOUT)
    write_text(Full(), "lost")
    assert os.path.samestat(os.fstat(STDOUT), before)
