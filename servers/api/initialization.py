"""``/v1/bare_metal_servers/{id}/initialization``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers.api.base import ServerView
from servers.api.extra_permissions import require_linking
from servers.api.initialization_responses import BareMetalServerInitialization, initialization_body
from servers.api.server_requests import InitializationBody, initialization_prototype
from servers.events import INITIALIZATION
from servers.services.initialization import reinitialize
from trustedprofiles.selectors import LINKING


class Initialization(ServerView):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_initialization",
            f"{INITIALIZATION}.read",
            f"{INITIALIZATION}.read",
            answer=BareMetalServerInitialization,
        ),
        "PUT": Operation(
            "replace_bare_metal_server_initialization",
            f"{INITIALIZATION}.update",
            f"{INITIALIZATION}.update",
            recorded_by_service=True,
            body=InitializationBody,
            answer=BareMetalServerInitialization,
            further=LINKING,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        return self.answer(initialization_body(self.server.initialization, self.server.account_id, self.hrefs))

    def put(self, request: Request, server_id: str) -> Response:
        prototype = initialization_prototype(self.body)
        require_linking(self.caller, prototype, path="default_trusted_profile")
        initialization = reinitialize(self.server, prototype, by=self.by)
        return self.answer(initialization_body(initialization, self.server.account_id, self.hrefs))
