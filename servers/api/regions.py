"""``/v1/regions`` and their zones: the same under every region's host."""

from typing import Literal, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import NotFound, existing
from controlplane.kernel.operation import Operation
from servers import catalog
from servers.api.base import VpcView
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import NamedReference
from servers.events import REGION, ZONE


class Region(NamedReference):
    endpoint: str
    status: Literal["available", "unavailable"]


class RegionCollection(TypedDict):
    regions: list[Region]


class Zone(NamedReference):
    data_center: str
    region: NamedReference
    status: Literal["available", "impaired", "unassigned", "unavailable"]
    universal_name: str


class ZoneCollection(TypedDict):
    zones: list[Zone]


def region_body(region: catalog.Region, hrefs: Hrefs) -> Region:
    return {
        "endpoint": f"https://{region.name}.iaas.cloud.ibm.com",
        "href": hrefs("regions", region.name),
        "name": region.name,
        "status": "available",
    }


def zone_body(zone: str, region: catalog.Region, hrefs: Hrefs) -> Zone:
    """Return the body of a zone.

    All accounts have the same mapping of zones to data centers, while IBM assigns each account its own.
    """
    return {
        **hrefs.zone(zone),
        "data_center": region.data_center(zone),
        "region": {"href": hrefs("regions", region.name), "name": region.name},
        "status": "available",
        "universal_name": region.universal_name(zone),
    }


class Regions(VpcView):
    operations = {"GET": Operation("list_regions", f"{REGION}.list", f"{REGION}.read", answer=RegionCollection)}

    def get(self, request: Request) -> Response:
        return self.answer({"regions": [region_body(each, self.hrefs) for each in catalog.regions().values()]})


class OneRegion(VpcView):
    operations = {"GET": Operation("get_region", f"{REGION}.read", f"{REGION}.read", answer=Region)}

    def get(self, request: Request, name: str) -> Response:
        return self.answer(region_body(_region(name), self.hrefs))


class Zones(VpcView):
    operations = {"GET": Operation("list_region_zones", f"{ZONE}.list", f"{ZONE}.read", answer=ZoneCollection)}

    def get(self, request: Request, region_name: str) -> Response:
        region = _region(region_name)
        return self.answer({"zones": [zone_body(zone, region, self.hrefs) for zone in region.zones]})


class OneZone(VpcView):
    operations = {"GET": Operation("get_region_zone", f"{ZONE}.read", f"{ZONE}.read", answer=Zone)}

    def get(self, request: Request, region_name: str, name: str) -> Response:
        region = _region(region_name)
        if name not in region.zones:
            raise NotFound(f"Zone not found. The zones of {region.name} are {', '.join(region.zones)}.")
        return self.answer(zone_body(name, region, self.hrefs))


def _region(name: str) -> catalog.Region:
    return existing(catalog.regions().get(name), f"Region not found. The regions are {', '.join(catalog.regions())}.")
