"""What a subnet is attached to: its network ACL, its routing table, and the public gateway it does not have."""

from typing import Any, Literal, NoReturn

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import NotFound
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from servers.api.network_acls import NetworkACL, network_acl_body
from servers.api.routing_tables import RoutingTable, routing_table_body
from servers.api.shapes import (
    FloatingIPReference,
    NamedReference,
    Reference,
    ResourceGroupReference,
    VPCReference,
)
from servers.api.subnets import OneSubnetView, RoutingTableField
from servers.services import subnets
from trustedprofiles.permissions import Operation


class Identity(StrictSerializer):
    """A reference that is the whole body: exactly one of its properties."""

    id = StrictCharField(required=False)
    crn = StrictCharField(required=False)
    href = StrictCharField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"id": RoutingTableField("id", "crn", "href").to_internal_value(attrs)}


class SubnetNetworkACL(OneSubnetView):
    operations = {
        "GET": Operation(
            "get_subnet_network_acl", "is.subnet.subnet.read", "is.network-acl.network-acl.read", answer=NetworkACL
        ),
        "PUT": Operation(
            "replace_subnet_network_acl",
            "is.subnet.subnet.update",
            "is.subnet.network-acl.update",
            True,
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
            "get_subnet_routing_table", "is.subnet.subnet.read", "is.subnet.routing-table.read", answer=RoutingTable
        ),
        "PUT": Operation(
            "replace_subnet_routing_table",
            "is.subnet.subnet.update",
            "is.subnet.routing-table.attach",
            True,
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


class PublicGateway(Reference):
    """What IBM answers; here there is none to answer with."""

    created_at: str
    floating_ip: FloatingIPReference
    resource_group: ResourceGroupReference
    resource_type: Literal["public_gateway"]
    status: Literal["available"]
    vpc: VPCReference
    zone: NamedReference


class SubnetPublicGateway(OneSubnetView):
    """Public gateways are not simulated: no subnet has one."""

    operations = {
        "GET": Operation(
            "get_subnet_public_gateway",
            "is.subnet.subnet.read",
            "is.subnet.public-gateway.read",
            answer=PublicGateway,
        ),
        "PUT": Operation(
            "set_subnet_public_gateway",
            "is.subnet.subnet.update",
            "is.subnet.public-gateway.attach",
            True,
            status=201,
            body=Identity,
            answer=PublicGateway,
            conflicts=False,
        ),
        "DELETE": Operation(
            "unset_subnet_public_gateway",
            "is.subnet.subnet.update",
            "is.subnet.public-gateway.detach",
            True,
            status=204,
            conflicts=False,
        ),
    }

    def get(self, request: Request, subnet_id: str) -> NoReturn:
        raise NotFound("No public gateway is attached to the subnet.")

    def put(self, request: Request, subnet_id: str) -> NoReturn:
        subnets.attach_public_gateway(self.subnet, self.body["id"], by=self.by)

    def delete(self, request: Request, subnet_id: str) -> NoReturn:
        raise NotFound("No public gateway is attached to the subnet.")
