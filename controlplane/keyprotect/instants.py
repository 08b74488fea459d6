"""Instants in RFC 3339."""

import re
from datetime import UTC, datetime

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse(text: str) -> datetime | None:
    """Return the instant in UTC; None for a text of another form, and for a day or time that does not exist."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
