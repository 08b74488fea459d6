"""``/v1/vpcs``."""

from typing import Any, Literal, NotRequired, TypedDict

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter
from controlplane.kernel.query_parameters import optional_boolean
from servers import catalog, events
from servers.api.base import OF_RESOURCE_GROUP, DeletedMeanwhile, VpcView
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import ReferenceField, RenameBody
from servers.api.shared_responses import (
    Grouped,
    NamedReference,
    Reference,
    RoutingTableReference,
    VPCReference,
    collection,
)
from servers.models import VPC as VpcRow
from servers.services import vpcs
from servers.services.resource_changes import etag_of

SYSTEM_DNS_SERVERS = ("161.26.0.10", "161.26.0.11")
MOST_DNS_SERVERS = 15
CLASSIC_ACCESS = Parameter("classic_access", "Only VPCs with access to classic infrastructure, or without.", BOOLEAN)


class DnsServerBody(StrictSerializer):
    address = StrictCharField()
    zone_affinity = ReferenceField("name", "href", required=False)


class ResolverBody(StrictSerializer):
    type = serializers.ChoiceField(choices=["system", "manual", "delegated"], required=False)
    manual_servers = serializers.ListField(
        child=DnsServerBody(), required=False, allow_null=True, max_length=MOST_DNS_SERVERS
    )
    vpc = ReferenceField("id", "crn", "href", required=False, allow_null=True)


class DnsBody(StrictSerializer):
    enable_hub = StrictBooleanField(required=False)
    resolver = ResolverBody(required=False)


class CreateVpcBody(RenameBody):
    address_prefix_management = serializers.ChoiceField(choices=["auto", "manual"], required=False)
    classic_access = StrictBooleanField(required=False)
    dns = DnsBody(required=False)
    resource_group = ReferenceField("id", required=False)


class UpdateVpcBody(RenameBody):
    dns = DnsBody(required=False)


class IP(TypedDict):
    address: str


class VPCCSESourceIP(TypedDict):
    ip: IP
    zone: NamedReference


class DNSServer(TypedDict):
    address: str
    zone_affinity: NotRequired[NamedReference]


class VPCDNSResolver(TypedDict):
    type: Literal["system", "manual", "delegated"]
    servers: list[DNSServer]
    configuration: NotRequired[Literal["default"]]
    manual_servers: NotRequired[list[DNSServer]]
    vpc: NotRequired[VPCReference]


class VPCDNS(TypedDict):
    enable_hub: bool
    resolution_binding_count: int
    resolver: VPCDNSResolver


class VPCHealthReason(TypedDict):
    code: Literal["dns_resolution_binding_failed"]
    message: str


class VPC(VPCReference, Grouped):
    classic_access: bool
    cse_source_ips: list[VPCCSESourceIP]
    default_network_acl: Reference
    default_routing_table: RoutingTableReference
    default_security_group: Reference
    dns: VPCDNS
    health_reasons: list[VPCHealthReason]
    health_state: Literal["degraded", "ok"]
    public_address_ranges: list[Any]
    status: Literal["available"]


CUT_OFF: VPCHealthReason = {
    "code": "dns_resolution_binding_failed",
    "message": "The hub that resolves names for the VPC deleted the DNS resolution binding. Choose another resolver.",
}


def vpc_body(vpc: VpcRow, hrefs: Hrefs) -> VPC:
    acl, group, table = vpc.default_network_acl, vpc.default_security_group, vpc.default_routing_table
    if not (acl and group and table):  # create_vpc made them
        raise DeletedMeanwhile("The VPC was deleted while it was read.")
    bindings = vpc.dns_resolution_bindings.all()
    hub = vpc.dns_resolver_vpc_id
    cut_off = hub is not None and all(each.other_id != hub for each in bindings)
    return {
        **hrefs.vpc(vpc),
        "classic_access": vpc.classic_access,
        "created_at": timestamps.seconds(vpc.created_at),
        "cse_source_ips": [
            {"ip": {"address": f"10.12.{vpc.number % 256}.{number}"}, "zone": hrefs.zone(zone)}
            for number, zone in enumerate(catalog.regions()[vpc.region].zones, start=1)
        ],
        "default_network_acl": hrefs.network_acl(acl),
        "default_routing_table": hrefs.routing_table(table),
        "default_security_group": hrefs.security_group(group),
        "dns": {
            "enable_hub": vpc.enable_hub,
            "resolution_binding_count": len(bindings),
            "resolver": _resolver(vpc, hrefs),
        },
        "health_reasons": [CUT_OFF] if cut_off else [],
        "health_state": "degraded" if cut_off else "ok",
        "public_address_ranges": [],
        "resource_group": resource_group(vpc.resource_group),
        "status": "available",
    }


