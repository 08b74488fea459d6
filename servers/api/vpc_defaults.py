"""The resources that each VPC is created with, read-only: its default network ACL, security group, routing table."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers import events
from servers.api import network_acls, routing_tables, security_groups
from servers.api.vpcs import OneVpcView


class DefaultNetworkACL(OneVpcView):
    operations = {
        "GET": Operation(
            "get_vpc_default_network_acl",
            "is.network-acl.network-acl.read",
            f"{events.NETWORK_ACL}.read",
            answer=network_acls.NetworkACL,
        )
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        assert self.vpc.default_network_acl  # noqa: S101
        return self.answer(network_acls.network_acl_body(self.vpc.default_network_acl, self.hrefs))


class DefaultSecurityGroup(OneVpcView):
    operations = {
        "GET": Operation(
            "get_vpc_default_security_group",
            "is.security-group.security-group.read",
            f"{events.SECURITY_GROUP}.read",
            answer=security_groups.SecurityGroup,
        )
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        assert self.vpc.default_security_group  # noqa: S101
        return self.answer(security_groups.security_group_body(self.vpc.default_security_group, self.hrefs))


class DefaultRoutingTable(OneVpcView):
    operations = {
        "GET": Operation(
            "get_vpc_default_routing_table",
            "is.vpc.routing-table.read",
            f"{events.ROUTING_TABLE}.read",
            answer=routing_tables.RoutingTable,
        )
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        assert self.vpc.default_routing_table  # noqa: S101
        return self.answer(routing_tables.routing_table_body(self.vpc.default_routing_table, self.hrefs))
