"""Text that can be stored: without NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 lacks."""

import re
from typing import Any

LONGEST_ECHO = 512
"""Characters of a request that a refusal repeats, more than the longest CRN or name has."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """Return the text with U+FFFD for characters that cannot be stored."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def echoed(text: str) -> str:
    """Return what a refusal repeats of a request: a short text, or the first words of a long one and its length.

    ``first words ... (4096 characters)``. Words, and so CRNs, are not cut.
    """
    if len(text) <= LONGEST_ECHO:
        return text
    words = text[: LONGEST_ECHO + 1].rpartition(" ")[0]
    return f"{words} ... ({len(text)} characters)".strip()


def storable_json(value: Any) -> Any:
    """Apply ``storable`` to all text in a JSON value."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): storable_json(each) for name, each in value.items()}
    return [storable_json(each) for each in value] if isinstance(value, list | tuple) else value
