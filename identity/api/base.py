"""Base classes of the views: for the server in the path, in any region, and for properties that are switched."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import existing
from servers.models import BareMetalServer
from trustedprofiles.api_view import GuardedView


class Switch(GuardedView):
    """``POST`` turns a property of the resource on, ``DELETE`` turns it off."""

    def switch(self, enabled: bool) -> None:
        raise NotImplementedError

    def post(self, request: Request, **path: str) -> Response:
        self.switch(True)
        return self.answer()

    def delete(self, request: Request, **path: str) -> Response:
        self.switch(False)
        return self.answer()


class CertifiedServerView(GuardedView):
    server: BareMetalServer

    def prepare(self, request: Request) -> None:
        rows = BareMetalServer.objects.filter(account_id=self.caller.account_id, id=self.kwargs["server_id"])
        self.server = existing(
            rows.select_related("vpc").first(),
            "There is no bare metal server of this id here. Check the id and the account.",
        )

    def resource_attributes(self) -> dict[str, str]:
        return self.server.policy_attributes

    def target(self) -> Party:
        if hasattr(self, "server"):
            return Party(self.server.crn, self.server.name, "BareMetalServer")
        return Party(self.kwargs["server_id"], type="BareMetalServer")

    @property
    def by(self) -> Party:
        return Party.of(self.caller)
