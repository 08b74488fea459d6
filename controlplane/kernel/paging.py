"""Pages of collections: the size and the position that a query asks for, the rows there, links to other pages.

A position travels as an opaque cursor. Pages by keyset stay as they are when rows are inserted meanwhile.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.query_parameters import number

T = TypeVar("T")
M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
NONCE_BYTES = 12


@dataclass(frozen=True)
class PageQuery:
    """The page that a query asks for, and links to other pages of the same collection."""

    url: str
    """Of the collection, without a query."""
    names: tuple[str, str]
    """Of the two parameters: how many, and the cursor."""
    filters: list[tuple[str, Any]]
    """The other parameters, in order; links repeat them."""
    scope: str
    """What cursors are bound to: the caller, the path and the filters."""
    limit: int
    position: Any
    """Where the page begins; None on the first."""

    def cursor(self, position: Any) -> str:
        """The cursor of the page that begins behind this position."""
        return seal_cursor(position, scope=self.scope)

    def link(self, cursor: str = "") -> str:
        """The URL of the page of this cursor; of the first page without one."""
        limit_name, start_name = self.names
        query = dict(self.filters) | {limit_name: str(self.limit)} | ({start_name: cursor} if cursor else {})
        return f"{self.url}?{urlencode(query)}"


def read_page_query(
    request: HttpRequest | Request,
    *,
    scope: str,
    names: tuple[str, str] = ("limit", "start"),
    default: int = DEFAULT_LIMIT,
    without: Collection[str] = (),
) -> PageQuery:
    """``scope`` names whose rows they are. ``without`` are parameters that are no filters. Raises InvalidValue."""
    (limit_name, start_name), query = names, request.GET
    filters = sorted((name, value) for name, value in query.items() if name not in (*names, *without))
    scope = f"{scope}:{request.path}:{urlencode(filters)}"
    limit = number(query, limit_name, default=default, least=1, largest=LARGEST_LIMIT)
    start = query.get(start_name)
    position = open_cursor(start, scope=scope, name=start_name) if start else None
    return PageQuery(request.build_absolute_uri(request.path), names, filters, scope, limit, position)


def read_vpc_page_query(request: HttpRequest | Request, *, scope: str) -> PageQuery:
    """As the VPC API has it, whose version and generation stand in every query. Raises InvalidValue."""
    return read_page_query(request, scope=scope, without=("version", "generation"))


@dataclass(frozen=True)
class Page(Generic[T]):
    items: list[T]
    query: PageQuery
    total_count: int
    next_position: Any
    """The position of the next page; None on the last."""

    def as_json(self, name: str, items: list[Any]) -> dict[str, Any]:
        """The VPC collection envelope: ``{name: [...], first, limit, total_count, next?}``."""
        body: dict[str, Any] = {
            name: items,
            "first": {"href": self.query.link()},
            "limit": self.query.limit,
            "total_count": self.total_count,
        }
        if self.next_position is not None:
            body["next"] = {"href": self.query.link(self.query.cursor(self.next_position))}
        return body


def first(rows: QuerySet[Any, T] | Sequence[T] | Iterator[T], limit: int) -> tuple[list[T], bool]:
    """So many rows, and whether there are more. One more is read to know it."""
    items = list(islice(rows, limit + 1) if isinstance(rows, Iterator) else rows[: limit + 1])
    return items[:limit], len(items) > limit


def by_offset(rows: QuerySet[Any, T] | Sequence[T], limit: int, offset: int | None) -> tuple[list[T], int | None]:
    """As the orders below do it, for what has no key: a position is how many rows come before."""
    start = offset or 0
    items, is_truncated = first(rows[start:], limit)
    return items, start + limit if is_truncated else None


class RowOrder(Protocol):
    def take(self, rows: QuerySet[M], limit: int, after: Any) -> tuple[list[M], Any]:
        """Up to ``limit`` rows behind the position, and the position of the last one when more follow."""


@dataclass(frozen=True)
class NewestFirst:
    """By primary key, the highest first.

    Of ``alternatives``, every row meets one at least: each is asked for by itself, as no index answers them together.
    """

    alternatives: Sequence[Q] = ()

    def take(self, rows: QuerySet[M], limit: int, after: int | None) -> tuple[list[M], int | None]:
        ordered = rows.order_by("-pk")
        if after is not None:
            ordered = ordered.filter(pk__lt=after)
        # First which rows, from one index; then all that is shown of those.
        numbers = ordered.prefetch_related(None).values_list("pk", flat=True)
        parts = (numbers.filter(each)[: limit + 1] for each in self.alternatives or [Q()])
        keys, is_truncated = first(sorted({key for part in parts for key in part}, reverse=True), limit)
        return list(rows.filter(pk__in=keys).order_by("-pk")), keys[-1] if is_truncated else None


@dataclass(frozen=True)
class Order:
    """Another order than newest first, for collections small enough to sort whole on every call.

    Rows come by what ``key`` makes of a column, a value that JSON holds; those that are equal by age.
    """

    column: str
    key: Callable[[Any], int | str]
    descending: bool = False

    def take(self, rows: QuerySet[M], limit: int, after: list[Any] | None) -> tuple[list[M], list[Any] | None]:
        values = rows.order_by("pk").values_list(self.column, "pk")
        places = sorted(([self.key(value), pk] for value, pk in values), reverse=self.descending)
        if after is not None:
            places = [place for place in places if (place < after if self.descending else place > after)]
        by_key = rows.in_bulk([pk for _, pk in places[:limit]])
        items = [by_key[pk] for _, pk in places[:limit] if pk in by_key]
        return items, places[limit - 1] if len(places) > limit else None


@dataclass(frozen=True)
class LatestFirst:
    """By an instant, the latest first, for rows whose primary keys say nothing of their age. Wants an index."""

    column: str

    def take(self, rows: QuerySet[M], limit: int, after: list[Any] | None) -> tuple[list[M], list[Any] | None]:
        ordered = rows.order_by(f"-{self.column}", "-pk")
        if after is not None:
            instant, pk = datetime.fromisoformat(after[0]), after[1]
            earlier = Q(**{f"{self.column}__lt": instant}) | Q(**{self.column: instant, "pk__lt": pk})
            ordered = ordered.filter(earlier)
        items, is_truncated = first(ordered, limit)
        return items, [getattr(items[-1], self.column).isoformat(), items[-1].pk] if is_truncated else None


def seal_cursor(position: Any, *, scope: str) -> str:
    """An opaque token for ``position``, anything that JSON holds, good for this scope (account and query) only.

    It is encrypted, for a position counts rows that the caller may not see.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + _cipher().encrypt(nonce, json.dumps(position).encode(), scope.encode())
    return urlsafe_b64encode(sealed).decode()


def open_cursor(token: str, *, scope: str, name: str = "start") -> Any:
    """The position that was sealed. Raises InvalidValue for any other text."""
    try:
        sealed = urlsafe_b64decode(token)
        return json.loads(_cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], scope.encode()))
    except (ValueError, InvalidTag):
        raise InvalidValue(
            f"{name} is not a page token of this collection. Take it from the link to the next page, or leave it out.",
            target=Target(name, "parameter"),
        ) from None


def _cipher() -> AESGCM:
    return AESGCM(salted_hmac("baremint.cursor", "", algorithm="sha256").digest())


def paginate(
    request: HttpRequest | Request,
    rows: QuerySet[M],
    *,
    scope: str,
    count: Callable[[], int] | None = None,
    order: RowOrder = NewestFirst(),
) -> Page[M]:
    """One page of ``rows``, as the VPC API has pages. ``scope`` names whose they are.

    ``count`` tells how many there are in all, where counting them would take too long. Raises InvalidValue.
    """
    query = read_vpc_page_query(request, scope=scope)
    items, next_position = order.take(rows, query.limit, query.position)
    return Page(items, query, count() if count else rows.count(), next_position)
