"""VPCs, subnets, reserved IPs and keys, to read."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import NotFound
from servers.api import network_body as bodies
from servers.api.base import VpcView
from servers.models import VPC, ReservedIP
from servers.selectors import keys_of, subnets_of
from trustedprofiles.permissions import Operation

READ_VPC = Operation("list_vpcs", "is.vpc.vpc.read", "is.vpc.vpc.read")
READ_SUBNET = Operation("list_subnets", "is.subnet.subnet.read", "is.subnet.subnet.read")
READ_KEY = Operation("list_keys", "is.key.key.read", "is.key.key.read")
SUBNET_FILTERS = {
    "resource_group.id": "resource_group_id",
    "zone.name": "zone",
    "vpc.id": "vpc__id",
    "vpc.name": "vpc__name",
}


class VpcCollection(VpcView):
    operations = {"GET": READ_VPC}

    def rows(self) -> QuerySet[VPC]:
        return VPC.objects.filter(account_id=self.caller.account_id).select_related(
            "resource_group", "default_network_acl", "default_security_group", "default_routing_table__vpc"
        )


class VPCs(VpcCollection):
    def get(self, request: Request) -> Response:
        rows = self.rows()
        if group := request.GET.get("resource_group.id"):
            rows = rows.filter(resource_group_id=group)
        return self.page("vpcs", rows, bodies.vpc_body)


class OneVPC(VpcCollection):
    def get(self, request: Request, vpc_id: str) -> Response:
        return self.one(self.rows(), bodies.vpc_body, id=vpc_id)


class Subnets(VpcView):
    operations = {"GET": READ_SUBNET}

    def get(self, request: Request) -> Response:
        given = {field: request.GET[name] for name, field in SUBNET_FILTERS.items() if name in request.GET}
        return self.page("subnets", subnets_of(self.caller.account_id).filter(**given), bodies.subnet_body)


class OneSubnet(VpcView):
    operations = {"GET": READ_SUBNET}

    def get(self, request: Request, subnet_id: str) -> Response:
        return self.one(subnets_of(self.caller.account_id), bodies.subnet_body, id=subnet_id)


class ReservedIpView(VpcView):
    operations = {"GET": READ_SUBNET}

    def rows(self, subnet_id: str) -> QuerySet[ReservedIP]:
        subnet = subnets_of(self.caller.account_id).filter(id=subnet_id).first()
        if subnet is None:
            raise NotFound("Subnet not found. Check the id, and that it is in your account.")
        return subnet.reserved_ips.select_related("subnet", "network_interface__server")


class ReservedIPs(ReservedIpView):
    def get(self, request: Request, subnet_id: str) -> Response:
        return self.page("reserved_ips", self.rows(subnet_id), bodies.reserved_ip_body)


class OneReservedIP(ReservedIpView):
    def get(self, request: Request, subnet_id: str, ip_id: str) -> Response:
        return self.one(self.rows(subnet_id), bodies.reserved_ip_body, id=ip_id)


class Keys(VpcView):
    operations = {"GET": READ_KEY}

    def get(self, request: Request) -> Response:
        return self.page("keys", keys_of(self.caller.account_id), bodies.key_body)


class OneKey(VpcView):
    operations = {"GET": READ_KEY}

    def get(self, request: Request, key_id: str) -> Response:
        return self.one(keys_of(self.caller.account_id), bodies.key_body, id=key_id)
