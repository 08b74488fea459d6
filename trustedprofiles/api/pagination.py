"""Lists of the IAM APIs: what a query picks, in which order, and pages of it by an opaque token."""

from collections.abc import Sequence
from typing import Generic, NotRequired, TypedDict, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from controlplane.kernel import paging
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import InvalidValue, Target
from trustedprofiles import scim_filter
from trustedprofiles.permissions import Parameter, choices, limit_parameter

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
    """What ``TokenPage``, ``ordered`` and ``filtered`` read of a query."""
    return PAGE_SIZE, PAGE_TOKEN, Parameter("sort", "What to order by.", choices(*sortable)), ORDER, FILTER


class IdentityPage(TypedDict):
    """Links are plain URLs."""

    offset: int
    limit: int
    first: str
    next: NotRequired[str]
    previous: NotRequired[str]


class OffsetPage(Generic[M]):
    """One page of ``rows`` as the query asks for it, bound to caller and query; the APIs name its two parameters
    differently."""

    def __init__(
        self,
        request: Request,
        rows: QuerySet[M] | Sequence[M],
        *,
        caller: Caller,
        size_name: str,
        start_name: str,
        default: int,
    ) -> None:
        self._url = request.build_absolute_uri(request.path)
        self._names = (size_name, start_name)
        self._filters = sorted((name, value) for name, value in request.GET.items() if name not in self._names)
        self._scope = f"{caller.account_id}:{caller.iam_id}:{request.path}:{urlencode(self._filters)}"
        self.size = paging.parse_limit(request.GET, name=size_name, default=default)
        start = request.GET.get(start_name)
        self.offset = paging.open_cursor(start, scope=self._scope, name=start_name) if start else 0
        found = list(rows[self.offset : self.offset + self.size + 1])
        self.items: list[M] = found[: self.size]
        self._more = len(found) > self.size

    @property
    def first(self) -> str:
        return self._link(None)

    @property
    def next(self) -> tuple[str, str] | None:
        """URL and token, where there is a next page."""
        return self._at(self.offset + self.size) if self._more else None

    @property
    def previous(self) -> tuple[str, str] | None:
        """URL and token, where there is a previous page."""
        return self._at(max(0, self.offset - self.size)) if self.offset else None

    def _at(self, offset: int) -> tuple[str, str]:
        token = paging.seal_cursor(offset, scope=self._scope)
        return self._link(token), token

    def _link(self, token: str | None) -> str:
        size_name, start_name = self._names
        query = dict(self._filters) | {size_name: str(self.size)} | ({start_name: token} if token else {})
        return f"{self._url}?{urlencode(query)}"


class TokenPage(OffsetPage[M]):
    """A page of a collection of the identity API: ``pagesize`` and ``pagetoken``."""

    def __init__(self, request: Request, rows: QuerySet[M], *, caller: Caller) -> None:
        super().__init__(request, rows, caller=caller, size_name=PAGE_SIZE, start_name=PAGE_TOKEN, default=DEFAULT_PAGE)

    @property
    def links(self) -> IdentityPage:
        body: IdentityPage = {"offset": self.offset, "limit": self.size, "first": self.first}
        if self.next:
            body["next"], _ = self.next
        if self.previous:
            body["previous"], _ = self.previous
        return body


def one_of(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """A query parameter with an enumeration; None when it is absent. Raises InvalidValue."""
    asked = request.GET.get(name)
    if asked is not None and asked not in choices:
        raise InvalidValue(f"{name} must be one of {', '.join(choices)}.", target=Target(name, "parameter", asked))
    return asked


def ordered(request: Request, rows: QuerySet[M], attributes: Sequence[str]) -> QuerySet[M]:
    """The rows in the order that ``sort`` and ``order`` ask for; oldest first without. Raises InvalidValue."""
    sort = one_of(request, "sort", attributes) or "created_at"
    backwards = "-" if one_of(request, ORDER, DIRECTIONS) == "desc" else ""
    return rows.order_by(f"{backwards}{sort}", "id")


def filtered(request: Request, rows: QuerySet[M], attributes: Sequence[str]) -> QuerySet[M]:
    """The rows that the ``filter`` query asks for; all without it. Raises InvalidValue."""
    if FILTER not in request.GET:
        return rows
    try:
        return rows.filter(scim_filter.parse(request.GET[FILTER], attributes=attributes))
    except ValueError as error:
        raise InvalidValue(f"filter is not understood. {error}", target=Target(FILTER, "parameter")) from None
