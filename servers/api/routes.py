"""``/v1/vpcs/{vpc_id}/routing_tables/{table_id}/routes``, and ``/v1/vpcs/{vpc_id}/routes`` of the default table."""

from typing import Literal

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.operation import Operation, Parameter
from servers import events
from servers.api.reference_responses import Hrefs
from servers.api.route_requests import CreateRouteBody, UpdateRouteBody
from servers.api.routing_tables import OneRoutingTableView, RouteReference, route_reference
from servers.api.shared_responses import Address, NamedReference, collection
from servers.models import Route as RouteRow
from servers.models import RoutingTable as RoutingTableRow
from servers.services import routes as services

OF_ZONE = {Parameter("zone.name"): "zone"}
READ, UPDATE = "is.vpc.routing-table.read", "is.vpc.routing-table.update"


class Route(RouteReference):
    action: Literal["delegate", "delegate_vpc", "deliver", "drop"]
    advertise: bool
    created_at: str
    destination: str
    lifecycle_state: Literal["stable"]
    next_hop: Address
    origin: Literal["service", "user"]
    priority: int
    zone: NamedReference


class RouteView(OneRoutingTableView):
    def routes(self) -> QuerySet[RouteRow]:
        return self.table.routes.select_related("routing_table__vpc")

    def render(self, route: RouteRow, hrefs: Hrefs) -> Route:
        return {
            **route_reference(route, self.table, hrefs),
            "action": route.action,  # type: ignore[typeddict-item]
            "advertise": route.advertise,
            "created_at": timestamps.seconds(route.created_at),
            "destination": route.destination,
            "lifecycle_state": "stable",
            "next_hop": {"address": route.next_hop},
            "origin": "user",
            "priority": route.priority,
            "zone": hrefs.zone(route.zone),
        }


class Routes(RouteView):
    operations = {
        "GET": Operation(
            "list_vpc_routing_table_routes",
            READ,
            f"{events.ROUTE}.read",
            answer=collection("RouteCollection", "routes", Route),
            paged=True,
        ),
        "POST": Operation(
            "create_vpc_routing_table_route",
            UPDATE,
            f"{events.ROUTE}.create",
            recorded_by_service=True,
            status=201,
            body=CreateRouteBody,
            answer=Route,
        ),
    }

    def get(self, request: Request, vpc_id: str, table_id: str = "") -> Response:
        rows = self.filtered(self.routes(), OF_ZONE if not table_id else {})
        return self.page("routes", rows, self.render)

    def post(self, request: Request, vpc_id: str, table_id: str = "") -> Response:
        route = services.create_route(self.table, by=self.by, **self.body)
        return self.answer(self.render(route, self.hrefs))


class OneRoute(RouteView):
    operations = {
        "GET": Operation("get_vpc_routing_table_route", READ, f"{events.ROUTE}.read", answer=Route),
        "PATCH": Operation(
            "update_vpc_routing_table_route",
            UPDATE,
            f"{events.ROUTE}.update",
            recorded_by_service=True,
            body=UpdateRouteBody,
            answer=Route,
        ),
        "DELETE": Operation(
            "delete_vpc_routing_table_route",
            UPDATE,
            f"{events.ROUTE}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    route: RouteRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.route = self.find(self.routes(), id=self.kwargs["route_id"])

    def get(self, request: Request, vpc_id: str, route_id: str, table_id: str = "") -> Response:
        return self.answer(self.render(self.route, self.hrefs))

    def patch(self, request: Request, vpc_id: str, route_id: str, table_id: str = "") -> Response:
        route = services.update_route(self.route, by=self.by, **self.body)
        return self.answer(self.render(route, self.hrefs))

    def delete(self, request: Request, vpc_id: str, route_id: str, table_id: str = "") -> Response:
        services.delete_route(self.route, by=self.by)
        return self.answer()


class OfDefaultTable(RouteView):
    """Views of the routes in the VPC's default routing table; IBM has deprecated these operations."""

    def find_table(self) -> RoutingTableRow:
        return self.find(self.tables(), pk=str(self.vpc.default_routing_table_id))


class DefaultRoutes(OfDefaultTable, Routes):
    operations = {
        "GET": Operation(
            "list_vpc_routes",
            READ,
            f"{events.ROUTE}.read",
            answer=collection("RouteCollectionVPCContext", "routes", Route),
            paged=True,
            query=(*OF_ZONE,),
        ),
        "POST": Operation(
            "create_vpc_route",
            UPDATE,
            f"{events.ROUTE}.create",
            recorded_by_service=True,
            status=201,
            body=CreateRouteBody,
            answer=Route,
        ),
    }


class OneDefaultRoute(OfDefaultTable, OneRoute):
    operations = {
        "GET": Operation("get_vpc_route", READ, f"{events.ROUTE}.read", answer=Route),
        "PATCH": Operation(
            "update_vpc_route",
            UPDATE,
            f"{events.ROUTE}.update",
            recorded_by_service=True,
            body=UpdateRouteBody,
            answer=Route,
        ),
        "DELETE": Operation(
            "delete_vpc_route", UPDATE, f"{events.ROUTE}.delete", recorded_by_service=True, status=204, conflicts=False
        ),
    }
