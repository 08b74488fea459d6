"""The resources attached to a subnet: its network ACL, its routing table, and its public gateway."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import existing
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers import events
from servers.api.extra_permissions import OPERATE_GATEWAY, require_operating_gateway
from servers.api.network_acls import NetworkACL, network_acl_body
from servers.api.public_gateways import PublicGateway, gateways_with_parts, public_gateway_body
from servers.api.routing_tables import RoutingTable, routing_table_body
from servers.api.subnets import OneSubnetView, RoutingTableField
from servers.models import PublicGateway as PublicGatewayRow
from servers.services import subnets


class Identity(StrictSerializer):
    """A reference that is the whole body: exactly one of its properties."""

    id = StrictCharField(required=False)
    crn = StrictCharField(required=False)
    href = StrictCharField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"id": RoutingTableField("id", "crn", "href").within(self).to_internal_value(attrs)}


class SubnetNetworkACL(OneSubnetView):
    operations = {
        "GET": Operation(
            "get_subnet_network_acl", "is.subnet.subnet.read", f"{events.NETWORK_ACL}.read", answer=NetworkACL
        ),
        "PUT": Operation(
            "replace_subnet_network_acl",
            "is.subnet.subnet.update",
            f"{events.SUBNET_NETWORK_ACL}.update",
            recorded_by_service=True,
            status=201,
            body=Identity,
            answer=NetworkACL,
            conflicts=False,
        ),
    }

    def get(self, request: Request, subnet_id: str) -> Response:
        return self.answer(network_acl_body(self.subnet.network_acl, self.hrefs))

    def put(self, request: Request, subnet_id: str) -> Response:
        acl = subnets.replace_network_acl(self.subnet, self.body["id"], by=self.by)
        return self.answer(network_acl_body(acl, self.hrefs))


class SubnetRoutingTable(OneSubnetView):
    operations = {
        "GET": Operation(
            "get_subnet_routing_table",
            "is.subnet.subnet.read",
            f"{events.SUBNET_ROUTING_TABLE}.read",
            answer=RoutingTable,
        ),
        "PUT": Operation(
            "replace_subnet_routing_table",
            "is.subnet.subnet.update",
            f"{events.SUBNET_ROUTING_TABLE}.attach",
            recorded_by_service=True,
            status=201,
            body=Identity,
            answer=RoutingTable,
            conflicts=False,
        ),
    }

    def get(self, request: Request, subnet_id: str) -> Response:
        return self.answer(routing_table_body(self.subnet.routing_table, self.hrefs))

    def put(self, request: Request, subnet_id: str) -> Response:
        table = subnets.replace_routing_table(self.subnet, self.body["id"], by=self.by)
        return self.answer(routing_table_body(table, self.hrefs))


class SubnetPublicGateway(OneSubnetView):
    operations = {
        "GET": Operation(
            "get_subnet_public_gateway",
            "is.subnet.subnet.read",
            f"{events.SUBNET_PUBLIC_GATEWAY}.read",
            answer=PublicGateway,
        ),
        "PUT": Operation(
            "set_subnet_public_gateway",
            "is.subnet.subnet.update",
            f"{events.SUBNET_PUBLIC_GATEWAY}.attach",
            recorded_by_service=True,
            status=201,
            body=Identity,
            answer=PublicGateway,
            conflicts=False,
            further=(OPERATE_GATEWAY,),
        ),
        "DELETE": Operation(
            "unset_subnet_public_gateway",
            "is.subnet.subnet.update",
            f"{events.SUBNET_PUBLIC_GATEWAY}.detach",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    def get(self, request: Request, subnet_id: str) -> Response:
        gateway = existing(
            gateways_with_parts(PublicGatewayRow.objects.filter(subnets=self.subnet)).first(),
            "No public gateway is attached to the subnet.",
        )
        return self.answer(public_gateway_body(gateway, self.hrefs))

    def put(self, request: Request, subnet_id: str) -> Response:
        id = self.body["id"]
        require_operating_gateway(self.caller, self.region, id, path="id")
        gateway = subnets.attach_public_gateway(self.subnet, id, by=self.by)
        return self.answer(public_gateway_body(gateway, self.hrefs))

    def delete(self, request: Request, subnet_id: str) -> Response:
        subnets.detach_public_gateway(self.subnet, by=self.by)
        return self.answer()
