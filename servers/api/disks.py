"""``/v1/bare_metal_servers/{id}/disks``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers.api.base import ServerView
from servers.api.server_responses import BareMetalServerDisk, BareMetalServerDiskCollection, disk_body
from servers.api.shared_requests import RenameBody
from servers.events import DISK
from servers.models import Disk
from servers.services.disks import rename_disk


class Disks(ServerView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_disks",
            f"{DISK}.read",
            f"{DISK}.read",
            answer=BareMetalServerDiskCollection,
        )
    }

    def get(self, request: Request, server_id: str) -> Response:
        disks = self.server.disks.order_by("-created_at", "name")
        return self.answer({"disks": [disk_body(disk, self.server, self.hrefs) for disk in disks]})


class OneDisk(ServerView):
    operations = {
        "GET": Operation("get_bare_metal_server_disk", f"{DISK}.read", f"{DISK}.read", answer=BareMetalServerDisk),
        "PATCH": Operation(
            "update_bare_metal_server_disk",
            f"{DISK}.update",
            f"{DISK}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=BareMetalServerDisk,
        ),
    }

    disk: Disk

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.disk = self.find(self.server.disks.all(), id=self.kwargs["disk_id"])

    def get(self, request: Request, server_id: str, disk_id: str) -> Response:
        return self.answer(disk_body(self.disk, self.server, self.hrefs))

    def patch(self, request: Request, server_id: str, disk_id: str) -> Response:
        disk = rename_disk(self.server, self.disk, by=self.by, **self.body)
        return self.answer(disk_body(disk, self.server, self.hrefs))
