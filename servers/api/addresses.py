"""``/_baremint/bare_metal_servers``: where a program on each server finds the metadata service.

IBM's servers have no loopback addresses, so IBM's API has no property for them.
"""

from typing import Literal, TypedDict

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import NAME, Operation
from controlplane.kernel.paging import NewestFirst, paginate
from servers.addressing import loopback_address
from servers.api.shared_responses import collection
from servers.events import SERVER
from servers.models import BareMetalServer
from servers.selectors import count_servers, filter_servers
from trustedprofiles.api_view import GuardedView


class AddressedMetadataService(TypedDict):
    enabled: bool
    protocol: Literal["http", "https"]


class ServerAddress(TypedDict):
    """A bare metal server of any region, and the loopback address that is its own."""

    id: str
    name: str
    crn: str
    address: str
    metadata_service: AddressedMetadataService


class ServerAddresses(GuardedView):
    operations = {
        "GET": Operation(
            "list_server_addresses",
            f"{SERVER}.list",
            f"{SERVER}.read",
            answer=collection("ServerAddressCollection", "bare_metal_servers", ServerAddress),
            lists=BareMetalServer,
            paged=True,
            query=(NAME,),
        ),
    }

    def resource_attributes(self) -> dict[str, str]:
        """Return the attributes of the servers of every region."""
        return {"bareMetalServerId": "*"}

    def get(self, request: Request) -> Response:
        account_id, listing = self.caller.account_id, self.listing
        query = {"name": name} if (name := request.GET.get("name")) else {}
        page = paginate(
            request,
            listing.of(filter_servers(servers_of(account_id), query, account_id=account_id)),
            scope=f"{account_id}:{self.caller.iam_id}",
            count=lambda: count_servers(query, visible=listing, account_id=account_id),
            order=NewestFirst(listing.alternatives),
        )
        return self.answer(page.as_json("bare_metal_servers", [server_address(server) for server in page.items]))


def servers_of(account_id: str) -> QuerySet[BareMetalServer]:
    return BareMetalServer.objects.filter(account_id=account_id).only(
        "id", "name", "account_id", "region", "zone", "metadata_enabled", "metadata_protocol"
    )


def server_address(server: BareMetalServer) -> ServerAddress:
    return {
        "id": server.id,
        "name": server.name,
        "crn": server.crn,
        "address": loopback_address(server.number),
        "metadata_service": {"enabled": server.metadata_enabled, "protocol": server.metadata_protocol},  # type: ignore[typeddict-item]
    }
