"""Keyset pagination by opaque token: newest first, stable when rows are inserted meanwhile."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.whole_number import whole_number

T = TypeVar("T")
M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
NONCE_BYTES = 12


@dataclass(frozen=True)
class Page(Generic[T]):
    items: list[T]
    limit: int
    total_count: int
    first: str
    next: str | None

    def as_json(self, name: str, items: list[Any]) -> dict[str, Any]:
        """The VPC collection envelope: ``{name: [...], first, limit, total_count, next?}``."""
        body: dict[str, Any] = {
            name: items,
            "first": {"href": self.first},
            "limit": self.limit,
            "total_count": self.total_count,
        }
        if self.next:
            body["next"] = {"href": self.next}
        return body


@dataclass(frozen=True)
class Order:
    """Another order than newest first, for collections small enough to sort whole on every call.

    Rows come by what ``key`` makes of a column, a value that JSON holds; those that are equal by age.
    """

    column: str
    key: Callable[[Any], int | str]
    descending: bool = False

    def take(self, rows: QuerySet[M], limit: int, after: list[Any] | None) -> tuple[list[M], list[Any] | None]:
        """As ``_newest``."""
        values = rows.order_by("pk").values_list(self.column, "pk")
        places = sorted(([self.key(value), pk] for value, pk in values), reverse=self.descending)
        if after is not None:
            places = [place for place in places if (place < after if self.descending else place > after)]
        found = rows.in_bulk([pk for _, pk in places[:limit]])
        items = [found[pk] for _, pk in places[:limit] if pk in found]
        return items, places[limit - 1] if len(places) > limit else None


@dataclass(frozen=True)
class LatestFirst:
    """By an instant, the latest first, for rows whose primary keys say nothing of their age. Wants an index."""

    column: str

    def take(self, rows: QuerySet[M], limit: int, after: list[Any] | None) -> tuple[list[M], list[Any] | None]:
        """As ``_newest``."""
        ordered = rows.order_by(f"-{self.column}", "-pk")
        if after is not None:
            instant, pk = datetime.fromisoformat(after[0]), after[1]
            earlier = Q(**{f"{self.column}__lt": instant}) | Q(**{self.column: instant, "pk__lt": pk})
            ordered = ordered.filter(earlier)
        items = list(ordered[: limit + 1])
        if len(items) <= limit:
            return items, None
        last = items[limit - 1]
        return items[:limit], [getattr(last, self.column).isoformat(), last.pk]


def parse_limit(
    query: Mapping[str, str],
    *,
    name: str = "limit",
    default: int = DEFAULT_LIMIT,
    largest: int = LARGEST_LIMIT,
) -> int:
    text = query.get(name, str(default))
    limit = whole_number(text, largest=largest)
    if not limit:
        raise InvalidValue(
            f"{name} must be a whole number from 1 to {largest}.", target=Target(name, "parameter", text)
        )
    return limit


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
    key = salted_hmac("baremint.cursor", "", algorithm="sha256").digest()
    return AESGCM(key)


def paginate(
    request: HttpRequest,
    rows: QuerySet[M],
    *,
    scope: str,
    count: Callable[[], int] | None = None,
    order: Order | LatestFirst | None = None,
    alternatives: Sequence[Q] = (),
) -> Page[M]:
    """One page of ``rows``, newest (highest primary key) first, or in another order. ``scope`` names whose they are.

    ``count`` tells how many there are in all, where counting them would take too long. Of ``alternatives``, every row
    meets one at least: each is asked for by itself, as no index answers them together.
    """
    query = request.GET
    limit = parse_limit(query)
    filters = sorted((key, value) for key, value in query.items() if key not in ("start", "limit"))
    sealed_for = f"{scope}:{request.path}:{urlencode([f for f in filters if f[0] not in ('version', 'generation')])}"
    after = open_cursor(start, scope=sealed_for) if (start := query.get("start")) else None
    items, position = order.take(rows, limit, after) if order else _newest(rows, limit, after, alternatives)
    base = request.build_absolute_uri(request.path)
    passed_on = {key: value for key, value in filters if key not in ("version", "generation")}
    following = None
    if position is not None:
        token = seal_cursor(position, scope=sealed_for)
        following = f"{base}?{urlencode({**passed_on, 'limit': limit, 'start': token})}"
    return Page(
        items=items,
        limit=limit,
        total_count=count() if count else rows.count(),
        first=f"{base}?{urlencode({**passed_on, 'limit': limit})}",
        next=following,
    )


def _newest(
    rows: QuerySet[M], limit: int, after: int | None, alternatives: Sequence[Q] = ()
) -> tuple[list[M], int | None]:
    """Up to ``limit`` rows behind the position, and the position of the last one when more follow."""
    ordered = rows.order_by("-pk")
    if after is not None:
        ordered = ordered.filter(pk__lt=after)
    # First which rows, from one index; then all that is shown of those.
    numbers = ordered.prefetch_related(None).values_list("pk", flat=True)
    found = (numbers.filter(each)[: limit + 1] for each in alternatives or [Q()])
    keys = sorted({key for some in found for key in some}, reverse=True)[: limit + 1]
    items = list(rows.filter(pk__in=keys[:limit]).order_by("-pk"))
    return items, keys[limit - 1] if len(keys) > limit else None
