"""``/v1/subnets/{subnet_id}/reserved_ips``."""

from typing import Literal, NotRequired

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import TARGET
from servers.api.list_orders import SORT, order_of
from servers.api.reference_responses import Hrefs
from servers.api.shared_requests import NameField, ReferenceField
from servers.api.shared_responses import (
    IdentifiedReference,
    ReservedIPReference,
    VirtualNetworkInterfaceReference,
    collection,
)
from servers.api.subnets import OneSubnetView
from servers.models import NetworkInterface, VirtualNetworkInterface
from servers.models import ReservedIP as ReservedIpRow
from servers.selectors import of_crn
from servers.services import reserved_ips

TARGETS = ("network_interface", "virtual_network_interface", "primary_of")
TARGET_TYPES = {
    "network_interface": Q(network_interface__isnull=False),
    "virtual_network_interface": Q(virtual_network_interface__isnull=False) | Q(primary_of__isnull=False),
}


class CreateReservedIpBody(StrictSerializer):
    address = serializers.IPAddressField(protocol="IPv4", required=False)
    auto_delete = StrictBooleanField(required=False)
    name = NameField(required=False)
    target = ReferenceField("id", "crn", "href", required=False)


class UpdateReservedIpBody(StrictSerializer):
    auto_delete = StrictBooleanField(required=False)
    name = NameField(required=False)


class NetworkInterfaceReferenceTargetContext(IdentifiedReference):
    resource_type: Literal["network_interface"]


class ReservedIP(ReservedIPReference):
    auto_delete: bool
    created_at: str
    lifecycle_state: Literal["stable"]
    owner: Literal["provider", "user"]
    target: NotRequired[NetworkInterfaceReferenceTargetContext | VirtualNetworkInterfaceReference]


def reserved_ip_body(ip: ReservedIpRow, hrefs: Hrefs) -> ReservedIP:
    """Return the body of a row with its ``subnet``; the relations in ``RELATED`` should be fetched with it."""
    body: ReservedIP = {
        **hrefs.reserved_ip(ip, ip.subnet),
        "auto_delete": ip.auto_delete,
        "created_at": timestamps.seconds(ip.created_at),
        "lifecycle_state": "stable",
        "owner": "provider" if ip.owner == "provider" else "user",
    }
    if interface := target_of(ip):
        body["target"] = _target(interface, hrefs)
    return body


RELATED = ("subnet", "network_interface__server", "virtual_network_interface", "primary_of")


def target_of(ip: ReservedIpRow) -> NetworkInterface | VirtualNetworkInterface | None:
    """Return the resource that the address is bound to."""
    targets = (getattr(ip, name, None) for name in TARGETS)
    return next((interface for interface in targets if interface is not None), None)


def _target(
    interface: NetworkInterface | VirtualNetworkInterface, hrefs: Hrefs
) -> NetworkInterfaceReferenceTargetContext | VirtualNetworkInterfaceReference:
    if isinstance(interface, VirtualNetworkInterface):
        return hrefs.virtual_network_interface(interface)
    return {
        "href": hrefs("bare_metal_servers", interface.server.id, "network_interfaces", interface.id),
        "id": interface.id,
        "name": interface.name,
        "resource_type": "network_interface",
    }


class ReservedIpView(OneSubnetView):
    def ips(self) -> QuerySet[ReservedIpRow]:
        return self.subnet.reserved_ips.select_related(*RELATED)


class ReservedIPs(ReservedIpView):
    operations = {
        "GET": Operation(
            "list_subnet_reserved_ips",
            "is.subnet.reserved-ip.list",
            f"{events.RESERVED_IP}.read",
            answer=collection("ReservedIPCollection", "reserved_ips", ReservedIP),
            paged=True,
            query=(SORT, *TARGET),
        ),
        "POST": Operation(
            "create_subnet_reserved_ip",
            "is.subnet.reserved-ip.create",
            f"{events.RESERVED_IP}.create",
            recorded_by_service=True,
            status=201,
            body=CreateReservedIpBody,
            answer=ReservedIP,
        ),
    }

    def get(self, request: Request, subnet_id: str) -> Response:
        rows = self.ips()
        for attribute in ("id", "name"):
            if (value := request.GET.get(f"target.{attribute}")) is not None:
                rows = rows.filter(_any_target(attribute, value))
        if (crn := request.GET.get("target.crn")) is not None:
            targets = of_crn(VirtualNetworkInterface.objects.all(), crn)
            rows = rows.filter(_any_target("id", targets[0].id)) if targets else rows.none()
        if (kind := request.GET.get("target.resource_type")) is not None:
            rows = rows.filter(TARGET_TYPES[kind]) if kind in TARGET_TYPES else rows.none()
        return self.page("reserved_ips", rows, reserved_ip_body, order=order_of(request))

    def post(self, request: Request, subnet_id: str) -> Response:
        ip = reserved_ips.create_reserved_ip(self.subnet, by=self.by, **self.body)
        return self.answer(reserved_ip_body(ip, self.hrefs))


class OneReservedIP(ReservedIpView):
    operations = {
        "GET": Operation(
            "get_subnet_reserved_ip", "is.subnet.reserved-ip.read", f"{events.RESERVED_IP}.read", answer=ReservedIP
        ),
        "PATCH": Operation(
            "update_subnet_reserved_ip",
            "is.subnet.reserved-ip.update",
            f"{events.RESERVED_IP}.update",
            recorded_by_service=True,
            body=UpdateReservedIpBody,
            answer=ReservedIP,
        ),
        "DELETE": Operation(
            "delete_subnet_reserved_ip",
            "is.subnet.reserved-ip.delete",
            f"{events.RESERVED_IP}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    ip: ReservedIpRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.ip = self.find(self.ips(), id=self.kwargs["ip_id"])

    def get(self, request: Request, subnet_id: str, ip_id: str) -> Response:
        return self.answer(reserved_ip_body(self.ip, self.hrefs))

    def patch(self, request: Request, subnet_id: str, ip_id: str) -> Response:
        ip = reserved_ips.update_reserved_ip(self.ip, by=self.by, **self.body)
        return self.answer(reserved_ip_body(ip, self.hrefs))

    def delete(self, request: Request, subnet_id: str, ip_id: str) -> Response:
        reserved_ips.delete_reserved_ip(self.ip, by=self.by)
        return self.answer()


def _any_target(attribute: str, value: str) -> Q:
    query = Q()
    for target in TARGETS:
        query |= Q(**{f"{target}__{attribute}": value})
    return query
