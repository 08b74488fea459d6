"""Floating IPs of a network interface, and of a virtual network interface."""

from typing import TypedDict

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import Conflict
from controlplane.kernel.operation import Operation
from servers.api.floating_ips import FloatingIP, floating_ip_body, with_targets
from servers.api.list_orders import SORT, order_of
from servers.api.network_interfaces import InterfaceInPath
from servers.api.shared_responses import FloatingIPReference, collection
from servers.api.virtual_interfaces import VirtualInterfaceInPath
from servers.events import INTERFACE_FLOATING_IP, VIRTUAL_INTERFACE
from servers.models import FloatingIP as Row
from servers.models import NetworkAttachment, NetworkInterface
from servers.network_connections import port_of
from servers.services import floating_ips as services

OF_SERVER = "is.bare-metal-server.network-interface"


class FloatingIPUnpaginatedCollection(TypedDict):
    floating_ips: list[FloatingIP]


class InterfaceFloatingView(InterfaceInPath):
    def floating(self) -> QuerySet[Row]:
        """Return the floating IPs of the interface, or of the virtual network interface that it shows."""
        ids = [ip.pk for ip in port_of(self.interface).floating_ips]
        return with_targets(Row.objects.filter(pk__in=ids))

    def changeable(self) -> NetworkInterface:
        """Return the interface to bind to. Raises Conflict when it only shows a network attachment."""
        if isinstance(self.interface, NetworkAttachment):
            virtual = self.interface.virtual_network_interface
            raise Conflict(
                "The network interface only shows a network attachment. Bind and unbind floating IPs at "
                f"/v1/virtual_network_interfaces/{virtual.id}/floating_ips."
            )
        return super().changeable()


class InterfaceFloatingIPs(InterfaceFloatingView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_network_interface_floating_ips",
            f"{OF_SERVER}.read",
            f"{INTERFACE_FLOATING_IP}.read",
            answer=FloatingIPUnpaginatedCollection,
        )
    }

    def get(self, request: Request, server_id: str, interface_id: str) -> Response:
        return self.answer({"floating_ips": [floating_ip_body(ip, self.hrefs) for ip in self.floating()]})


class OneInterfaceFloatingIP(InterfaceFloatingView):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_network_interface_floating_ip",
            f"{OF_SERVER}.read",
            f"{INTERFACE_FLOATING_IP}.read",
            answer=FloatingIP,
        ),
        "PUT": Operation(
            "add_bare_metal_server_network_interface_floating_ip",
            f"{OF_SERVER}.update",
            f"{INTERFACE_FLOATING_IP}.attach",
            status=201,
            answer=FloatingIP,
        ),
        "DELETE": Operation(
            "remove_bare_metal_server_network_interface_floating_ip",
            f"{OF_SERVER}.update",
            f"{INTERFACE_FLOATING_IP}.detach",
            status=202,
        ),
    }

    def get(self, request: Request, server_id: str, interface_id: str, ip_id: str) -> Response:
        return self.answer(floating_ip_body(self.find(self.floating(), id=ip_id), self.hrefs))

    def put(self, request: Request, server_id: str, interface_id: str, ip_id: str) -> Response:
        ip = services.bind(self.changeable(), ip_id, replace=True, by=self.by)
        return self.answer(floating_ip_body(self.find(with_targets(Row.objects.all()), id=ip.id), self.hrefs))

    def delete(self, request: Request, server_id: str, interface_id: str, ip_id: str) -> Response:
        self.changeable()
        services.unbind(self.find(self.floating(), id=ip_id), by=self.by)
        return self.answer()


class VirtualInterfaceFloatingIPs(VirtualInterfaceInPath):
    operations = {
        "GET": Operation(
            "list_network_interface_floating_ips",
            f"{VIRTUAL_INTERFACE}.read",
            f"{VIRTUAL_INTERFACE}.read",
            answer=collection(
                "FloatingIPCollectionVirtualNetworkInterfaceContext", "floating_ips", FloatingIPReference
            ),
            paged=True,
            query=(SORT,),
        )
    }

    def get(self, request: Request, interface_id: str) -> Response:
        rows = self.interface.floating_ips.all()
        return self.page("floating_ips", rows, lambda ip, hrefs: hrefs.floating_ip(ip), order=order_of(request))


class OneVirtualInterfaceFloatingIP(VirtualInterfaceInPath):
    operations = {
        "GET": Operation(
            "get_network_interface_floating_ip",
            f"{VIRTUAL_INTERFACE}.read",
            f"{VIRTUAL_INTERFACE}.read",
            answer=FloatingIPReference,
        ),
        "PUT": Operation(
            "add_network_interface_floating_ip",
            f"{VIRTUAL_INTERFACE}.update",
            f"{VIRTUAL_INTERFACE}.update",
            status=201,
            answer=FloatingIPReference,
        ),
        "DELETE": Operation(
            "remove_network_interface_floating_ip",
            f"{VIRTUAL_INTERFACE}.update",
            f"{VIRTUAL_INTERFACE}.update",
            status=204,
        ),
    }

    def get(self, request: Request, interface_id: str, ip_id: str) -> Response:
        return self.answer(self.hrefs.floating_ip(self.find(self.interface.floating_ips.all(), id=ip_id)))

    def put(self, request: Request, interface_id: str, ip_id: str) -> Response:
        return self.answer(self.hrefs.floating_ip(services.bind(self.interface, ip_id, by=self.by)))

    def delete(self, request: Request, interface_id: str, ip_id: str) -> Response:
        services.unbind(self.find(self.interface.floating_ips.all(), id=ip_id), by=self.by)
        return self.answer()
