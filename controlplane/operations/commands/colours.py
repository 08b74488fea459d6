"""Red text for errors, where Django would colour it too."""

import sys
from typing import TextIO


def red(text: str, *, on: TextIO, bold: bool = False, forced: bool = False) -> str:
    if not (on.isatty() and (forced or sys.stdout.isatty())):
        return text
    return f"\x1b[31{';1' if bold else ''}m{text}\x1b[0m"
