"""``baremint clock``: words into movements, readings into words."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

import pytest

from controlplane.cli.clock import add_commands, as_text, movement, seconds


def wanted(*words: str) -> dict[str, Any] | None:
    parser = ArgumentParser()
    add_commands(parser)
    return movement(vars(parser.parse_args(words)))


@pytest.mark.parametrize(
    ("text", "expected"), [("1h", 3600), ("90m", 5400), ("1d12h", 129_600), ("30s", 30), ("1d2h3m4s", 93_784)]
)
def test_a_duration_is_read(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "1h1d", "-1h", "1.5h", "one hour"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        seconds(text)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], None),
        (["show"], None),
        (["advance", "1h"], {"advance_seconds": 3600}),
        (["back", "1h"], {"advance_seconds": -3600}),
        (["freeze"], {"frozen": True}),
        (["resume"], {"frozen": False}),
        (["set", "2027-01-01T00:00:00Z"], {"now": "2027-01-01T00:00:00Z"}),
        (["reset"], {"offset_seconds": 0, "frozen": False}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_words_are_a_movement(words: list[str], expected: dict[str, Any] | None) -> None:
    assert wanted(*words) == expected


@pytest.mark.parametrize(
    ("frozen", "offset", "text"),
    [
        (False, 0.2, "NOW   as the machine's clock"),
        (False, 5400.0, "NOW   1h 30m ahead of the machine's clock"),
        (True, -86_400.4, "NOW   frozen, 1d behind the machine's clock"),
        (True, 0.0, "NOW   frozen"),
    ],
)
def test_a_reading_is_said_in_one_line(frozen: bool, offset: float, text: str) -> None:
    assert as_text({"now": "NOW", "frozen": frozen, "offset_seconds": offset}) == text
