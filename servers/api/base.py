"""The common parts of all views of the VPC API: version and generation, pages, the server that a view is about."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import MissingValue, NotFound, Target, existing
from controlplane.kernel.operation import Parameter, Schema
from controlplane.kernel.paging import NewestFirst, Order, paginate
from controlplane.kernel.versioning import parse_version, refuse_future, require_generation
from servers.api.reference_responses import Hrefs
from servers.models import BareMetalServer
from servers.models.base import RegionalResource
from servers.regions import region_of_host
from servers.selectors import servers_of
from trustedprofiles.api_view import GuardedView

EARLIEST_VERSION = date(2019, 1, 1)
VPC_ID: Schema = {"type": "string", "pattern": "^[-0-9a-z_]+$", "maxLength": 64}
GENERATION = Parameter(
    "generation", "Generation of the infrastructure.", {"type": "integer", "enum": [2]}, required=True
)
OF_RESOURCE_GROUP = {Parameter("resource_group.id"): "resource_group_id"}
"""The filter by resource group, for ``filtered``."""
TARGET = tuple(map(Parameter, ("target.id", "target.crn", "target.name", "target.resource_type")))
"""Query parameters that select addresses by what they are bound to."""
M = TypeVar("M", bound=Model)


def version_parameter(earliest: date) -> Parameter:
    date_form = {"type": "string", "format": "date"}
    return Parameter("version", f"Date of the API version, {earliest} or later.", date_form, required=True)


class DeletedMeanwhile(NotFound):
    """A resource of a response was deleted between two of the queries that read it."""


class VpcView(GuardedView):
    """A view of the VPC API (service ``is``)."""

    common_query = (version_parameter(EARLIEST_VERSION), GENERATION)
    path_ids = VPC_ID

    version: date

    def prepare(self, request: Request) -> None:
        self.version = parse_version(request.GET, earliest=EARLIEST_VERSION)
        refuse_future(self.version, now=clock.latest())
        require_generation(request.GET)

    @property
    def body(self) -> dict[str, Any]:
        """The request body, interpreted by the property names of the requested API version."""
        assert self.operation and self.operation.body  # noqa: S101, PT018  an operation that takes one says so
        return self.operation.body.check(
            self.request.data, context={"version": self.version, "account_id": self.caller.account_id}
        )

    @property
    def region(self) -> str:
        return region_of_host(self.request.get_host())

    about: RegionalResource | None = None
    """The resource in the path, once it is found: policies select it, and it is the target of the view's events."""

    def resource_attributes(self) -> dict[str, str]:
        return self.about.policy_attributes if self.about else {"region": self.region}

    def target(self) -> Party:
        return Party(self.about.crn, self.about.name) if self.about else super().target()

    @property
    def hrefs(self) -> Hrefs:
        return Hrefs(self.request.build_absolute_uri("/v1"), self.version)

    @property
    def by(self) -> Party:
        """The caller, as events name it."""
        return Party.of(self.caller)

    def own(self, model: type[M]) -> QuerySet[M]:
        """Return the caller's rows of a regional resource in the requested region."""
        return model._default_manager.filter(account_id=self.caller.account_id, region=self.region)

    def filtered(self, rows: QuerySet[M], filters: Mapping[Parameter, str]) -> QuerySet[M]:
        """Return the rows that match every given filter; ``filters`` maps query parameters to look-ups."""
        query = self.request.GET
        return rows.filter(**{field: query[name] for name, field in filters.items() if name in query})

    def page(
        self,
        name: str,
        rows: QuerySet[M],
        render: Callable[[M, Hrefs], Mapping[str, Any]],
        *,
        count: Callable[[], int] | None = None,
        order: Order | None = None,
    ) -> Response:
        """Return one page of a collection.

        ``count`` returns the number of rows where counting them is too slow. A list contains the rows that the caller
        may see; for the parts of one resource, access to that resource decides.
        """
        alternatives: list[Q] = []
        if self.operation and self.operation.lists:
            rows, alternatives = self.listing.of(rows), self.listing.alternatives
        page = paginate(self.request, rows, scope=self.scope, count=count, order=order or NewestFirst(alternatives))
        return Response(page.as_json(name, list(self._rendered(page.items, render))))

    @property
    def scope(self) -> str:
        """The caller and the region that the pages belong to."""
        return f"{self.caller.account_id}:{self.caller.iam_id}:{self.region}"

    def _rendered(
        self, rows: Iterable[M], render: Callable[[M, Hrefs], Mapping[str, Any]]
    ) -> Iterator[Mapping[str, Any]]:
        for row in rows:
            with suppress(DeletedMeanwhile):
                yield render(row, self.hrefs)

    @property
    def if_match(self) -> str | None:
        """The ``If-Match`` header. Raises MissingValue when a patch that replaces an array has none."""
        header = self.request.headers.get("If-Match")
        if not header and self.request.method == "PATCH" and _has_array(self.request.data):
            raise MissingValue(
                "A patch with an array needs the If-Match header. Send the ETag of your last read.",
                target=Target("If-Match", "header"),
            )
        return header

    def find(self, rows: QuerySet[M], **lookup: str) -> M:
        """Return one resource. Raises NotFound when there is none, or it is of another account or another region."""
        kind = str(rows.model._meta.verbose_name)
        message = f"{kind[:1].upper()}{kind[1:]} not found. Check its id, the account and the region."
        return existing(rows.filter(**lookup).first(), message)


def _has_array(body: Any) -> bool:
    values = body.values() if isinstance(body, dict) else ()
    return any(isinstance(value, list) or _has_array(value) for value in values)


class ServerView(VpcView):
    """A view about one bare metal server, ``server_id`` in the path."""

    server: BareMetalServer

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        rows = servers_of(self.caller.account_id, self.region)
        self.about = self.server = self.find(rows, id=self.kwargs["server_id"])

    def target(self) -> Party:
        if self.about:
            return Party(self.about.crn, self.about.name, "BareMetalServer")
        return Party(self.kwargs["server_id"], type="BareMetalServer")