def _resolver(vpc: VpcRow, hrefs: Hrefs) -> VPCDNSResolver:
    """Return the resolver of a VPC; one that delegates has the servers of its hub."""
    hub = vpc.dns_resolver_vpc
    manual = (hub or vpc).manual_dns_servers
    servers: list[DNSServer] = [_dns_server(server, hrefs) for server in manual]
    servers = servers or [{"address": address} for address in SYSTEM_DNS_SERVERS]
    if hub is not None:
        return {"type": "delegated", "servers": servers, "vpc": hrefs.vpc(hub)}
    if manual:
        return {"type": "manual", "servers": servers, "manual_servers": servers}
    return {"type": "system", "servers": servers, "configuration": "default"}


def _dns_server(server: dict[str, str], hrefs: Hrefs) -> DNSServer:
    if "zone" in server:
        return {"address": server["address"], "zone_affinity": hrefs.zone(server["zone"])}
    return {"address": server["address"]}


class VpcCollectionView(VpcView):
    def rows(self) -> QuerySet[VpcRow]:
        parts = ("default_network_acl", "default_security_group", "default_routing_table__vpc", "dns_resolver_vpc")
        rows = self.own(VpcRow).select_related("resource_group", *parts)
        return rows.prefetch_related("dns_resolution_bindings")


class OneVpcView(VpcCollectionView):
    """A view about one VPC, ``vpc_id`` in the path."""

    vpc: VpcRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.about = self.vpc = self.find(self.rows(), id=self.kwargs["vpc_id"])


class VPCs(VpcCollectionView):
    operations = {
        "GET": Operation(
            "list_vpcs",
            "is.vpc.vpc.list",
            f"{events.VPC}.read",
            answer=collection("VPCCollection", "vpcs", VPC),
            lists=VpcRow,
            paged=True,
            query=(*OF_RESOURCE_GROUP, CLASSIC_ACCESS),
        ),
        "POST": Operation(
            "create_vpc",
            "is.vpc.vpc.create",
            f"{events.VPC}.create",
            recorded_by_service=True,
            status=201,
            body=CreateVpcBody,
            answer=VPC,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        if (classic := optional_boolean(request.GET, CLASSIC_ACCESS)) is not None:
            rows = rows.filter(classic_access=classic)
        return self.page("vpcs", rows, vpc_body)

    def post(self, request: Request) -> Response:
        vpc = vpcs.create_vpc(self.account, region=self.region, by=self.by, **self.body)
        return self.answer(vpc_body(vpc, self.hrefs))


class OneVPC(OneVpcView):
    operations = {
        "GET": Operation("get_vpc", "is.vpc.vpc.read", f"{events.VPC}.read", answer=VPC, etag=True),
        "PATCH": Operation(
            "update_vpc",
            "is.vpc.vpc.update",
            f"{events.VPC}.update",
            recorded_by_service=True,
            body=UpdateVpcBody,
            answer=VPC,
            etag=True,
            if_match="optional",
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_vpc",
            "is.vpc.vpc.delete",
            f"{events.VPC}.delete",
            recorded_by_service=True,
            status=204,
            if_match="optional",
        ),
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        return self.answer(vpc_body(self.vpc, self.hrefs), etag=etag_of(self.vpc))

    def patch(self, request: Request, vpc_id: str) -> Response:
        vpc = vpcs.update_vpc(self.vpc, if_match=self.if_match, by=self.by, **self.body)
        return self.answer(vpc_body(vpc, self.hrefs), etag=etag_of(vpc))

    def delete(self, request: Request, vpc_id: str) -> Response:
        vpcs.delete_vpc(self.vpc, if_match=self.if_match, by=self.by)
        return self.answer()
