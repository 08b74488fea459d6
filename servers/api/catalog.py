"""Regions, zones, bare metal server profiles, images, operating systems."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import InvalidValue, NotFound, Target
from controlplane.kernel.paging import parse_limit
from servers import catalog
from servers.api import catalog_body as bodies
from servers.api.base import VpcView
from servers.api.references import Hrefs, resource_group
from servers.models import Image
from servers.selectors import images_of
from servers.services import events
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import default_resource_group

VISIBILITIES = ("private", "public")
READ_REGION = Operation("list_regions", "is.region.region.read", "is.region.region.read")
READ_PROFILE = Operation(
    "list_bare_metal_server_profiles", "is.bare-metal-server.bare-metal-server-profile.read", events.PROFILE_READ
)
READ_IMAGE = Operation("list_images", "is.image.image.read", "is.image.image.read")
READ_SYSTEM = Operation(
    "list_operating_systems", "is.operating-system.operating-system.read", "is.operating-system.operating-system.read"
)


class Regions(VpcView):
    operations = {"GET": READ_REGION}

    def get(self, request: Request) -> Response:
        found = [bodies.region_body(region, self.hrefs) for region in catalog.regions().values()]
        return Response({"regions": found})


class OneRegion(VpcView):
    operations = {"GET": READ_REGION}

    def get(self, request: Request, name: str) -> Response:
        return Response(bodies.region_body(_region(name), self.hrefs))


class Zones(VpcView):
    operations = {"GET": READ_REGION}

    def get(self, request: Request, region: str) -> Response:
        return Response({"zones": [bodies.zone_body(zone, self.hrefs) for zone in _region(region).zones]})


class OneZone(VpcView):
    operations = {"GET": READ_REGION}

    def get(self, request: Request, region: str, name: str) -> Response:
        if name not in _region(region).zones:
            raise NotFound(f"Region {region} has no zone of this name.")
        return Response(bodies.zone_body(name, self.hrefs))


class CatalogView(VpcView):
    """A collection that is the same for everyone and fits into one page of the catalog."""

    def collection(self, name: str, items: list[dict[str, Any]]) -> Response:
        limit = parse_limit(self.request.GET)
        start = self.request.GET.get("start", "")
        names = [item["name"] for item in items]
        if start and start not in names:
            raise InvalidValue(
                "start is not a page token of this collection. Take it from next.href, or leave it out.",
                target=Target("start", "parameter"),
            )
        offset = names.index(start) if start else 0
        shown = items[offset : offset + limit]
        base = self.request.build_absolute_uri(self.request.path)
        body: dict[str, Any] = {
            name: shown,
            "first": {"href": f"{base}?limit={limit}"},
            "limit": limit,
            "total_count": len(items),
        }
        if offset + limit < len(items):
            body["next"] = {"href": f"{base}?limit={limit}&start={names[offset + limit]}"}
        return Response(body)


class Profiles(CatalogView):
    operations = {"GET": READ_PROFILE}

    def get(self, request: Request) -> Response:
        found = [bodies.profile_body(profile, self.hrefs) for profile in catalog.profiles().values()]
        return self.collection("profiles", found)


class OneProfile(VpcView):
    operations = {"GET": READ_PROFILE}

    def get(self, request: Request, name: str) -> Response:
        profile = catalog.profiles().get(name)
        if profile is None:
            raise NotFound("There is no bare metal server profile of this name.")
        return Response(bodies.profile_body(profile, self.hrefs))


class OperatingSystems(CatalogView):
    operations = {"GET": READ_SYSTEM}

    def get(self, request: Request) -> Response:
        found = [bodies.operating_system_body(each, self.hrefs) for each in catalog.operating_systems().values()]
        return self.collection("operating_systems", found)


class OneOperatingSystem(VpcView):
    operations = {"GET": READ_SYSTEM}

    def get(self, request: Request, name: str) -> Response:
        system = catalog.operating_systems().get(name)
        if system is None:
            raise NotFound("There is no operating system of this name.")
        return Response(bodies.operating_system_body(system, self.hrefs))


class ImageView(VpcView):
    operations = {"GET": READ_IMAGE}

    def render(self, image: Image, hrefs: Hrefs) -> dict[str, Any]:
        return bodies.image_body(image, resource_group(default_resource_group(self.caller.account_id)), hrefs)


class Images(ImageView):
    def get(self, request: Request) -> Response:
        rows = images_of(self.caller.account_id)
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        if visibility := request.GET.get("visibility"):
            if visibility not in VISIBILITIES:
                choices = ", ".join(VISIBILITIES)
                raise InvalidValue(f"visibility must be one of {choices}.", target=Target("visibility", "parameter"))
            rows = rows.filter(account__isnull=visibility == "public")
        group = resource_group(default_resource_group(self.caller.account_id))
        return self.page("images", rows, lambda image, hrefs: bodies.image_body(image, group, hrefs))


class OneImage(ImageView):
    def get(self, request: Request, image_id: str) -> Response:
        return self.one(images_of(self.caller.account_id), self.render, id=image_id)


def _region(name: str) -> catalog.Region:
    region = catalog.regions().get(name)
    if region is None:
        raise NotFound("There is no region of this name.")
    return region
