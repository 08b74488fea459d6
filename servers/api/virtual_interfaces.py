"""``/v1/virtual_network_interfaces``."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import OF_RESOURCE_GROUP, VpcView
from servers.api.extra_permissions import OF_VIRTUAL_INTERFACES, require_advanced
from servers.api.list_orders import SORT, order_of
from servers.api.shared_responses import ReservedIPReference, collection
from servers.api.virtual_interface_requests import (
    PatchVirtualNetworkInterfaceBody,
    VirtualNetworkInterfaceBody,
    virtual_interface_prototype,
)
from servers.api.virtual_interface_responses import VirtualNetworkInterface, virtual_interface_body
from servers.models import ReservedIP
from servers.models import VirtualNetworkInterface as Row
from servers.services import virtual_interfaces as services
from servers.services.resource_changes import etag_of
from servers.services.virtual_interface_ips import bind_address, unbind_address

ACTION = EVENT = events.VIRTUAL_INTERFACE


class VirtualInterfaceView(VpcView):
    def rows(self) -> QuerySet[Row]:
        return (
            self.own(Row)
            .select_related("resource_group", "vpc", "subnet", "primary_ip", "attachment__server")
            .prefetch_related("ips", "security_groups")
        )


class VirtualInterfaces(VirtualInterfaceView):
    operations = {
        "GET": Operation(
            "list_virtual_network_interfaces",
            f"{ACTION}.list",
            f"{EVENT}.read",
            answer=collection(
                "VirtualNetworkInterfaceCollection", "virtual_network_interfaces", VirtualNetworkInterface
            ),
            lists=Row,
            paged=True,
            query=(*OF_RESOURCE_GROUP,),
        ),
        "POST": Operation(
            "create_virtual_network_interface",
            f"{ACTION}.create",
            f"{EVENT}.create",
            recorded_by_service=True,
            status=201,
            body=VirtualNetworkInterfaceBody,
            answer=VirtualNetworkInterface,
            further=OF_VIRTUAL_INTERFACES,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        return self.page("virtual_network_interfaces", rows, virtual_interface_body)

    def post(self, request: Request) -> Response:
        body = self.body
        require_advanced(self.caller, body, self.resource_attributes(), needed=OF_VIRTUAL_INTERFACES)
        interface = services.create_virtual_interface(
            self.account, region=self.region, prototype=virtual_interface_prototype(body), by=self.by
        )
        return self.answer(virtual_interface_body(self.find(self.rows(), id=interface.id), self.hrefs))


class VirtualInterfaceInPath(VirtualInterfaceView):
    """A view about one virtual network interface, ``interface_id`` in the path."""

    interface: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.interface = self.find(self.rows(), id=self.kwargs["interface_id"])

    def resource_attributes(self) -> dict[str, str]:
        return self.interface.policy_attributes


class OneVirtualInterface(VirtualInterfaceInPath):
    operations = {
        "GET": Operation(
            "get_virtual_network_interface",
            f"{ACTION}.read",
            f"{EVENT}.read",
            answer=VirtualNetworkInterface,
            etag=True,
        ),
        "PATCH": Operation(
            "update_virtual_network_interface",
            f"{ACTION}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            body=PatchVirtualNetworkInterfaceBody,
            answer=VirtualNetworkInterface,
            etag=True,
            if_match="optional",
            conflicts=False,
            further=OF_VIRTUAL_INTERFACES,
        ),
        "DELETE": Operation(
            "delete_virtual_network_interfaces",
            f"{ACTION}.delete",
            f"{EVENT}.delete",
            recorded_by_service=True,
            status=202,
            answer=VirtualNetworkInterface,
            if_match="optional",
        ),
    }

    def get(self, request: Request, interface_id: str) -> Response:
        return self._tagged(self.interface)

    def patch(self, request: Request, interface_id: str) -> Response:
        body = self.body
        require_advanced(self.caller, body, self.resource_attributes(), needed=OF_VIRTUAL_INTERFACES)
        services.update_virtual_interface(self.interface, if_match=self.if_match, by=self.by, **body)
        return self._tagged(self.find(self.rows(), id=interface_id))

    def delete(self, request: Request, interface_id: str) -> Response:
        body = virtual_interface_body(self.interface, self.hrefs, deleting=True)
        services.delete_virtual_interface(self.interface, if_match=self.if_match, by=self.by)
        return self.answer(body)

    def _tagged(self, row: Row) -> Response:
        return self.answer(virtual_interface_body(row, self.hrefs), etag=etag_of(row))


class VirtualInterfaceAddresses(VirtualInterfaceInPath):
    operations = {
        "GET": Operation(
            "list_virtual_network_interface_ips",
            f"{ACTION}.read",
            f"{EVENT}.read",
            answer=collection("ReservedIPCollectionVirtualNetworkInterfaceContext", "ips", ReservedIPReference),
            paged=True,
            query=(SORT,),
        )
    }

    def get(self, request: Request, interface_id: str) -> Response:
        rows = ReservedIP.objects.filter(virtual_network_interface=self.interface).select_related("subnet")
        return self.page("ips", rows, lambda ip, hrefs: hrefs.reserved_ip(ip, ip.subnet), order=order_of(request))


class OneVirtualInterfaceAddress(VirtualInterfaceInPath):
    operations = {
        "GET": Operation(
            "get_virtual_network_interface_ip", f"{ACTION}.read", f"{EVENT}.read", answer=ReservedIPReference
        ),
        "PUT": Operation(
            "add_virtual_network_interface_ip",
            f"{ACTION}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            answer=ReservedIPReference,
        ),
        "DELETE": Operation(
            "remove_virtual_network_interface_ip",
            f"{ACTION}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            status=204,
        ),
    }

    def bound(self, ip_id: str) -> ReservedIP:
        return self.find(ReservedIP.objects.filter(virtual_network_interface=self.interface), id=ip_id)

    def get(self, request: Request, interface_id: str, ip_id: str) -> Response:
        return self.answer(self.hrefs.reserved_ip(self.bound(ip_id), self.interface.subnet))

    def put(self, request: Request, interface_id: str, ip_id: str) -> Response:
        ip = bind_address(self.interface, ip_id, by=self.by)
        return self.answer(self.hrefs.reserved_ip(ip, self.interface.subnet))

    def delete(self, request: Request, interface_id: str, ip_id: str) -> Response:
        unbind_address(self.interface, self.bound(ip_id), by=self.by)
        return self.answer()
