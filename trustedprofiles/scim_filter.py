"""The ``filter`` query of IAM collections: ``name co "web" and description ne "old"``.

A filter compares attributes with quoted text. Comparisons are joined by ``and`` and ``or``; ``and`` binds first. The
operators are those of SCIM (RFC 7644, section 3.4.2.2) that make sense for text; it is compared without regard to case,
as there.
"""

import re
from collections.abc import Collection

from django.db.models import Q

from controlplane.kernel.text import echoed

LONGEST = 1000
OPERATORS = {"eq": "iexact", "co": "icontains", "sw": "istartswith", "ew": "iendswith"}
TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\["\\])*)"|([A-Za-z_]+))')
COMPARISON = 3


def parse(text: str, *, attributes: Collection[str]) -> Q:
    """Parse the filter into a condition on rows. Raises ValueError with the reason."""
    words = _words(text)
    either = Q()
    for alternative in _split(words, "or"):
        all_of = Q()
        for comparison in _split(alternative, "and"):
            all_of &= _comparison(comparison, attributes)
        either |= all_of
    return either


def _words(text: str) -> list[tuple[str, bool]]:
    """Return the words, each with whether it was in quotes."""
    if len(text) > LONGEST:
        raise ValueError(f"It is longer than {LONGEST} characters.")
    words, position = [], 0
    rest = text.rstrip()
    while position < len(rest):
        token = TOKEN.match(rest, position)
        if token is None:
            raise ValueError(f"It is not understood from character {position + 1} on.")
        quoted, bare = token.groups()
        words.append((re.sub(r"\\(.)", r"\1", quoted), True) if bare is None else (bare, False))
        position = token.end()
    return words


def _split(words: list[tuple[str, bool]], joint: str) -> list[list[tuple[str, bool]]]:
    parts: list[list[tuple[str, bool]]] = [[]]
    for word, quoted in words:
        if not quoted and word.lower() == joint:
            parts.append([])
        else:
            parts[-1].append((word, quoted))
    return parts


def _comparison(words: list[tuple[str, bool]], attributes: Collection[str]) -> Q:
    if len(words) != COMPARISON or [quoted for _, quoted in words] != [False, False, True]:
        raise ValueError('A comparison has an attribute, an operator and a text in quotes: name co "web".')
    (attribute, _), (operator, _), (value, _) = words
    if attribute not in attributes:
        raise ValueError(f"There is no attribute {echoed(attribute)} to filter by, only {', '.join(attributes)}.")
    if operator.lower() == "ne":
        return ~Q(**{f"{attribute}__iexact": value})
    if operator.lower() not in OPERATORS:
        raise ValueError(f"operator is one of {', '.join([*OPERATORS, 'ne'])}.")
    return Q(**{f"{attribute}__{OPERATORS[operator.lower()]}": value})
