"""The query of a list of keys (Key Protect contract, section 2.3)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane.kernel.query_parameters import boolean, number, optional_boolean
from controlplane.kernel.text import echoed
from controlplane.keyprotect import instants
from controlplane.keyprotect.errors import InvalidQuery, parameter
from controlplane.keyprotect.states import State

DEFAULT_LIMIT = 200
LARGEST_LIMIT = 5_000
LARGEST_OFFSET = 2**31
LONGEST = 2_000
"""Characters of a search or a filter."""
SORTABLE = {
    "id": "identifier",
    "state": "state_now",
    "extractable": "extractable",
    "imported": "imported",
    "creationDate": "created_at",
    "lastUpdateDate": "updated_at",
    "lastRotateDate": "rotated_at",
    "deletionDate": "deleted_at",
    "expirationDate": "expires_at",
}
"""Columns of the rows of selectors.keys_of, by the members to sort by."""
DATES = frozenset({"creationDate", "lastUpdateDate", "lastRotateDate", "deletionDate", "expirationDate"})
BOOLEANS = frozenset({"extractable", "imported"})
FILTERABLE = DATES | BOOLEANS | {"state"}
MOST_TERMS = 3
"""Of one property in a filter."""
TERM = re.compile(r'\s*([A-Za-z]+)=((?:(gte?|lte?):)?"([^"]*)"|[^\s"]+)(?=\s|$)')
SCOPES = ("name", "alias")
PREFIXES = frozenset({"not", "exact", "escape", *SCOPES})
STATES = {str(state.value): state for state in State} | {"0": None}
"""Pre-active, 0, is a state that no key has."""
Terms = Mapping[str, list[re.Match[str]]]


@dataclass(frozen=True)
class Paging:
    """Which part of a list to answer with."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    total_count: bool = False

    @property
    def slice(self) -> slice:
        return slice(self.offset, self.offset + self.limit)


def parse_paging(values: Mapping[str, str], *, limit: int = DEFAULT_LIMIT) -> Paging:
    """Parse ``limit``, ``offset`` and ``totalCount``; an empty one is absent. Raises InvalidQuery."""
    present = {name: value for name, value in values.items() if value}
    message = f"The query_param `limit` must be: an integer between 1 and {LARGEST_LIMIT} (inclusive)"
    return Paging(
        limit=number(
            present, "limit", default=limit, least=1, largest=LARGEST_LIMIT, message=message, refusal=InvalidQuery
        ),
        offset=number(present, "offset", largest=LARGEST_OFFSET, refusal=InvalidQuery),
        total_count=boolean(present, "totalCount", refusal=InvalidQuery),
    )


@dataclass(frozen=True)
class Search:
    text: str
    scopes: tuple[str, ...] = SCOPES
    negated: bool = False
    exact: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return ``searchQuery`` of the answer."""
        body: dict[str, Any] = {"query": self.text, "scopes": list(self.scopes)}
        return body | ({"not": True} if self.negated else {}) | ({"exact": True} if self.exact else {})


@dataclass(frozen=True)
class DateTerm:
    """A comparison with a date, to the second."""

    column: str
    comparison: str
    """``gt``, ``gte``, ``lt``, ``lte``, ``eq`` or ``none``, which is that there is no date."""
    instant: datetime | None = None


@dataclass(frozen=True)
class ListQuery(Paging):
    states: frozenset[State] | None = None
    """None for every state but destroyed."""
    flags: tuple[tuple[str, bool], ...] = ()
    """Boolean columns, and the values that they must have."""
    dates: tuple[DateTerm, ...] = ()
    search: Search | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Columns, each once, and whether the largest value comes first."""

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> "ListQuery":
        """Parse the parameters of a request; an empty one is absent. Raises InvalidQuery."""
        present = {name: value for name, value in values.items() if value}
        terms = _terms(_short(present, "filter"))
        for name in ("state", "extractable"):
            if name in present and name in terms:
                raise _refusal("filter", f"without terms of {name} where the query_param `{name}` is there")
        return cls(
            **vars(parse_paging(present)),
            states=_states_of(present, terms),
            flags=tuple(_flags(present, terms)),
            dates=tuple(_date_terms(terms)),
            search=_search(_short(present, "search")),
            order=tuple(_order(_short(present, "sort")).items()),
        )


