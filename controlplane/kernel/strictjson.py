"""Parse bytes as a JSON object, whatever the Content-Type is.

IBM's curl examples send JSON under curl's default form type, so the type is ignored. An empty body equals ``{}``.
Duplicate keys, NaN, numbers beyond a double, lone surrogates and deep nesting are refused.
"""

import json
from math import isfinite
from typing import Any, NoReturn

from controlplane.kernel.errors import InvalidRequest
from controlplane.kernel.text import echoed

DEEPEST = 32
MOST_DIGITS = 4_300
"""Of a whole number: Python reads no longer ones."""


def parse_object(body: bytes, *, limit: int) -> dict[str, Any]:
    """Parse a JSON object of at most ``limit`` bytes. Raises InvalidRequest for anything else."""
    if len(body) > limit:
        raise InvalidRequest(f"The request body is larger than {limit} bytes. Send a smaller one.")
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short,
        )
        if b"\\u" in body:  # an escape may be a lone surrogate, which no later step can encode
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except InvalidRequest:
        raise
    except (ValueError, RecursionError, MemoryError):
        raise InvalidRequest("The request body is not valid JSON in UTF-8. Send a JSON object.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The request body must be a JSON object, such as {}.")
    if _depth(value) > DEEPEST:
        raise InvalidRequest(f"The request body is nested more than {DEEPEST} levels deep.")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    properties = dict(pairs)
    if len(properties) != len(pairs):
        raise InvalidRequest("The request body names the same property twice in one object.")
    return properties


def _no_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"{name} is not a JSON value.")


def _short(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise InvalidRequest(f"A number of {len(text)} digits is too long.")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # no database stores infinity as JSON
        raise InvalidRequest(f"The number {echoed(text)} is too large.")
    return number


def _depth(value: Any) -> int:
    deepest, pending = 0, [(value, 1)]
    while pending:
        item, level = pending.pop()
        deepest = max(deepest, level)
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        pending.extend((child, level + 1) for child in children if isinstance(child, dict | list))
    return deepest
