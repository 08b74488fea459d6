"""The part of Global Search's query language that is understood (D-24): terms joined by OR, with wildcards."""

import re
from dataclasses import dataclass, field

TERM = re.compile(
    r'(?:(?P<field>crn|tags|access_tags):)?"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r'|(?P<of>crn|tags|access_tags):(?P<bare>(?:[^\s"()\\]|\\.)+)'
    r"|(?P<word>(?:[^\s\"()\\:^~\[\]{}/&|!+-]|\\.)(?:[^\s\"()\\:^~\[\]{}/&|]|\\.)*)"
)
"""A word without a field contains no special characters of Lucene, unless they are escaped."""
OPERATORS = ("AND", "OR", "NOT")
OR = re.compile(r"\s+OR\s+")
ESCAPED = re.compile(r"\\(.)")
LITERAL = re.compile(r"\\[*?]")
WILDCARD = re.compile(r"[*?]")
MOST_PATTERNS = 20
UNDERSTOOD = (
    'Understood are crn:"<crn>", tags:"<user tag>", access_tags:"<access tag>" and a word that is one of these, '
    f"joined with OR; without quotes, up to {MOST_PATTERNS} of them with the wildcards * and ?."
)
FIELDS = ("crn", "tags", "access_tags")


@dataclass(frozen=True)
class SearchQuery:
    """A parsed query: resources with one of the CRNs, one of the tags (lower case), or a match of one of the
    patterns."""

    crn: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    access_tags: list[str] = field(default_factory=list)
    patterns: list[tuple[str, str]] = field(default_factory=list)
    """Field and pattern: ``*`` is any run of characters, ``?`` any one."""

    def add(self, name: str, value: str, *, pattern: bool) -> None:
        text = value if name == "crn" else value.lower()
        if pattern:
            self.patterns.append((name, text))
        else:
            getattr(self, name).append(text)


def parse_query(text: str) -> SearchQuery:
    """Parse a query. Raises ValueError, which says what is supported."""
    text = text.strip()
    query, patterns, position = SearchQuery(), 0, 0
    while term := TERM.match(text, position):
        bare = term["bare"] or term["word"] or ""
        pattern = bool(WILDCARD.search(ESCAPED.sub("", bare)))
        patterns += pattern
        if term["word"] in OPERATORS or (pattern and LITERAL.search(bare)) or patterns > MOST_PATTERNS:
            break
        field_name = term["field"] or term["of"]
        for name in [field_name] if field_name else FIELDS:
            query.add(name, ESCAPED.sub(r"\1", term["quoted"] or bare), pattern=pattern)
        if term.end() == len(text):
            return query
        joint = OR.match(text, term.end())
        if not joint:
            break
        position = joint.end()
    raise ValueError(UNDERSTOOD)
