"""``/v1/bare_metal_server/capacities``: the zones with capacity for each profile; here, all zones that offer it."""

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation, Parameter
from servers import catalog
from servers.api.catalog import CatalogView
from servers.api.profiles import profile_reference
from servers.api.shared_responses import BareMetalServerProfileReference, NamedReference, collection
from servers.events import CAPACITY

PROFILE, ZONE = Parameter("profile.name"), Parameter("zone.name")


class BareMetalServerCapacity(TypedDict):
    profile: BareMetalServerProfileReference
    zone: NamedReference


class Capacities(CatalogView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_capacities",
            f"{CAPACITY}.read",
            f"{CAPACITY}.read",
            answer=collection("BareMetalServerCapacityCollection", "capacities", BareMetalServerCapacity),
            paged=True,
            query=(PROFILE, ZONE),
        )
    }

    def get(self, request: Request) -> Response:
        query = request.GET
        pairs = [
            (profile, zone)
            for profile in catalog.profiles_of(self.region)
            for zone in catalog.regions()[self.region].zones
            if query.get(PROFILE, profile.name) == profile.name and query.get(ZONE, zone) == zone
        ]
        return self.pages("capacities", pairs, self.render)

    def render(self, pair: tuple[catalog.Profile, str]) -> BareMetalServerCapacity:
        profile, zone = pair
        return {"profile": profile_reference(profile, self.hrefs), "zone": self.hrefs.zone(zone)}
