"""``/v1/floating_ips``."""

from typing import Any, Literal, NotRequired

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.errors import BadField, Target
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import Operation
from controlplane.kernel.query_parameters import one_of
from servers import catalog, events
from servers.api.base import OF_RESOURCE_GROUP, TARGET, VpcView
from servers.api.list_orders import SORT, order_of
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import (
    FloatingIPReference,
    Grouped,
    IdentifiedReference,
    NamedReference,
    PrimaryAddress,
    SubnetReference,
    collection,
)
from servers.models import FloatingIP as Row
from servers.models import PublicGateway, VirtualNetworkInterface
from servers.selectors import of_crn
from servers.services import floating_ips as services

ACTION = EVENT = events.FLOATING_IP
TYPES = ("network_interface", "public_gateway", "virtual_network_interface")


class CreateFloatingIpBody(StrictSerializer):
    """Exactly one of ``zone`` and ``target``, which is a network interface or a virtual one."""

    zone = ReferenceField("name", "href", required=False)
    target = ReferenceField("id", "crn", "href", required=False)
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("zone" in attrs) == ("target" in attrs):
            raise serializers.ValidationError({"zone": "Give exactly one of zone and target."})
        return attrs


class PatchFloatingIpBody(RenameBody):
    target = ReferenceField("id", "crn", "href", required=False, allow_null=True)


class FloatingIPTarget(IdentifiedReference, PrimaryAddress):
    """A network interface, a virtual one, which has a CRN and a subnet, or a public gateway, which has a CRN."""

    crn: NotRequired[str]
    resource_type: Literal["network_interface", "public_gateway", "virtual_network_interface"]
    subnet: NotRequired[SubnetReference]


class FloatingIP(FloatingIPReference, Grouped):
    status: Literal["available", "deleting", "failed", "pending"]
    target: NotRequired[FloatingIPTarget]
    zone: NamedReference


def floating_ip_body(ip: Row, hrefs: Hrefs) -> FloatingIP:
    body: FloatingIP = {
        **hrefs.floating_ip(ip),
        "created_at": timestamps.seconds(ip.created_at),
        "resource_group": resource_group(ip.resource_group),
        "status": "available",
        "zone": hrefs.zone(ip.zone),
    }
    if interface := ip.network_interface:
        body["target"] = {
            "href": hrefs("bare_metal_servers", interface.server.id, "network_interfaces", interface.id),
            "id": interface.id,
            "name": interface.name,
            **hrefs.primary_address(interface.primary_ip, interface.subnet),
            "resource_type": "network_interface",
        }
    if virtual := ip.virtual_network_interface:
        reference = hrefs.virtual_network_interface(virtual)
        body["target"] = {
            "crn": reference["crn"],
            "href": reference["href"],
            "id": reference["id"],
            "name": reference["name"],
            "primary_ip": hrefs.reserved_ip(virtual.primary_ip, virtual.subnet),
            "resource_type": "virtual_network_interface",
            "subnet": hrefs.subnet(virtual.subnet),
        }
    if gateway := getattr(ip, "public_gateway", None):
        target = hrefs.public_gateway(gateway)
        body["target"] = {
            "crn": target["crn"],
            "href": target["href"],
            "id": target["id"],
            "name": target["name"],
            "resource_type": "public_gateway",
        }
    return body


def with_targets(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows with everything that ``floating_ip_body`` shows."""
    holders = ("network_interface", "virtual_network_interface")
    parts = [f"{holder}__{part}" for holder in holders for part in ("primary_ip", "subnet")]
    return rows.select_related("resource_group", "network_interface__server", "public_gateway", *parts)


class FloatingIpView(VpcView):
    def rows(self) -> QuerySet[Row]:
        return with_targets(self.own(Row))


class FloatingIPs(FloatingIpView):
    operations = {
        "GET": Operation(
            "list_floating_ips",
            f"{ACTION}.list",
            f"{EVENT}.read",
            answer=collection("FloatingIPCollection", "floating_ips", FloatingIP),
            lists=Row,
            paged=True,
            query=(*OF_RESOURCE_GROUP, SORT, *TARGET),
        ),
        "POST": Operation(
            "create_floating_ip",
            f"{ACTION}.create",
            f"{EVENT}.create",
            recorded_by_service=True,
            status=201,
            body=CreateFloatingIpBody,
            answer=FloatingIP,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        return self.page("floating_ips", rows.filter(self._target()), floating_ip_body, order=order_of(request))

    def _target(self) -> Q:
        query, condition = self.request.GET, Q()
        for parameter, field in (("target.id", "id"), ("target.name", "name")):
            if parameter in query:
                value = query[parameter]
                condition &= Q(*((f"{kind}__{field}", value) for kind in TYPES), _connector=Q.OR)
        if "target.crn" in query:
            crn, in_crn = query["target.crn"], Q()
            for kind, model in (
                ("virtual_network_interface", VirtualNetworkInterface),
                ("public_gateway", PublicGateway),
            ):
                in_crn |= Q(**{f"{kind}__in": of_crn(self.own(model), crn)})
            condition &= in_crn
        if target_type := one_of(query, "target.resource_type", TYPES):
            condition &= Q(**{f"{target_type}__isnull": False})
        return condition

    def post(self, request: Request) -> Response:
        body = self.body
        zones = catalog.regions()[self.region].zones
        if "zone" in body and body["zone"] not in zones:
            raise BadField(f"zone must be one of {', '.join(zones)}.", target=Target("zone"))
        ip = services.create_floating_ip(self.account, region=self.region, by=self.by, **body)
        return self.answer(floating_ip_body(self.find(self.rows(), id=ip.id), self.hrefs))


class OneFloatingIP(FloatingIpView):
    operations = {
        "GET": Operation("get_floating_ip", f"{ACTION}.read", f"{EVENT}.read", answer=FloatingIP),
        "PATCH": Operation(
            "update_floating_ip",
            f"{ACTION}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            body=PatchFloatingIpBody,
            answer=FloatingIP,
        ),
        "DELETE": Operation(
            "delete_floating_ip", f"{ACTION}.delete", f"{EVENT}.delete", recorded_by_service=True, status=204
        ),
    }

    ip: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.ip = self.find(self.rows(), id=self.kwargs["ip_id"])

    def resource_attributes(self) -> dict[str, str]:
        return self.ip.policy_attributes

    def get(self, request: Request, ip_id: str) -> Response:
        return self.answer(floating_ip_body(self.ip, self.hrefs))

    def patch(self, request: Request, ip_id: str) -> Response:
        body = self.body
        services.update_floating_ip(self.ip, move="target" in body, by=self.by, **body)
        return self.answer(floating_ip_body(self.find(self.rows(), id=ip_id), self.hrefs))

    def delete(self, request: Request, ip_id: str) -> Response:
        services.delete_floating_ip(self.ip, by=self.by)
        return self.answer()
