"""``/v1/bare_metal_servers/{id}/initialization``."""

from rest_framework.request import Request
from rest_framework.response import Response

from servers.api.base import ServerView
from servers.api.server_body import initialization_body
from servers.services import events
from trustedprofiles.permissions import Operation


class Initialization(ServerView):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_initialization",
            "is.bare-metal-server.initialization.read",
            events.INITIALIZATION_READ,
        )
    }

    def get(self, request: Request, server_id: str) -> Response:
        return Response(initialization_body(self.server.initialization, self.server.account_id, self.hrefs))
