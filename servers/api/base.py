"""What every view of the VPC API shares: version and generation, the page envelope, the server it is about."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from controlplane.kernel.paging import paginate
from controlplane.kernel.versioning import parse_version, require_generation
from servers.api.references import Hrefs
from servers.models import BareMetalServer
from servers.selectors import find_server
from trustedprofiles.guarded import GuardedView

EARLIEST_VERSION = date(2019, 1, 1)
M = TypeVar("M", bound=Model)


class VpcView(GuardedView):
    """A view of the VPC API (service ``is``)."""

    def prepare(self, request: Request) -> None:
        parse_version(request.GET, earliest=EARLIEST_VERSION)
        require_generation(request.GET)

    def resource_attributes(self) -> dict[str, str]:
        return {"region": settings.BAREMINT_REGION}

    @property
    def hrefs(self) -> Hrefs:
        return Hrefs(self.request.build_absolute_uri("/v1"))

    def page(self, name: str, rows: QuerySet[M], render: Callable[[M, Hrefs], dict[str, Any]]) -> Response:
        """One page of a collection."""
        page = paginate(self.request._request, rows, scope=self.caller.account_id)
        return Response(page.as_json(name, [render(row, self.hrefs) for row in page.items]))

    def one(self, rows: QuerySet[M], render: Callable[[M, Hrefs], dict[str, Any]], **lookup: str) -> Response:
        """One resource, or 404: another account's looks like none."""
        found = rows.filter(**lookup).first()
        if found is None:
            raise NotFound(f"{rows.model._meta.verbose_name} not found. Check the id, and that it is in your account.")
        return Response(render(found, self.hrefs))


class ServerView(VpcView):
    """A view about one bare metal server, ``server_id`` in the path."""

    server: BareMetalServer

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        found = find_server(self.caller.account_id, self.kwargs["server_id"])
        if found is None:
            raise NotFound("Bare metal server not found. Check the id, and that it is in your account.")
        self.server = found

    def resource_attributes(self) -> dict[str, str]:
        return super().resource_attributes() | {
            "bareMetalServerId": self.server.id,
            "vpcId": self.server.vpc.id,
            "resourceGroupId": self.server.resource_group_id,
        }

    def target(self) -> Party:
        if hasattr(self, "server"):
            return Party(self.server.crn, self.server.name, "BareMetalServer")
        return Party(self.kwargs["server_id"], type="BareMetalServer")
