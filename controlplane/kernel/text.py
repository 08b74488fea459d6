"""Text that can be kept: neither NUL, which PostgreSQL stores nowhere, nor a lone surrogate, which has no UTF-8."""

import re
from typing import Any

LONGEST_ECHO = 512
"""Characters of a request that a refusal repeats: more than the longest CRN or name here."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """The text with U+FFFD for what cannot be kept, as bytes are decoded that are no UTF-8."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def echoed(text: str) -> str:
    """What a refusal repeats of a request: all of a short text, whole words of a long one and its length.

    ``first words ... (4096 characters)``; no word, and so no CRN, is cut.
    """
    if len(text) <= LONGEST_ECHO:
        return text
    words = text[: LONGEST_ECHO + 1].rpartition(" ")[0]
    return f"{words} ... ({len(text)} characters)".strip()


def storable_json(value: Any) -> Any:
    """The same for all text in a JSON value."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): storable_json(each) for name, each in value.items()}
    return [storable_json(each) for each in value] if isinstance(value, list | tuple) else value
