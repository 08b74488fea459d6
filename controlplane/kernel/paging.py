"""Pages of collections: the size and position in a query, the rows of the page, and links to other pages.

A cursor contains a position and is opaque to clients. Pages by keyset stay the same when rows are inserted.
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
    """URL of the collection, without a query."""
    names: tuple[str, str]
    """Names of the two parameters: the size of the page, and the cursor."""
    filters: list[tuple[str, Any]]
    """The other parameters, sorted; links repeat them."""
    scope: str
    """What cursors are bound to: the caller, the path and the filters."""
    limit: int
    position: Any
    """Where the page begins; None on the first."""

    def cursor(self, position: Any) -> str:
        """Return the cursor of the page that begins after this position."""
        return seal_cursor(position, scope=self.scope)

    def link(self, cursor: str = "") -> str:
        """Return the URL of the page with this cursor; without one, that of the first page."""
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
    """Read the page from a query. ``scope`` identifies the owner of the rows; ``without`` names parameters that are no
    filters. Raises InvalidValue."""
    (limit_name, start_name), query = names, request.GET
    filters = sorted((name, value) for name, value in query.items() if name not in (*names, *without))
    scope = f"{scope}:{request.path}:{urlencode(filters)}"
    limit = number(query, limit_name, default=default, least=1, largest=LARGEST_LIMIT)
    start = query.get(start_name)
    position = open_cursor(start, scope=scope, name=start_name) if start else None
    return PageQuery(request.build_absolute_uri(request.path), names, filters, scope, limit, position)


def read_vpc_page_query(request: HttpRequest | Request, *, scope: str) -> PageQuery:
    """Read the page from a query of the VPC API, which also has version and generation. Raises InvalidValue."""
    return read_page_query(request, scope=scope, without=("version", "generation"))


@dataclass(frozen=True)
class Page(Generic[T]):
    items: list[T]
    query: PageQuery
    total_count: int
    next_position: Any
    """The position of the next page; None on the last."""

    def as_json(self, name: str, items: list[Any]) -> dict[str, Any]:
        """Return the collection envelope of the VPC API: ``{name: [...], first, limit, total_count, next?}``."""
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
    """Return at most ``limit`` rows, and whether there are more, for which one more row is read."""
    items = list(islice(rows, limit + 1) if isinstance(rows, Iterator) else rows[: limit + 1])
    return items[:limit], len(items) > limit


def by_offset(rows: QuerySet[Any, T] | Sequence[T], limit: int, offset: int | None) -> tuple[list[T], int | None]:
    """Return a page of rows without a key, and the position of the next page: the number of rows before it."""
    start = offset or 0
    items, is_truncated = first(rows[start:], limit)
    return items, start + limit if is_truncated else None


class RowOrder(Protocol):
    def take(self, rows: QuerySet[M], limit: int, after: Any) -> tuple[list[M], Any]:
        """Return up to ``limit`` rows after the position, and the position of the last one when more follow."""


@dataclass(frozen=True)
class NewestFirst:
    """By primary key, the highest first.

    Every row meets at least one of the ``alternatives``. Each has its own query, because no index serves them
    together.
    """

    alternatives: Sequence[Q] = ()

    def take(self, rows: QuerySet[M], limit: int, after: int | None) -> tuple[list[M], int | None]:
        ordered = rows.order_by("-pk")
        if after is not None:
            ordered = ordered.filter(pk__lt=after)
        # First the keys, from one index; then the other columns of these rows.
        numbers = ordered.prefetch_related(None).values_list("pk", flat=True)
        parts = (numbers.filter(each)[: limit + 1] for each in self.alternatives or [Q()])
        keys, is_truncated = first(sorted({key for part in parts for key in part}, reverse=True), limit)
        return list(rows.filter(pk__in=keys).order_by("-pk")), keys[-1] if is_truncated else None


@dataclass(frozen=True)
class Order:
    """Another order than newest first, for collections small enough to sort whole on every call.

    Rows are sorted by the result of ``key`` for a column, a value for JSON, and equal ones by age.
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
    """By an instant, the latest first, for rows whose primary keys do not follow their age. Needs an index."""

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
    """Return an opaque token for ``position``, a value for JSON, valid for this scope (account and query) only.

    It is encrypted, because a position counts rows that the caller may not see.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + _cipher().encrypt(nonce, json.dumps(position).encode(), scope.encode())
    return urlsafe_b64encode(sealed).decode()


def open_cursor(token: str, *, scope: str, name: str = "start") -> Any:
    """Return the position in a token. Raises InvalidValue for any other text."""
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
    """Return one page of ``rows`` in the form of the VPC API. ``scope`` identifies the owner of the rows.

    ``count`` returns the number of all rows where counting them would take too long. Raises InvalidValue.
    """
    query = read_vpc_page_query(request, scope=scope)
    items, next_position = order.take(rows, query.limit, query.position)
    return Page(items, query, count() if count else rows.count(), next_position)
