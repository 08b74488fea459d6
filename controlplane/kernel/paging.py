"""Keyset pagination by opaque token: newest first, stable when rows are inserted meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from controlplane.kernel.errors import InvalidValue, Target

T = TypeVar("T")
M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100


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


def parse_limit(
    query: Mapping[str, str],
    *,
    name: str = "limit",
    default: int = DEFAULT_LIMIT,
    largest: int = LARGEST_LIMIT,
) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= largest):
        raise InvalidValue(
            f"{name} must be a whole number from 1 to {largest}.", target=Target(name, "parameter", text)
        )
    return int(text)


def seal_cursor(position: int, *, scope: str) -> str:
    """An opaque token for ``position``, good for this scope (account and query) only."""
    return signing.dumps(position, salt=f"cursor:{scope}", compress=False)


def open_cursor(token: str, *, scope: str, name: str = "start") -> int:
    try:
        position = signing.loads(token, salt=f"cursor:{scope}")
    except signing.BadSignature:
        raise InvalidValue(
            f"{name} is not a page token of this collection. Take it from next.href, or leave it out.",
            target=Target(name, "parameter"),
        ) from None
    return int(position)


def paginate(request: HttpRequest, rows: QuerySet[M], *, scope: str) -> Page[M]:
    """One page of ``rows``, newest (highest primary key) first. ``scope`` names the account."""
    query = request.GET
    limit = parse_limit(query)
    filters = sorted((key, value) for key, value in query.items() if key not in ("start", "limit"))
    sealed_for = f"{scope}:{request.path}:{urlencode([f for f in filters if f[0] not in ('version', 'generation')])}"
    ordered = rows.order_by("-pk")
    if start := query.get("start"):
        ordered = ordered.filter(pk__lt=open_cursor(start, scope=sealed_for))
    items = list(ordered[: limit + 1])
    base = request.build_absolute_uri(request.path)
    passed_on = {key: value for key, value in filters if key not in ("version", "generation")}
    following = None
    if len(items) > limit:
        items = items[:limit]
        token = seal_cursor(items[-1].pk, scope=sealed_for)
        following = f"{base}?{urlencode({**passed_on, 'limit': limit, 'start': token})}"
    return Page(
        items=items,
        limit=limit,
        total_count=rows.count(),
        first=f"{base}?{urlencode({**passed_on, 'limit': limit})}",
        next=following,
    )
