"""The common base of the views of the access groups API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from controlplane.kernel import envelopes
from controlplane.kernel.operation import OFFSET, Parameter, choices, limit_parameter
from controlplane.kernel.query_parameters import number
from trustedprofiles.api.base import IamView, ResourceView
from trustedprofiles.api.group_responses import GroupPageLinks
from trustedprofiles.models import AccessGroup
from trustedprofiles.models.access_group import SERVICE
from trustedprofiles.selectors import find_access_group

M = TypeVar("M", bound=Model)

DEFAULT_PAGE, LARGEST_PAGE, LARGEST_OFFSET = 50, 100, 10**9
PAGES = (limit_parameter(least=0), OFFSET)
MEMBERSHIP_TYPES = ("static", "dynamic", "all")
MEMBERSHIP_TYPE = Parameter(
    "membership_type",
    "Members that were added, or members by a rule, of which there are none.",
    choices(*MEMBERSHIP_TYPES),
)


class GroupsView(IamView):
    """A view of the access groups API (service ``iam-groups``)."""

    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = SERVICE


class GroupView(ResourceView[AccessGroup], GroupsView):
    """A view of one access group, or of something under it."""

    model = AccessGroup
    path_id = "access_group_id"

    def find(self, id: str) -> AccessGroup | None:
        return find_access_group(self.caller.account_id, id)


@dataclass(frozen=True)
class CountedPage(Generic[M]):
    """A page that the query asks for by its offset, with the total number of rows."""

    request: Request
    limit: int
    offset: int
    total: int
    items: list[M]

    @property
    def links(self) -> GroupPageLinks:
        last = (self.total - 1) // self.limit * self.limit if self.limit and self.total else 0
        links: GroupPageLinks = {
            "limit": self.limit,
            "offset": self.offset,
            "total_count": self.total,
            "first": {"href": self._at(0)},
            "last": {"href": self._at(last)},
        }
        if self.limit and self.offset + self.limit < self.total:
            links["next"] = {"href": self._at(self.offset + self.limit)}
        if self.offset:
            links["previous"] = {"href": self._at(max(0, self.offset - self.limit))}
        return links

    def _at(self, offset: int) -> str:
        query: dict[str, Any] = {name: value for name, value in self.request.GET.items() if name not in PAGES}
        query |= {"limit": self.limit, "offset": offset}
        return f"{self.request.build_absolute_uri(self.request.path)}?{urlencode(query)}"


def counted_page(request: Request, rows: QuerySet[M] | Sequence[M]) -> CountedPage[M]:
    """Return the page of ``rows`` that ``limit`` and ``offset`` of the query ask for. Raises InvalidValue."""
    limit = number(request.GET, "limit", default=DEFAULT_PAGE, largest=LARGEST_PAGE)
    offset = number(request.GET, "offset", largest=LARGEST_OFFSET)
    total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    return CountedPage(request, limit, offset, total, list(rows[offset : offset + limit]))
