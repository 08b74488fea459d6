"""Lists of the keys of an instance (Key Protect contract, section 2.3; D-184)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate, Lower
from django.db.models.lookups import Contains, Exact

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.errors import SearchTooBroad
from controlplane.keyprotect.key_names import is_uuid
from controlplane.keyprotect.list_query import DateTerm, ListQuery, Search
from controlplane.keyprotect.models import Key, KeyAlias
from controlplane.keyprotect.selectors import in_rings, keys_of
from controlplane.keyprotect.states import State

MOST_CANDIDATES = 5_000
SECOND = timedelta(seconds=1)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


class FoldedAlias(Lower):
    """An alias without upper case. Aliases are ASCII; in the collation of a Turkish database, I would not become i."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return Lower(Collate(self.get_source_expressions()[0], "C")).as_sql(compiler, connection, **context)


@dataclass(frozen=True)
class KeyList:
    rows: list[Key]
    """The keys of the page, with their aliases and policies. What an answer has of each costs no query."""
    total: int | None
    """The number of all keys that match; None unless the query asks for it."""
    incomplete_search: bool = False
    """Whether only the key whose id or alias was searched for is in it, because there are too many others."""


def list_keys(instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime) -> KeyList:
    """Return one page of the keys in these key rings, in all of them for None.

    The default order is by id; in each direction, keys without a date come last.

    Raises SearchTooBroad when more than 5,000 keys would have to be searched and none has the text as its id or alias.
    """
    keys = _matching(instance, query, rings=rings, now=now)
    if query.search is None:
        return _page(keys, query)
    if keys.order_by()[: MOST_CANDIDATES + 1].count() <= MOST_CANDIDATES:
        return _page(keys.filter(_condition(query.search)), query)
    if rows := list(keys.filter(_is_named(query.search)).prefetch_related("aliases", "policies")):
        page = rows[query.slice]
        return KeyList(page, len(rows) if query.total_count else None, incomplete_search=True)
    raise SearchTooBroad(
        f"There are more than {MOST_CANDIDATES} keys to search. Search for a whole key id or alias, or limit the "
        "search with filter, state or extractable."
    )


def count_keys(instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime) -> int:
    """Return how many keys match, without a search."""
    return _matching(instance, query, rings=rings, now=now).count()


def _page(keys: QuerySet[Key], query: ListQuery) -> KeyList:
    order = [*_search_order(query.search), *_order(query)]
    page = keys.order_by(*order).prefetch_related("aliases", "policies")[query.slice]
    return KeyList(list(page), keys.count() if query.total_count else None)


def _matching(
    instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime
) -> QuerySet[Key]:
    keys = keys_of(instance, now=now)
    if rings is not None:
        keys = keys.filter(in_rings(rings))
    states = query.states
    keys = keys.exclude(state=State.DESTROYED) if states is None else keys.filter(Q(state_now__in=states))
    for column, value in query.flags:
        keys = keys.filter(**{column: value})
    for term in query.dates:
        keys = keys.filter(_date_condition(term))
    return keys


def _date_condition(term: DateTerm) -> Q:
    """Return the condition of a date: the API shows whole seconds of times that have microseconds."""
    if term.instant is None:
        return Q(**{f"{term.column}__isnull": True})
    first, next_second = term.instant, _next_second(term.instant)
    bounds = {
        "eq": {"gte": first, "lt": next_second},
        "gt": {"gte": next_second},
        "gte": {"gte": first},
        "lt": {"lt": first},
        "lte": {"lt": next_second},
    }[term.comparison]
    return Q(**{f"{term.column}__{lookup}": instant for lookup, instant in bounds.items()})


def _next_second(instant: datetime) -> datetime:
    return instant + SECOND if instant <= LAST_INSTANT - SECOND else LAST_INSTANT


def _condition(search: Search) -> Q:
    """Return the condition of a search: the text is in the name or in an alias, or is the key's id."""
    text = search.text.casefold()
    condition = _has_id(search.text)
    if "name" in search.scopes:
        condition |= Q(**{"folded_name" if search.exact else "folded_name__contains": text})
    if "alias" in search.scopes:
        condition |= _has_alias((Exact if search.exact else Contains)(FoldedAlias("name"), text))
    return ~condition if search.negated else condition


def _has_id(text: str) -> Q:
    return Q(identifier=text.lower()) if is_uuid(text) else Q(pk__in=())


def _has_alias(condition: Any) -> Q:
    return Q(Exists(KeyAlias.objects.filter(condition, key=OuterRef("pk"))))


def _is_named(search: Search) -> Q:
    """Return the condition that the whole text is the key's id or one of its aliases. A negated search names none."""
    if search.negated:
        return Q(pk__in=())
    return _has_id(search.text) | (_has_alias(Q(name=search.text)) if "alias" in search.scopes else Q(pk__in=()))


def _search_order(search: Search | None) -> list[OrderBy]:
    """A key whose id was searched for comes first."""
    if search is None or not is_uuid(search.text):
        return []
    return [OrderBy(Case(When(_has_id(search.text), then=Value(0)), default=Value(1)))]


def _order(query: ListQuery) -> list[OrderBy]:
    """Return a total order, the same on every database."""
    terms = [OrderBy(F(column), descending=descending, nulls_last=True) for column, descending in query.order]
    return [*terms, OrderBy(F("identifier"))]
