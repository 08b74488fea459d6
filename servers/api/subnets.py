"""``/v1/subnets``."""

from typing import Any, Literal, NotRequired

from django.db.models import Count, OuterRef, QuerySet, Subquery
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictIntegerField, StrictSerializer
from controlplane.kernel.operation import Operation, Parameter
from servers import events
from servers.addressing import LARGEST_RANGE, SMALLEST_RANGE, size_of
from servers.api.base import OF_RESOURCE_GROUP, VpcView
from servers.api.extra_permissions import OPERATE_GATEWAY, require_operating_gateway
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import LONGEST_CIDR, NameField, ReferenceField, RenameBody
from servers.api.shared_responses import (
    InVpc,
    NamedReference,
    PublicGatewayReference,
    Reference,
    RoutingTableReference,
    SubnetReference,
    collection,
)
from servers.models import VPC, ReservedIP
from servers.models import Subnet as SubnetRow
from servers.selectors import of_crn
from servers.services import subnets

FILTERS = {
    **OF_RESOURCE_GROUP,
    Parameter("zone.name"): "zone",
    Parameter("vpc.id"): "vpc__id",
    Parameter("vpc.name"): "vpc__name",
    Parameter("routing_table.id"): "routing_table__id",
    Parameter("routing_table.name"): "routing_table__name",
}


VPC_CRN = Parameter("vpc.crn")


class RoutingTableField(ReferenceField):
    """The resource in its CRN is ``<VPC id>/<routing table id>``."""

    def to_internal_value(self, data: Any) -> str:
        id = super().to_internal_value(data)
        return id if ":" in id else id.rpartition("/")[2]


class CreateSubnetBody(StrictSerializer):
    """A subnet with a given range (``ipv4_cidr_block``), or with a number of addresses in a zone."""

    vpc = ReferenceField("id", "crn", "href")
    ipv4_cidr_block = StrictCharField(required=False, max_length=LONGEST_CIDR)
    total_ipv4_address_count = StrictIntegerField(required=False, min_value=SMALLEST_RANGE, max_value=LARGEST_RANGE)
    zone = ReferenceField("name", "href", required=False)
    ip_version = serializers.ChoiceField(choices=["ipv4"], required=False)
    name = NameField(required=False)
    network_acl = ReferenceField("id", "crn", "href", required=False)
    routing_table = RoutingTableField("id", "crn", "href", required=False)
    public_gateway = ReferenceField("id", "crn", "href", required=False)
    resource_group = ReferenceField("id", required=False)

    def validate_total_ipv4_address_count(self, count: int) -> int:
        if count & (count - 1):
            raise serializers.ValidationError("It must be a power of 2, such as 256.")
        return count

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_range, by_count = "ipv4_cidr_block" in attrs, "total_ipv4_address_count" in attrs
        if by_range and by_count:
            raise serializers.ValidationError(
                {"total_ipv4_address_count": "The range says how many. Send one of the two."}
            )
        if not by_range and not by_count:
            raise serializers.ValidationError(
                {"ipv4_cidr_block": "Send this, or total_ipv4_address_count and zone."}, code="required"
            )
        if by_count and "zone" not in attrs:
            raise serializers.ValidationError({"zone": "It goes with total_ipv4_address_count."}, code="required")
        attrs.pop("ip_version", None)
        return attrs


class UpdateSubnetBody(RenameBody):
    network_acl = ReferenceField("id", "crn", "href", required=False)
    routing_table = RoutingTableField("id", "crn", "href", required=False)
    public_gateway = ReferenceField("id", "crn", "href", required=False, allow_null=True)


class Subnet(SubnetReference, InVpc):
    available_ipv4_address_count: int
    ip_version: Literal["ipv4"]
    ipv4_cidr_block: str
    network_acl: Reference
    public_gateway: NotRequired[PublicGatewayReference]
    routing_table: RoutingTableReference
    status: Literal["available"]
    total_ipv4_address_count: int
    zone: NamedReference


