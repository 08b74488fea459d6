"""What the views of the access groups API share."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import InvalidValue, NotFound, Target
from controlplane.kernel.whole_number import whole_number
from trustedprofiles.api.group_responses import GroupPageLinks
from trustedprofiles.api_view import GuardedView
from trustedprofiles.models import AccessGroup
from trustedprofiles.models.access_group import SERVICE
from trustedprofiles.selectors import find_access_group

M = TypeVar("M", bound=Model)

DEFAULT_PAGE, LARGEST_PAGE, LARGEST_OFFSET = 50, 100, 10**9
PAGES = ("limit", "offset")
MEMBERSHIP_TYPES = ("static", "dynamic", "all")


class GroupsView(GuardedView):
    """A view of the access groups API (service ``iam-groups``)."""

    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = SERVICE

    @property
    def base(self) -> str:
        return self.request.build_absolute_uri("/").rstrip("/")


class GroupView(GroupsView):
    """A view under one access group, ``access_group_id`` in the path. Another account's group looks like none."""

    group: AccessGroup

    def prepare(self, request: Request) -> None:
        group = find_access_group(self.caller.account_id, self.kwargs["access_group_id"])
        if group is None:
            raise NotFound("There is no access group of this id in your account.")
        self.group = group

    def resource_attributes(self) -> dict[str, str]:
        return self.group.policy_attributes

    def target(self) -> Party:
        if hasattr(self, "group"):
            return Party(self.group.crn, self.group.name, "AccessGroup")
        return Party(self.kwargs["access_group_id"], type="AccessGroup")


class CountedPage(Generic[M]):
    """The page of ``rows`` that ``limit`` and ``offset`` of the query ask for. Raises InvalidValue."""

    def __init__(self, request: Request, rows: QuerySet[M] | Sequence[M]) -> None:
        self._request = request
        self.limit = _number(request, "limit", default=DEFAULT_PAGE, largest=LARGEST_PAGE)
        self.offset = _number(request, "offset", default=0, largest=LARGEST_OFFSET)
        self.total = rows.count() if isinstance(rows, QuerySet) else len(rows)
        self.items: list[M] = list(rows[self.offset : self.offset + self.limit])

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
        query: dict[str, Any] = {name: value for name, value in self._request.GET.items() if name not in PAGES}
        query |= {"limit": self.limit, "offset": offset}
        return f"{self._request.build_absolute_uri(self._request.path)}?{urlencode(query)}"


def _number(request: Request, name: str, *, default: int, largest: int) -> int:
    text = request.GET.get(name, str(default))
    number = whole_number(text, largest=largest)
    if number is None:
        raise InvalidValue(
            f"{name} must be a whole number from 0 to {largest}.", target=Target(name, "parameter", text)
        )
    return number
