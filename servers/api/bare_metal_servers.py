"""``/v1/bare_metal_servers``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers.api.base import ServerView, VpcView
from servers.api.dated_behaviour import refusing_in_words_of
from servers.api.extra_permissions import (
    OF_INTERFACES,
    OF_VIRTUAL_INTERFACES,
    require_advanced_network,
    require_linking,
)
from servers.api.server_requests import CreateServerBody, PatchServerBody, server_changes, server_prototype
from servers.api.server_responses import BareMetalServer, server_body
from servers.api.shared_responses import collection
from servers.events import SERVER
from servers.models import BareMetalServer as ServerRow
from servers.selectors import FILTERS, RESERVATION_FILTERS, count_servers, filter_servers, servers_of
from servers.services.actions import act, update_server
from servers.services.provisioning import create_server
from trustedprofiles.selectors import LINKING


class BareMetalServers(VpcView):
    operations = {
        "GET": Operation(
            "list_bare_metal_servers",
            f"{SERVER}.list",
            f"{SERVER}.read",
            answer=collection("BareMetalServerCollection", "bare_metal_servers", BareMetalServer),
            lists=ServerRow,
            paged=True,
            query=(*FILTERS, *RESERVATION_FILTERS),
        ),
        "POST": Operation(
            "create_bare_metal_server",
            f"{SERVER}.create",
            f"{SERVER}.create",
            recorded_by_service=True,
            status=201,
            body=CreateServerBody,
            answer=BareMetalServer,
            further=(*OF_INTERFACES, *OF_VIRTUAL_INTERFACES, *LINKING),
        ),
    }

    def resource_attributes(self) -> dict[str, str]:
        """Return the attributes that stand for every server.

        A policy on a single server allows its caller to list that server, and not to create any.
        """
        return super().resource_attributes() | {"bareMetalServerId": "*"}

    def get(self, request: Request) -> Response:
        own = {"account_id": self.caller.account_id, "region": self.region}
        rows = filter_servers(servers_of(**own), request.GET, **own)
        return self.page(
            "bare_metal_servers",
            rows,
            server_body,
            count=lambda: count_servers(request.GET, visible=self.listing, **own),
        )

    def post(self, request: Request) -> Response:
        body = self.body
        prototype = server_prototype(body, version=self.version)
        require_advanced_network(self.caller, body, self.resource_attributes())
        require_linking(self.caller, prototype.initialization, path="initialization.default_trusted_profile")
        with refusing_in_words_of(self.version):
            server = create_server(self.account, prototype=prototype, region=self.region, by=self.by)
        return self.answer(server_body(self.find(servers_of(server.account_id), id=server.id), self.hrefs))


class OneBareMetalServer(ServerView):
    operations = {
        "GET": Operation("get_bare_metal_server", f"{SERVER}.read", f"{SERVER}.read", answer=BareMetalServer),
        "PATCH": Operation(
            "update_bare_metal_server",
            f"{SERVER}.update",
            f"{SERVER}.update",
            recorded_by_service=True,
            body=PatchServerBody,
            answer=BareMetalServer,
        ),
        "DELETE": Operation(
            "delete_bare_metal_server",
            f"{SERVER}.delete",
            f"{SERVER}.delete",
            recorded_by_service=True,
            status=202,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        return self.answer(server_body(self.server, self.hrefs))

    def patch(self, request: Request, server_id: str) -> Response:
        server = update_server(self.server, by=self.by, **server_changes(self.body))
        return self.answer(server_body(self.find(servers_of(server.account_id), id=server.id), self.hrefs))

    def delete(self, request: Request, server_id: str) -> Response:
        act(self.server, action="delete", by=self.by)
        return self.answer()
