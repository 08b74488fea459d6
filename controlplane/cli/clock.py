"""The commands of ``baremint clock`` for the domain's clock, ``/_baremint/clock``."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.cli.client import Client

PATH = "/_baremint/clock"
UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
DURATION = re.compile(r"(?=.)" + "".join(rf"(?:(?P<{unit}>\d{{1,9}}){unit})?" for unit in UNITS))


def seconds(text: str) -> int:
    """Parse a duration such as ``1h``, ``90m``, ``1d12h``: days, hours, minutes, seconds, in this order."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError("it must be like 1h, 90m, 1d12h or 30s")
    return sum(int(match[unit] or 0) * size for unit, size in UNITS.items())


def add_commands(parser: ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=ArgumentParser)
    commands.add_parser("show", help="show the time, also without a command")
    for command, meaning in (("advance", "move forward by a duration"), ("back", "move back by a duration")):
        moving = commands.add_parser(command, help=meaning)
        moving.add_argument("duration", type=seconds, metavar="DURATION", help="such as 1h, 90m, 1d12h")
    commands.add_parser("freeze", help="stop at the present time")
    commands.add_parser("resume", help="run from the present time")
    setting = commands.add_parser("set", help="set the time; it runs or stands still as before")
    setting.add_argument("instant", metavar="INSTANT", help="2027-01-01T12:00:00Z")
    commands.add_parser("reset", help="set the machine's time and run")


MOVEMENTS: dict[str | None, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "advance": lambda options: {"advance_seconds": options["duration"]},
    "back": lambda options: {"advance_seconds": -options["duration"]},
    "freeze": lambda options: {"frozen": True},
    "resume": lambda options: {"frozen": False},
    "set": lambda options: {"now": options["instant"]},
    "reset": lambda options: {"offset_seconds": 0, "frozen": False},
}


def movement(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the body of the command; None when it only shows the time."""
    body_of = MOVEMENTS.get(options["command"])
    return body_of(options) if body_of else None


def turn(client: Client, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """Move the clock, or only read it without a body. Raises Refused, CannotCall."""
    return client.call("GET", PATH) if body is None else client.call("PUT", PATH, body)


def as_text(reading: Mapping[str, Any]) -> str:
    """Return the time and its difference from the machine's as text."""
    ahead = round(reading["offset_seconds"])
    distance = (
        f"{_duration_text(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the machine's clock" if ahead else ""
    )
    running = "frozen" if reading["frozen"] else "" if distance else "as the machine's clock"
    return f"{reading['now']}   {', '.join(filter(None, (running, distance)))}"


def _duration_text(duration: int) -> str:
    parts = []
    for unit, size in UNITS.items():
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)
