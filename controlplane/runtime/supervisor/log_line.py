"""Convert one line of a child's output to one line of the common log: time, child, level, event."""

import json
import re
from datetime import datetime

from controlplane.kernel.task_names import FORMER_TICK, TICK

WIDTH = 13
LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR", "critical": "FATAL"}
# "4903:M 23 Nov 2026 12:10:58.720 # message": process and role, local time, level as a sign.
VALKEY = re.compile(r"\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ (?P<sign>[.\-*#]) (?P<text>.*)")
VALKEYS_WARNING = "#"
"""Lines of other levels describe how it starts, saves and stops."""
# Advice for larger installations, messages of Valkey and Celery about SIGTERM, and Celery's message about the tick that
# wakes a stopping worker.
HIDDEN_LINES = (
    "WARNING Memory overcommit must be enabled!",
    ":signal-handler (",
    "ready to exit, bye bye",
    "worker: Warm shutdown",
    "Requeuing undeliverable message",
)
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode counts as letters or marks but that are invisible."""
ROUTINE = tuple(f"Task {name}[" for name in (TICK, FORMER_TICK))
"""How the lines of Celery's begin that say that a tick came, and that it ended."""


def render(child: str, line: str, *, now: datetime) -> str | None:
    """Return the line of the log, or None for a line without useful content."""
    if any(text in line for text in HIDDEN_LINES):
        return None
    if match := VALKEY.fullmatch(line):
        if match["sign"] != VALKEYS_WARNING:
            return None
        return _compose(f"{now:%H:%M:%S}", child, "warning", match["text"])
    record = _json_object(line)
    if record is None:
        return _compose(f"{now:%H:%M:%S}", child, "", line)
    time = str(record.pop("timestamp", ""))[11:19] or f"{now:%H:%M:%S}"
    level, event = str(record.pop("level", "")), str(record.pop("event", ""))
    if level == "info" and event.startswith(ROUTINE):
        return None
    record.pop("logger", None)
    exception = str(record.pop("exception", None) or "")
    text = " ".join([event, *(f"{name}={value}" for name, value in record.items())])
    return _compose(time, child, level, text, exception)


def _compose(time: str, child: str, level: str, text: str, below: str = "") -> str:
    """Join the parts of a line. The lines of ``below`` are indented under the text."""
    indented = "\n    ".join([_escaped(text.strip()), *map(_escaped, below.strip().split("\n") if below else ())])
    return f"{time} {child:<{WIDTH}} {LEVELS.get(level, level):<5} {indented}".rstrip()


def _escaped(text: str) -> str:
    """Escape what is not printable, so that a client's data cannot begin a line, move the cursor or reorder text."""
    if text.isprintable() and FILLERS.isdisjoint(text):
        return text
    return "".join(
        each if each.isprintable() and each not in FILLERS else each.encode("unicode_escape").decode() for each in text
    )


def _json_object(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
