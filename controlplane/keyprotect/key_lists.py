"""Lists of the keys of an instance (Key Protect contract, section 2.3; D-184)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.errors import SearchTooBroad
from controlplane.keyprotect.key_names import is_uuid
from controlplane.keyprotect.list_query import DateTerm, ListQuery, Search
from controlplane.keyprotect.models import DEFAULT_RING, Key, KeyAlias
from controlplane.keyprotect.selectors import is_in_state, keys_of
from controlplane.keyprotect.states import State

MOST_CANDIDATES = 5_000
SECOND = timedelta(seconds=1)
COMPARISONS = {"gt": ("gte", SECOND), "gte": ("gte", None), "lt": ("lt", None), "lte": ("lt", SECOND)}
"""Lookups, and what is added to the instant: the API shows whole seconds of times that have microseconds."""


@dataclass(frozen=True)
class KeyPage:
    rows: list[Key]
    total: int
    """The number of all keys that match."""
    incomplete_search: bool = False
    """Whether only the key whose id or alias was searched for is in it, because there are too many others."""


def list_keys(instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime) -> KeyPage:
    """Return one page of the keys in these key rings, in all of them for None.

    Raises SearchTooBroad when more than 5,000 keys would have to be searched and none has the text as its id or alias.
    """
    keys = _matching(instance, query, rings=rings, now=now)
    if query.search is None:
        return _page(keys, query, now)
    text = query.search.text
    if keys.order_by()[: MOST_CANDIDATES + 1].count() <= MOST_CANDIDATES:
        return _page(keys.filter(_condition(query.search)), query, now)
    if row := keys.filter(_has_id(text) | _has_alias("name", text)).first():
        return KeyPage([row], 1, incomplete_search=True)
    raise SearchTooBroad(
        f"There are more than {MOST_CANDIDATES} keys to search. Search for a whole key id or alias, or limit the "
        "search with filter, state or extractable."
    )


def count_keys(instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime) -> int:
    """Return how many keys match, without a search."""
    return _matching(instance, query, rings=rings, now=now).count()


def _page(keys: QuerySet[Key], query: ListQuery, now: datetime) -> KeyPage:
    order = [*_search_order(query.search), *_order(query, now)]
    page = keys.order_by(*order).prefetch_related("aliases")[query.offset : query.offset + query.limit]
    return KeyPage(list(page), keys.count() if query.total_count else 0)


def _matching(
    instance: ResourceInstance, query: ListQuery, *, rings: Collection[str] | None, now: datetime
) -> QuerySet[Key]:
    keys = keys_of(instance, now=now)
    if rings is not None:
        in_default = Q(ring__isnull=True) if DEFAULT_RING in rings else Q(pk__in=())
        keys = keys.filter(in_default | Q(ring__name__in=rings))
    if query.states is None:
        keys = keys.exclude(state=State.DESTROYED)
    else:
        conditions = [is_in_state(state, now=now) for state in query.states]
        keys = keys.filter(reduce(or_, conditions, Q(pk__in=())))
    for column, value in query.flags:
        keys = keys.filter(**{column: value})
    for term in query.dates:
        keys = keys.filter(_date_condition(term))
    return keys


def _date_condition(term: DateTerm) -> Q:
    if term.instant is None:
        return Q(**{f"{term.column}__isnull": True})
    if term.comparison == "eq":
        return Q(**{f"{term.column}__gte": term.instant, f"{term.column}__lt": term.instant + SECOND})
    lookup, more = COMPARISONS[term.comparison]
    return Q(**{f"{term.column}__{lookup}": term.instant + (more or timedelta())})


def _condition(search: Search) -> Q:
    """Return the condition of a search: the text is in the name or in an alias, or is the key's id."""
    text = search.text
    condition = _has_id(text)
    if "name" in search.scopes:
        condition |= Q(**{"folded_name" if search.exact else "folded_name__contains": text.casefold()})
    if "alias" in search.scopes and text.isascii():
        condition |= _has_alias("name__iexact" if search.exact else "name__icontains", text)
    return ~condition if search.negated else condition


def _has_id(text: str) -> Q:
    return Q(identifier=text.lower()) if is_uuid(text) else Q(pk__in=())


def _has_alias(lookup: str, text: str) -> Q:
    return Q(Exists(KeyAlias.objects.filter(key=OuterRef("pk"), **{lookup: text})))


def _search_order(search: Search | None) -> list[OrderBy]:
    """A key whose id was searched for comes first."""
    if search is None or not is_uuid(search.text):
        return []
    return [OrderBy(Case(When(_has_id(search.text), then=Value(0)), default=Value(1)))]


def _order(query: ListQuery, now: datetime) -> list[OrderBy]:
    """Return a total order. Keys without a date come last."""
    expired = When(is_in_state(State.DEACTIVATED, now=now), then=Value(State.DEACTIVATED.value))
    special = {"state": Case(expired, default=F("state"))}
    terms = [
        OrderBy(special.get(column, F(column)), descending=is_descending, nulls_last=True)
        for column, is_descending in query.order
    ]
    return [*terms, OrderBy(F("identifier"))]
