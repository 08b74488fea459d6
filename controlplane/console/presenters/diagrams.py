"""Sequence diagrams: parties side by side, time downwards. Pure geometry for one SVG template.

A message is faint until it has happened, and then has the colour of its outcome; its number and a mark say the same
without colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "done", "refused"]

COLUMN, MARGIN, HEAD, ROW = 240, 100, 56, 46
ARROW = 7
MARKS = {"waiting": "", "done": " - done", "refused": " - refused"}


@dataclass(frozen=True)
class Message:
    source: int
    target: int
    """Numbers of the parties, from 0, left to right. Source and target are equal for what a party does by itself."""
    text: str
    state: State = "waiting"


@dataclass(frozen=True)
class Lane:
    name: str
    x: int
    left: int
    """Left edge of its box."""


@dataclass(frozen=True)
class Arrow:
    number: int
    text: str
    state: State
    label_x: int
    label_y: int
    path: str
    """An SVG path: line and head."""
    spoken: str
    own: bool = False
    """Whether it goes from a party to itself, with the text beside the line instead of above its middle."""


@dataclass(frozen=True)
class Diagram:
    title: str
    width: int
    height: int
    lanes: list[Lane]
    arrows: list[Arrow]


def diagram(title: str, parties: Sequence[str], messages: Sequence[Message]) -> Diagram:
    """Lay out a diagram. Every message keeps its position whether or not it has happened."""
    lanes = [Lane(name, MARGIN + COLUMN * number, MARGIN + COLUMN * number - 84) for number, name in enumerate(parties)]
    arrows = [_arrow(number, message, lanes) for number, message in enumerate(messages, start=1)]
    width = 2 * MARGIN + COLUMN * (len(parties) - 1)
    return Diagram(title, width, HEAD + ROW * len(messages) + 14, lanes, arrows)


def _arrow(number: int, message: Message, lanes: Sequence[Lane]) -> Arrow:
    y = HEAD + ROW * number - 10
    source, target = lanes[message.source], lanes[message.target]
    label = f"{number}. {source.name} to {target.name}: {message.text}{MARKS[message.state]}"
    if source is target:
        path = f"M{source.x} {y - 12}h26v12h-22m{ARROW} -{ARROW - 2}l-{ARROW} {ARROW - 2}l{ARROW} {ARROW - 2}"
        return Arrow(number, message.text, message.state, source.x + 34, y - 2, path, label, own=True)
    toward = 1 if target.x > source.x else -1
    head = f"m{-toward * ARROW} -{ARROW - 2}l{toward * ARROW} {ARROW - 2}l{-toward * ARROW} {ARROW - 2}"
    path = f"M{source.x} {y}H{target.x}{head}"
    return Arrow(number, message.text, message.state, (source.x + target.x) // 2, y - 7, path, label)
