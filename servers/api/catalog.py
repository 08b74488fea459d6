"""What is the same for every account: collections without rows, in pages like all others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from rest_framework.response import Response

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.paging import Page, open_cursor, parse_limit, seal_cursor
from servers.api.base import VpcView

T = TypeVar("T")


class CatalogView(VpcView):
    """A view of IBM's published values (servers/catalog)."""

    def pages(self, name: str, items: Sequence[T], render: Callable[[T], Mapping[str, Any]]) -> Response:
        """One page of a list that only a release of the product changes."""
        limit = parse_limit(self.request.GET)
        passed_on = {
            key: value
            for key, value in sorted(self.request.GET.items())
            if key not in ("start", "limit", "version", "generation")
        }
        scope = (
            f"{self.caller.account_id}:{self.caller.iam_id}:{self.region}:{self.request.path}:{urlencode(passed_on)}"
        )
        start = self.request.GET.get("start")
        offset = open_cursor(start, scope=scope) if start else 0
        end = offset + limit
        base = self.request.build_absolute_uri(self.request.path)
        following = {**passed_on, "limit": limit, "start": seal_cursor(end, scope=scope)}
        page = Page(
            items=[render(item) for item in items[offset:end]],
            limit=limit,
            total_count=len(items),
            first=f"{base}?{urlencode({**passed_on, 'limit': limit})}",
            next=f"{base}?{urlencode(following)}" if end < len(items) else None,
        )
        return self.answer(page.as_json(name, page.items))


def one_of(value: str, choices: Sequence[str], *, parameter: str) -> str:
    """A query parameter that is one of its choices. Raises InvalidValue."""
    if value not in choices:
        raise InvalidValue(
            f"{parameter} must be one of {', '.join(choices)}.", target=Target(parameter, "parameter", value)
        )
    return value
