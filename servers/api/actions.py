"""``/v1/bare_metal_servers/{id}/start``, ``/stop``, ``/restart``."""

from collections.abc import Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from servers.api.base import ServerView
from servers.api.requests import StopBody
from servers.services.actions import EVENTS, act
from trustedprofiles.permissions import Operation


class ServerAction(ServerView):
    """The action is an argument of the path, not a branch in here."""

    action = ""

    @property
    def operations(self) -> Mapping[str, Operation]:  # type: ignore[override]
        name = f"{self.action}_bare_metal_server"
        operate = "is.bare-metal-server.bare-metal-server.operate"
        return {"POST": Operation(name, operate, EVENTS[self.action], True)}

    def post(self, request: Request, server_id: str) -> Response:
        act(self.server, action=self.action, by=Party.of(self.caller))
        return Response(status=204)


class StopAction(ServerAction):
    """Stopping says how: ``{"type": "soft" | "hard"}``. Here both succeed."""

    def post(self, request: Request, server_id: str) -> Response:
        StopBody.check(request.data)
        return super().post(request, server_id)
