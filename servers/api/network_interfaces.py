"""``/v1/bare_metal_servers/{id}/network_interfaces``."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import ServerView
from servers.api.dated_behaviour import refusing_in_words_of
from servers.api.extra_permissions import OF_INTERFACES, require_advanced
from servers.api.network_connection_requests import CreateInterfaceBody, PatchInterfaceBody, interface_prototype
from servers.api.network_connection_responses import BareMetalServerNetworkInterface, interface_body
from servers.api.reserved_ips import ReservedIP, reserved_ip_body
from servers.api.shared_responses import collection
from servers.models import NetworkAttachment, NetworkInterface
from servers.models import ReservedIP as ReservedIPRow
from servers.network_connections import port_of
from servers.services.network_interfaces import (
    create_interface,
    delete_interface,
    refuse_projection,
    update_interface,
)

ACTION = "is.bare-metal-server.network-interface"
Row = NetworkInterface | NetworkAttachment


class InterfaceView(ServerView):
    def rows(self) -> "QuerySet[NetworkInterface] | QuerySet[NetworkAttachment]":
        """Return the network interfaces of the server, or its network attachments if it has no network interfaces."""
        own = self.server.network_interfaces.select_related("subnet", "primary_ip")
        if self.server.network_interfaces.all():
            return own.prefetch_related("security_groups", "floating_ips")
        return self.server.network_attachments.select_related(
            "virtual_network_interface__subnet", "virtual_network_interface__primary_ip"
        ).prefetch_related("virtual_network_interface__security_groups", "virtual_network_interface__floating_ips")


class Interfaces(InterfaceView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_network_interfaces",
            f"{ACTION}.read",
            f"{events.INTERFACE}.read",
            answer=collection(
                "BareMetalServerNetworkInterfaceCollection", "network_interfaces", BareMetalServerNetworkInterface
            ),
            paged=True,
        ),
        "POST": Operation(
            "create_bare_metal_server_network_interface",
            f"{ACTION}.create",
            f"{events.INTERFACE}.create",
            recorded_by_service=True,
            status=201,
            body=CreateInterfaceBody,
            answer=BareMetalServerNetworkInterface,
            further=OF_INTERFACES,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        rows: QuerySet[Any] = self.rows()
        return self.page("network_interfaces", rows, lambda row, hrefs: interface_body(row, self.server, hrefs))

    def post(self, request: Request, server_id: str) -> Response:
        body = self.body
        require_advanced(self.caller, body, self.resource_attributes(), needed=OF_INTERFACES)
        with refusing_in_words_of(self.version):
            interface = create_interface(self.server, interface_prototype(body), by=self.by)
        return self.answer(interface_body(interface, self.server, self.hrefs))


class InterfaceInPath(InterfaceView):
    """A view about one network interface, ``interface_id`` in the path."""

    interface: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        rows: QuerySet[Any] = self.rows()
        self.interface = self.find(rows, id=self.kwargs["interface_id"])

    def changeable(self) -> NetworkInterface:
        """Return the interface to change. Raises Conflict when it only shows a network attachment."""
        if not isinstance(self.interface, NetworkInterface):
            refuse_projection(self.server)
        assert isinstance(self.interface, NetworkInterface)  # noqa: S101  refused otherwise
        return self.interface


class OneInterface(InterfaceInPath):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_network_interface",
            f"{ACTION}.read",
            f"{events.INTERFACE}.read",
            answer=BareMetalServerNetworkInterface,
        ),
        "PATCH": Operation(
            "update_bare_metal_server_network_interface",
            f"{ACTION}.update",
            f"{events.INTERFACE}.update",
            recorded_by_service=True,
            body=PatchInterfaceBody,
            answer=BareMetalServerNetworkInterface,
            further=OF_INTERFACES,
        ),
        "DELETE": Operation(
            "delete_bare_metal_server_network_interface",
            f"{ACTION}.delete",
            f"{events.INTERFACE}.delete",
            recorded_by_service=True,
            status=202,
        ),
    }

    def get(self, request: Request, server_id: str, interface_id: str) -> Response:
        return self.answer(interface_body(self.interface, self.server, self.hrefs))

    def patch(self, request: Request, server_id: str, interface_id: str) -> Response:
        body = self.body
        require_advanced(self.caller, body, self.resource_attributes(), needed=OF_INTERFACES)
        interface = update_interface(self.server, self.changeable(), by=self.by, **body)
        return self.answer(interface_body(interface, self.server, self.hrefs))

    def delete(self, request: Request, server_id: str, interface_id: str) -> Response:
        delete_interface(self.server, self.changeable(), by=self.by)
        return self.answer()


class InterfaceAddresses(InterfaceInPath):
    """The primary address of an interface, as a collection."""

    operations = {
        "GET": Operation(
            "list_bare_metal_server_network_interface_ips",
            f"{ACTION}.read",
            f"{events.INTERFACE}.read",
            answer=collection("ReservedIPCollectionBareMetalServerNetworkInterfaceContext", "ips", ReservedIP),
        )
    }

    def get(self, request: Request, server_id: str, interface_id: str) -> Response:
        rows = ReservedIPRow.objects.filter(pk=port_of(self.interface).primary_ip.pk)
        return self.page("ips", rows, reserved_ip_body)


class OneInterfaceAddress(InterfaceInPath):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_network_interface_ip",
            f"{ACTION}.read",
            f"{events.INTERFACE}.read",
            answer=ReservedIP,
        )
    }

    def get(self, request: Request, server_id: str, interface_id: str, ip_id: str) -> Response:
        rows = ReservedIPRow.objects.filter(pk=port_of(self.interface).primary_ip.pk)
        return self.answer(reserved_ip_body(self.find(rows, id=ip_id), self.hrefs))