def subnet_body(subnet: Any, hrefs: Hrefs) -> Subnet:
    """Return the body of a row of ``SubnetView.rows``; ``taken`` is its number of used addresses."""
    total = size_of(subnet.ipv4_cidr_block)
    body: Subnet = {
        **hrefs.subnet(subnet),
        "available_ipv4_address_count": total - subnet.taken,
        "created_at": timestamps.seconds(subnet.created_at),
        "ip_version": "ipv4",
        "ipv4_cidr_block": subnet.ipv4_cidr_block,
        "network_acl": hrefs.network_acl(subnet.network_acl),
        "resource_group": resource_group(subnet.resource_group),
        "routing_table": hrefs.routing_table(subnet.routing_table),
        "status": "available",
        "total_ipv4_address_count": total,
        "vpc": hrefs.vpc(subnet.vpc),
        "zone": hrefs.zone(subnet.zone),
    }
    if subnet.public_gateway:
        body["public_gateway"] = hrefs.public_gateway(subnet.public_gateway)
    return body


class SubnetView(VpcView):
    def rows(self) -> QuerySet[SubnetRow]:
        addresses = ReservedIP.objects.filter(subnet=OuterRef("pk")).order_by().values("subnet")
        return (
            self.own(SubnetRow)
            .select_related("vpc", "resource_group", "network_acl", "routing_table__vpc", "public_gateway")
            .annotate(taken=Subquery(addresses.annotate(number_of=Count("pk")).values("number_of")))
        )

    def render(self, id: str) -> Subnet:
        """Return the body of the subnet as it is now."""
        return subnet_body(self.find(self.rows(), id=id), self.hrefs)


class OneSubnetView(SubnetView):
    """A view about one subnet, ``subnet_id`` in the path."""

    subnet: SubnetRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.about = self.subnet = self.find(self.rows(), id=self.kwargs["subnet_id"])


class Subnets(SubnetView):
    operations = {
        "GET": Operation(
            "list_subnets",
            "is.subnet.subnet.list",
            f"{events.SUBNET}.read",
            answer=collection("SubnetCollection", "subnets", Subnet),
            lists=SubnetRow,
            paged=True,
            query=(*FILTERS, VPC_CRN),
        ),
        "POST": Operation(
            "create_subnet",
            "is.subnet.subnet.create",
            f"{events.SUBNET}.create",
            recorded_by_service=True,
            status=201,
            body=CreateSubnetBody,
            answer=Subnet,
            further=(OPERATE_GATEWAY,),
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), FILTERS)
        if (crn := request.GET.get(VPC_CRN)) is not None:
            rows = rows.filter(vpc__in=of_crn(VPC.objects.all(), crn))
        return self.page("subnets", rows, subnet_body)

    def post(self, request: Request) -> Response:
        body = self.body
        require_operating_gateway(self.caller, self.region, body.get("public_gateway"), path="public_gateway")
        subnet = subnets.create_subnet(self.account, region=self.region, by=self.by, **body)
        return self.answer(self.render(subnet.id))


class OneSubnet(OneSubnetView):
    operations = {
        "GET": Operation("get_subnet", "is.subnet.subnet.read", f"{events.SUBNET}.read", answer=Subnet),
        "PATCH": Operation(
            "update_subnet",
            "is.subnet.subnet.update",
            f"{events.SUBNET}.update",
            recorded_by_service=True,
            body=UpdateSubnetBody,
            answer=Subnet,
            conflicts=False,
            further=(OPERATE_GATEWAY,),
        ),
        "DELETE": Operation(
            "delete_subnet", "is.subnet.subnet.delete", f"{events.SUBNET}.delete", recorded_by_service=True, status=204
        ),
    }

    def get(self, request: Request, subnet_id: str) -> Response:
        return self.answer(subnet_body(self.subnet, self.hrefs))

    def patch(self, request: Request, subnet_id: str) -> Response:
        body = self.body
        require_operating_gateway(self.caller, self.region, body.get("public_gateway"), path="public_gateway")
        subnets.update_subnet(self.subnet, by=self.by, **body)
        return self.answer(self.render(subnet_id))

    def delete(self, request: Request, subnet_id: str) -> Response:
        subnets.delete_subnet(self.subnet, by=self.by)
        return self.answer()