def _refusal(name: str, must: str) -> InvalidQuery:
    return InvalidQuery(f"The query_param `{name}` must be: {must}", target=parameter(name))


def _short(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "")
    if len(text) > LONGEST:
        raise _refusal(name, f"at most {LONGEST} characters")
    return text


def _states(text: str, name: str) -> frozenset[State]:
    words = text.split(",")
    if not all(word in STATES for word in words):
        raise _refusal(name, f"states out of {', '.join(sorted(STATES))}, separated by commas")
    return frozenset(state for word in words if (state := STATES[word]) is not None)


def _order(text: str) -> dict[str, bool]:
    """Return the columns, and whether each is in descending order. A column that stands twice sorts as at first."""
    order: dict[str, bool] = {}
    for word in filter(None, text.split(",")):
        name = word.removeprefix("-")
        if name not in SORTABLE:
            raise _refusal("sort", f"some of {', '.join(SORTABLE)}, separated by commas, with - for descending order")
        order.setdefault(SORTABLE[name], word.startswith("-"))
    return order


def _search(text: str) -> Search | None:
    """Return the search. IBM's Go client appends a comma to the text."""
    text, words = text.removesuffix(","), set()
    while ":" in text and (word := text.partition(":")[0]) in PREFIXES:
        words.add(word)
        text = text.partition(":")[2]
        if word == "escape":
            break
    if not text:
        return None
    scopes = tuple(name for name in SCOPES if name in words)
    return Search(text, scopes or SCOPES, negated="not" in words, exact="exact" in words)


def _terms(text: str) -> Terms:
    """Return the terms of a filter by their properties, each a match of TERM."""
    text, position = text.strip(), 0
    terms: dict[str, list[re.Match[str]]] = {}
    while position < len(text):
        term = TERM.match(text, position)
        if term is None:
            rest = echoed(text[position:].strip())
            raise _refusal("filter", f'terms such as state=1 or creationDate=gt:"2026-01-01T00:00:00Z". It has: {rest}')
        if term[1] not in FILTERABLE:
            raise _refusal("filter", f"terms of {', '.join(sorted(FILTERABLE))}")
        terms.setdefault(term[1], []).append(term)
        position = term.end()
    if any(len(matches) > MOST_TERMS for matches in terms.values()):
        raise _refusal("filter", f"at most {MOST_TERMS} terms of one property")
    return terms


def _states_of(present: Mapping[str, str], terms: Terms) -> frozenset[State] | None:
    """Return the states that the parameter or all terms allow; None without them."""
    if "state" in present:
        return _states(present["state"], "state")
    sets = [_states(term[2], "filter") for term in terms.get("state", [])]
    return frozenset.intersection(*sets) if sets else None


def _flags(present: Mapping[str, str], terms: Terms) -> Iterator[tuple[str, bool]]:
    """Yield the boolean columns with the values that they must have."""
    extractable = optional_boolean(present, "extractable", refusal=InvalidQuery)
    if extractable is not None:
        yield "extractable", extractable
    for name in sorted(BOOLEANS & terms.keys()):
        for term in terms[name]:
            if term[2] not in ("true", "false"):
                raise _refusal("filter", f"{name}=true or {name}=false")
            yield name, term[2] == "true"


def _date_terms(terms: Terms) -> Iterator[DateTerm]:
    for name in sorted(DATES & terms.keys()):
        for term in terms[name]:
            if term[2] == "none":
                yield DateTerm(SORTABLE[name], "none")
                continue
            instant = instants.parse(term[4] or "")
            if instant is None:
                form = f'{name}="2026-01-01T00:00:00Z", with gt:, gte:, lt: or lte: before the date, or {name}=none'
                raise _refusal("filter", f"{form}. It has {echoed(term[2])}, which is no date that exists")
            yield DateTerm(SORTABLE[name], term[3] or "eq", instant.replace(microsecond=0))
