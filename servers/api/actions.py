"""Actions on a bare metal server: start, stop, restart, update firmware, create a console token."""

from collections.abc import Mapping
from typing import Literal, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.operation import Operation
from servers.api.base import ServerView
from servers.api.server_requests import ConsoleTokenBody, FirmwareBody, StopBody
from servers.events import CONSOLE_TOKEN, EVENTS, FIRMWARE, SERVER
from servers.services.actions import act, update_firmware
from servers.services.console import create_console_token

OPERATE = f"{SERVER}.operate"


class BareMetalServerConsoleAccessToken(TypedDict):
    access_token: str
    console_type: Literal["serial", "vnc"]
    created_at: str
    expires_at: str
    force: bool
    href: str


class ServerAction(ServerView):
    """A view of the actions on a server; the action is an argument of the path."""

    action = ""

    @property
    def operations(self) -> Mapping[str, Operation]:  # type: ignore[override]
        name = f"{self.action}_bare_metal_server"
        body = StopBody if self.action == "stop" else None
        return {"POST": Operation(name, OPERATE, EVENTS[self.action], recorded_by_service=True, status=204, body=body)}

    def post(self, request: Request, server_id: str) -> Response:
        if self.action == "stop":
            _ = self.body  # soft or hard: here both succeed
        act(self.server, action=self.action, by=self.by)
        return self.answer()


class FirmwareUpdate(ServerView):
    operations = {
        "POST": Operation(
            "update_firmware_for_bare_metal_server",
            f"{FIRMWARE}.update",
            f"{FIRMWARE}.update",
            recorded_by_service=True,
            status=204,
            body=FirmwareBody,
        )
    }

    def post(self, request: Request, server_id: str) -> Response:
        update_firmware(self.server, **self.body)
        return self.answer()


class ConsoleAccessToken(ServerView):
    operations = {
        "POST": Operation(
            "create_bare_metal_server_console_access_token",
            f"{SERVER}.console",
            f"{CONSOLE_TOKEN}.create",
            recorded_by_service=True,
            also=(OPERATE,),
            body=ConsoleTokenBody,
            answer=BareMetalServerConsoleAccessToken,
        )
    }

    def post(self, request: Request, server_id: str) -> Response:
        token, row = create_console_token(self.server, by=self.by, **self.body)
        host = request.get_host()
        return self.answer(
            {
                "access_token": token,
                "console_type": row.console_type,
                "created_at": timestamps.milliseconds(row.created_at),
                "expires_at": timestamps.milliseconds(row.expires_at),
                "force": row.force,
                "href": f"wss://{host}/v1/bare_metal_servers/{server_id}/console?access_token={token}",
            }
        )
