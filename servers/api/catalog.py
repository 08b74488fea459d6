"""Collections that are the same for every account: they have no rows, and pages like all others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from rest_framework.response import Response

from controlplane.kernel.paging import Page, by_offset, read_vpc_page_query
from servers.api.base import VpcView

T = TypeVar("T")


class CatalogView(VpcView):
    """A view of IBM's published values (servers/catalog)."""

    def pages(self, name: str, items: Sequence[T], render: Callable[[T], Mapping[str, Any]]) -> Response:
        """Return one page of a list that changes only with a release of the product."""
        query = read_vpc_page_query(self.request, scope=self.scope)
        part, next_position = by_offset(items, query.limit, query.position)
        page = Page(part, query, len(items), next_position)
        return self.answer(page.as_json(name, list(map(render, part))))
