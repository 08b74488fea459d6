"""Lists of the IAM APIs: filters, order, and pages by an opaque token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NotRequired, TypedDict, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.operation import Parameter, choices, limit_parameter
from controlplane.kernel.paging import PageQuery, by_offset, read_page_query
from controlplane.kernel.query_parameters import one_of
from trustedprofiles import scim_filter

M = TypeVar("M", bound=Model)

DEFAULT_PAGE = 20
DIRECTIONS = ("asc", "desc")
PAGE_SIZE = limit_parameter("pagesize")
PAGE_TOKEN = Parameter("pagetoken", "Token of a page, out of ``next`` or ``previous`` of another.")
ORDER = Parameter("order", "Direction of ``sort``.", choices(*DIRECTIONS))
FILTER = Parameter(
    "filter", 'Comparisons such as `name co "web"`, joined by `and` and `or`; operators eq, ne, co, sw, ew.'
)


def list_parameters(sortable: Sequence[str]) -> tuple[Parameter, ...]:
    """Return the query parameters that ``token_page``, ``ordered`` and ``filtered`` read."""
    return PAGE_SIZE, PAGE_TOKEN, Parameter("sort", "What to order by.", choices(*sortable)), ORDER, FILTER


class IdentityPage(TypedDict):
    """The page fields of the identity API, whose links are plain URLs."""

    offset: int
    limit: int
    first: str
    next: NotRequired[str]
    previous: NotRequired[str]


@dataclass(frozen=True)
class OffsetPage(Generic[M]):
    """One page of a list, which the query asks for by an opaque token."""

    query: PageQuery
    offset: int
    items: list[M]
    next_position: int | None
    """The offset of the next page; None on the last."""

    @property
    def next(self) -> tuple[str, str] | None:
        """Return the URL and the token of the next page; None when there is none."""
        return None if self.next_position is None else self._at(self.next_position)

    @property
    def previous(self) -> tuple[str, str] | None:
        """Return the URL and the token of the previous page; None when there is none."""
        return self._at(max(0, self.offset - self.query.limit)) if self.offset else None

    def _at(self, offset: int) -> tuple[str, str]:
        token = self.query.cursor(offset)
        return self.query.link(token), token

    @property
    def links(self) -> IdentityPage:
        """Return the page fields in the form of the identity API."""
        body: IdentityPage = {"offset": self.offset, "limit": self.query.limit, "first": self.query.link()}
        if self.next:
            body["next"], _ = self.next
        if self.previous:
            body["previous"], _ = self.previous
        return body


def offset_page(
    request: Request, rows: QuerySet[M] | Sequence[M], *, caller: Caller, names: tuple[str, str], default: int
) -> OffsetPage[M]:
    """Return the page of ``rows`` that the query asks for. ``names`` are the names of two parameters: size and token.

    A token is valid only for the same caller and query. Raises InvalidValue.
    """
    query = read_page_query(request, scope=f"{caller.account_id}:{caller.iam_id}", names=names, default=default)
    items, next_position = by_offset(rows, query.limit, query.position)
    return OffsetPage(query, query.position or 0, items, next_position)


def token_page(request: Request, rows: QuerySet[M] | Sequence[M], *, caller: Caller) -> OffsetPage[M]:
    """Return a page of a collection of the identity API, by ``pagesize`` and ``pagetoken``. Raises InvalidValue."""
    return offset_page(request, rows, caller=caller, names=(PAGE_SIZE, PAGE_TOKEN), default=DEFAULT_PAGE)


def ordered(request: Request, rows: QuerySet[M], attributes: Sequence[str]) -> QuerySet[M]:
    """Return the rows in the order that ``sort`` and ``order`` ask for, otherwise oldest first. Raises InvalidValue."""
    sort = one_of(request.GET, "sort", attributes) or "created_at"
    backwards = "-" if one_of(request.GET, ORDER, DIRECTIONS) == "desc" else ""
    return rows.order_by(f"{backwards}{sort}", "id")


def filtered(request: Request, rows: QuerySet[M], attributes: Sequence[str]) -> QuerySet[M]:
    """Return the rows that the ``filter`` query asks for, all without it. Raises InvalidValue."""
    if FILTER not in request.GET:
        return rows
    try:
        return rows.filter(scim_filter.parse(request.GET[FILTER], attributes=attributes))
    except ValueError as error:
        raise InvalidValue(f"filter is not understood. {error}", target=Target(FILTER, "parameter")) from None
