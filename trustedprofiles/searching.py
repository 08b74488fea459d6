"""The part of Global Search's query language that is understood (D-24): ``crn:`` and ``tags:`` terms joined by OR."""

import re
from dataclasses import dataclass, field

TERM = re.compile(r'(?P<field>crn|tags|access_tags):(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>(?:[^\s"()*?\\]|\\.)+))')
OR = re.compile(r"\s+OR\s+")
ESCAPED = re.compile(r"\\(.)")
UNDERSTOOD = (
    'Understood are crn:"<crn>", tags:"<user tag>" and access_tags:"<access tag>", '
    "with or without quotes, without wildcards, several joined with OR."
)


@dataclass(frozen=True)
class Wanted:
    """Resources that have one of the CRNs, or carry one of the tags (lower case)."""

    crn: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    access_tags: list[str] = field(default_factory=list)


def parse_query(text: str) -> Wanted:
    """Read a query. Raises ValueError, saying what is understood."""
    text = text.strip()
    wanted: dict[str, list[str]] = {"crn": [], "tags": [], "access_tags": []}
    position = 0
    while term := TERM.match(text, position):
        value = ESCAPED.sub(r"\1", term["quoted"] if term["bare"] is None else term["bare"])
        wanted[term["field"]].append(value if term["field"] == "crn" else value.lower())
        if term.end() == len(text):
            return Wanted(**wanted)
        joint = OR.match(text, term.end())
        if not joint:
            break
        position = joint.end()
    raise ValueError(UNDERSTOOD)
