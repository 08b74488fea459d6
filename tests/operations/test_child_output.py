"""What a child prints, as lines: whatever a client can have it print begins none."""

import os
from collections.abc import Iterator

import pytest

from controlplane.runtime.supervisor.child import LONGEST_LINE, Output


@pytest.fixture
def output() -> Iterator[Output]:
    child_output = Output()
    yield child_output
    os.close(child_output.reading)


def read_all(output: Output, *printed: bytes) -> list[str]:
    """All lines of a child that prints this and ends."""
    lines_read: list[str] = []
    for piece in printed:
        os.write(output.writing, piece)
        lines_read += output.read() or []
    os.close(output.writing)
    while (lines := output.read()) is not None:
        lines_read += lines
    return lines_read


def test_lines_are_told_as_they_become_complete(output: Output) -> None:
    assert read_all(output, b"a\nb", b"c\nd") == ["a", "bc", "d"]


@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_the_rest_of_a_line_without_end_is_no_line(output: Output, pieces: int) -> None:
    first, *rest = read_all(output, b"first\n", *[b"x" * (LONGEST_LINE - 1)] * pieces, b"08:00 forged\nlast\n")
    assert first == "first"
    assert [line[:10] for line in rest] == ["xxxxxxxxxx", "last"]


def test_a_line_without_end_that_is_the_last_one_ends_with_its_child(output: Output) -> None:
    [line] = read_all(output, *[b"x" * (LONGEST_LINE - 1)] * 3)
    assert set(line) == {"x"}
