"""``/v1/bare_metal_servers``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotAuthorized, Target
from servers.api.base import ServerView, VpcView
from servers.api.requests import server_changes, server_prototype
from servers.api.server_body import server_body
from servers.models import BareMetalServer
from servers.selectors import filter_servers, find_server, servers_of
from servers.services import events
from servers.services.actions import act, update_server
from servers.services.provisioning import InitializationPrototype, create_server
from trustedprofiles.models import Account
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import find_profile, may_link

ACTION = "is.bare-metal-server.bare-metal-server"


class BareMetalServers(VpcView):
    operations = {
        "GET": Operation("list_bare_metal_servers", f"{ACTION}.list", events.READ),
        "POST": Operation("create_bare_metal_server", f"{ACTION}.create", events.CREATE, True),
    }

    def resource_attributes(self) -> dict[str, str]:
        """A collection is about every server: a policy on one of them does not open the list."""
        return super().resource_attributes() | {"bareMetalServerId": "*"}

    def get(self, request: Request) -> Response:
        rows = filter_servers(servers_of(self.caller.account_id), request.GET)
        return self.page("bare_metal_servers", rows, server_body)

    def post(self, request: Request) -> Response:
        account = Account.objects.get(id=self.caller.account_id)
        prototype = server_prototype(request.data)
        self._require_linking(prototype.initialization)
        server = create_server(account, prototype=prototype, by=Party.of(self.caller))
        return Response(server_body(read_again(server), self.hrefs), status=201)

    def _require_linking(self, asked: InitializationPrototype) -> None:
        """``auto_link`` makes a link for the caller, who therefore must be allowed to make it."""
        if asked.trusted_profile is None or not asked.auto_link:
            return
        profile = find_profile(account_id=self.caller.account_id, **asked.trusted_profile)
        if profile and not (verdict := may_link(self.caller, profile)):
            raise NotAuthorized(verdict.because, target=Target("initialization.default_trusted_profile"))


class OneBareMetalServer(ServerView):
    operations = {
        "GET": Operation("get_bare_metal_server", f"{ACTION}.read", events.READ),
        "PATCH": Operation("update_bare_metal_server", f"{ACTION}.update", events.UPDATE, True),
        "DELETE": Operation("delete_bare_metal_server", f"{ACTION}.delete", events.DELETE, True),
    }

    def get(self, request: Request, server_id: str) -> Response:
        return Response(server_body(self.server, self.hrefs))

    def patch(self, request: Request, server_id: str) -> Response:
        changed = update_server(self.server, by=Party.of(self.caller), **server_changes(request.data))
        return Response(server_body(read_again(changed), self.hrefs))

    def delete(self, request: Request, server_id: str) -> Response:
        act(self.server, action="delete", by=Party.of(self.caller))
        return Response(status=202)


def read_again(server: BareMetalServer) -> BareMetalServer:
    """The row with all that a response shows."""
    return find_server(server.account_id, server.id) or server
