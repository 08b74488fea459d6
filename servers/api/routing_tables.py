"""``/v1/vpcs/{vpc_id}/routing_tables``."""

from typing import Any, Literal, TypedDict

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictSerializer
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter
from controlplane.kernel.query_parameters import optional_boolean
from servers import events
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.route_requests import CreateRouteBody
from servers.api.shared_requests import RenameBody
from servers.api.shared_responses import (
    Grouped,
    IdentifiedReference,
    RoutingTableReference,
    SubnetReference,
    collection,
)
from servers.api.vpcs import OneVpcView
from servers.models import Route
from servers.models import RoutingTable as RoutingTableRow
from servers.services import routing_tables
from servers.services.resource_changes import etag_of
from servers.services.routing_tables import CREATORS, SOURCES

IS_DEFAULT = Parameter("is_default", "Only the default routing table, or only the others.", BOOLEAN)


class CreatorBody(StrictSerializer):
    resource_type = serializers.ChoiceField(choices=CREATORS)


class CreatorsField(serializers.ListField):
    """Reads as resource types, each once."""

    child = CreatorBody()

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(each["resource_type"] for each in super().to_internal_value(data)))


class SourcesField(serializers.ListField):
    child = serializers.ChoiceField(choices=SOURCES)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))


class UpdateRoutingTableBody(RenameBody):
    accept_routes_from = CreatorsField(required=False)
    advertise_routes_to = SourcesField(required=False)
    route_direct_link_ingress = StrictBooleanField(required=False)
    route_internet_ingress = StrictBooleanField(required=False)
    route_transit_gateway_ingress = StrictBooleanField(required=False)
    route_vpc_zone_ingress = StrictBooleanField(required=False)


class CreateRoutingTableBody(UpdateRoutingTableBody):
    routes = serializers.ListField(child=CreateRouteBody(), required=False)


class ResourceFilter(TypedDict):
    resource_type: Literal["vpn_gateway", "vpn_server"]


class RouteReference(IdentifiedReference):
    pass


class RoutingTable(RoutingTableReference, Grouped):
    accept_routes_from: list[ResourceFilter]
    advertise_routes_to: list[Literal["direct_link", "transit_gateway"]]
    is_default: bool
    lifecycle_state: Literal["stable"]
    route_direct_link_ingress: bool
    route_internet_ingress: bool
    route_transit_gateway_ingress: bool
    route_vpc_zone_ingress: bool
    routes: list[RouteReference]
    subnets: list[SubnetReference]


def routing_table_body(table: RoutingTableRow, hrefs: Hrefs) -> RoutingTable:
    return {
        **hrefs.routing_table(table),
        "accept_routes_from": [{"resource_type": each} for each in table.accept_routes_from],
        "advertise_routes_to": table.advertise_routes_to,
        "created_at": timestamps.seconds(table.created_at),
        "is_default": table.pk == table.vpc.default_routing_table_id,
        "lifecycle_state": "stable",
        "resource_group": resource_group(table.vpc.resource_group),
        "route_direct_link_ingress": table.route_direct_link_ingress,
        "route_internet_ingress": table.route_internet_ingress,
        "route_transit_gateway_ingress": table.route_transit_gateway_ingress,
        "route_vpc_zone_ingress": table.route_vpc_zone_ingress,
        "routes": [route_reference(route, table, hrefs) for route in table.routes.all()],
        "subnets": [hrefs.subnet(subnet) for subnet in table.subnets.all()],
    }


def route_reference(route: Route, table: RoutingTableRow, hrefs: Hrefs) -> RouteReference:
    href = hrefs("vpcs", table.vpc.id, "routing_tables", table.id, "routes", route.id)
    return {"href": href, "id": route.id, "name": route.name}


class RoutingTableView(OneVpcView):
    def tables(self) -> QuerySet[RoutingTableRow]:
        return self.vpc.routing_tables.select_related("vpc__resource_group").prefetch_related("subnets", "routes")


class RoutingTables(RoutingTableView):
    operations = {
        "GET": Operation(
            "list_vpc_routing_tables",
            "is.vpc.routing-table.list",
            f"{events.ROUTING_TABLE}.read",
            answer=collection("RoutingTableCollection", "routing_tables", RoutingTable),
            paged=True,
            query=(IS_DEFAULT,),
        ),
        "POST": Operation(
            "create_vpc_routing_table",
            "is.vpc.routing-table.create",
            f"{events.ROUTING_TABLE}.create",
            recorded_by_service=True,
            status=201,
            body=CreateRoutingTableBody,
            answer=RoutingTable,
        ),
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        rows, default = self.tables(), self.vpc.default_routing_table
        if (is_default := optional_boolean(request.GET, IS_DEFAULT)) is not None and default:
            rows = rows.filter(pk=default.pk) if is_default else rows.exclude(pk=default.pk)
        return self.page("routing_tables", rows, routing_table_body)

    def post(self, request: Request, vpc_id: str) -> Response:
        table = routing_tables.create_routing_table(self.vpc, by=self.by, **self.body)
        return self.answer(routing_table_body(table, self.hrefs))


class OneRoutingTableView(RoutingTableView):
    table: RoutingTableRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.table = self.find_table()

    def find_table(self) -> RoutingTableRow:
        return self.find(self.tables(), id=self.kwargs["table_id"])


class OneRoutingTable(OneRoutingTableView):
    operations = {
        "GET": Operation(
            "get_vpc_routing_table",
            "is.vpc.routing-table.read",
            f"{events.ROUTING_TABLE}.read",
            answer=RoutingTable,
            etag=True,
        ),
        "PATCH": Operation(
            "update_vpc_routing_table",
            "is.vpc.routing-table.update",
            f"{events.ROUTING_TABLE}.update",
            recorded_by_service=True,
            body=UpdateRoutingTableBody,
            answer=RoutingTable,
            etag=True,
            if_match="optional",
        ),
        "DELETE": Operation(
            "delete_vpc_routing_table",
            "is.vpc.routing-table.delete",
            f"{events.ROUTING_TABLE}.delete",
            recorded_by_service=True,
            status=204,
            if_match="optional",
        ),
    }

    def get(self, request: Request, vpc_id: str, table_id: str) -> Response:
        return self.answer(routing_table_body(self.table, self.hrefs), etag=etag_of(self.table))

    def patch(self, request: Request, vpc_id: str, table_id: str) -> Response:
        table = routing_tables.update_routing_table(self.table, if_match=self.if_match, by=self.by, **self.body)
        return self.answer(routing_table_body(table, self.hrefs), etag=etag_of(table))

    def delete(self, request: Request, vpc_id: str, table_id: str) -> Response:
        routing_tables.delete_routing_table(self.table, if_match=self.if_match, by=self.by)
        return self.answer()
