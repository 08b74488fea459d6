"""Disks and network interfaces of a bare metal server."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import NotFound
from servers.api.base import ServerView
from servers.api.server_body import disk_body, interface_body
from servers.models import NetworkInterface
from servers.services import events
from trustedprofiles.permissions import Operation

READ_DISK = "is.bare-metal-server.disk.read"
READ_INTERFACE = "is.bare-metal-server.network-interface.read"


class Disks(ServerView):
    operations = {"GET": Operation("list_bare_metal_server_disks", READ_DISK, events.DISK_READ)}

    def get(self, request: Request, server_id: str) -> Response:
        disks = self.server.disks.order_by("number")
        return Response({"disks": [disk_body(disk, server_id, self.hrefs) for disk in disks]})


class OneDisk(ServerView):
    operations = {"GET": Operation("get_bare_metal_server_disk", READ_DISK, events.DISK_READ)}

    def get(self, request: Request, server_id: str, disk_id: str) -> Response:
        disk = self.server.disks.filter(id=disk_id).first()
        if disk is None:
            raise NotFound("The server has no disk of this id.")
        return Response(disk_body(disk, server_id, self.hrefs))


class Interfaces(ServerView):
    operations = {"GET": Operation("list_bare_metal_server_network_interfaces", READ_INTERFACE, events.INTERFACE_READ)}

    def get(self, request: Request, server_id: str) -> Response:
        rows = NetworkInterface.objects.filter(server=self.server).select_related("subnet", "primary_ip")
        return self.page(
            "network_interfaces",
            rows.prefetch_related("security_groups"),
            lambda row, hrefs: interface_body(row, self.server, hrefs),
        )


class OneInterface(ServerView):
    operations = {"GET": Operation("get_bare_metal_server_network_interface", READ_INTERFACE, events.INTERFACE_READ)}

    def get(self, request: Request, server_id: str, interface_id: str) -> Response:
        interface = self.server.network_interfaces.filter(id=interface_id).first()
        if interface is None:
            raise NotFound("The server has no network interface of this id.")
        return Response(interface_body(interface, self.server, self.hrefs))
