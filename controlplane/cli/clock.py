"""The domain's clock, in words: ``/_baremint/clock``."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.cli.client import Client

PATH = "/_baremint/clock"
UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
DURATION = re.compile(r"(?=.)" + "".join(rf"(?:(?P<{unit}>\d{{1,9}}){unit})?" for unit in UNITS))


def seconds(text: str) -> int:
    """``1h``, ``90m``, ``1d12h``: days, hours, minutes, seconds, in this order."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError("it must be like 1h, 90m, 1d12h or 30s")
    return sum(int(match[unit] or 0) * size for unit, size in UNITS.items())


def add_words(parser: ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", metavar="WORD", title="words", parser_class=ArgumentParser)
    words.add_parser("show", help="what it shows; the same without a word")
    for word, meaning in (("advance", "go on by a duration"), ("back", "go back by a duration")):
        moving = words.add_parser(word, help=meaning)
        moving.add_argument("duration", type=seconds, metavar="DURATION", help="such as 1h, 90m, 1d12h")
    words.add_parser("freeze", help="stand still at what it shows")
    words.add_parser("resume", help="run on from what it shows")
    setting = words.add_parser("set", help="show an instant, and run or stand still as before")
    setting.add_argument("instant", metavar="INSTANT", help="2027-01-01T12:00:00Z")
    words.add_parser("reset", help="show the machine's time and run")


MOVEMENTS: dict[str | None, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "advance": lambda options: {"advance_seconds": options["duration"]},
    "back": lambda options: {"advance_seconds": -options["duration"]},
    "freeze": lambda options: {"frozen": True},
    "resume": lambda options: {"frozen": False},
    "set": lambda options: {"now": options["instant"]},
    "reset": lambda options: {"offset_seconds": 0, "frozen": False},
}


def movement(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The body that the words stand for; None when they only ask."""
    wanted = MOVEMENTS.get(options["word"])
    return wanted(options) if wanted else None


def turn(client: Client, wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """Move the clock, or only look. Raises Refused, CannotCall."""
    return client.call("GET", PATH) if wanted is None else client.call("PUT", PATH, wanted)


def as_text(reading: Mapping[str, Any]) -> str:
    """For a person: the time, and how it differs from the machine's."""
    ahead = round(reading["offset_seconds"])
    distance = f"{_words(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the machine's clock" if ahead else ""
    running = "frozen" if reading["frozen"] else "" if distance else "as the machine's clock"
    return f"{reading['now']}   {', '.join(filter(None, (running, distance)))}"


def _words(rest: int) -> str:
    parts = []
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)
