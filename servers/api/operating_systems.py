"""``/v1/operating_systems``."""

from typing import Literal

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import existing
from controlplane.kernel.operation import Operation
from servers import catalog
from servers.api.catalog import CatalogView
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import NamedReference, collection
from servers.events import OPERATING_SYSTEM


class OperatingSystem(NamedReference):
    allow_user_image_creation: bool
    architecture: Literal["amd64"]
    dedicated_host_only: bool
    display_name: str
    family: str
    user_data_format: Literal["cloud_init", "esxi_kickstart", "ipxe"]
    vendor: str
    version: str


def operating_system_body(system: catalog.OperatingSystem, hrefs: Hrefs) -> OperatingSystem:
    return {
        "allow_user_image_creation": system.allow_user_image_creation,
        "architecture": "amd64",
        "dedicated_host_only": False,
        "display_name": system.display_name,
        "family": system.family,
        "href": hrefs("operating_systems", system.name),
        "name": system.name,
        "user_data_format": system.user_data_format,
        "vendor": system.vendor,
        "version": system.version,
    }


class OperatingSystems(CatalogView):
    operations = {
        "GET": Operation(
            "list_operating_systems",
            f"{OPERATING_SYSTEM}.list",
            f"{OPERATING_SYSTEM}.read",
            answer=collection("OperatingSystemCollection", "operating_systems", OperatingSystem),
            paged=True,
        )
    }

    def get(self, request: Request) -> Response:
        systems = list(catalog.operating_systems().values())
        return self.pages("operating_systems", systems, lambda each: operating_system_body(each, self.hrefs))


class OneOperatingSystem(CatalogView):
    operations = {
        "GET": Operation(
            "get_operating_system", f"{OPERATING_SYSTEM}.read", f"{OPERATING_SYSTEM}.read", answer=OperatingSystem
        )
    }

    def get(self, request: Request, name: str) -> Response:
        system = existing(
            catalog.operating_systems().get(name), "Operating system not found. GET /v1/operating_systems lists them."
        )
        return self.answer(operating_system_body(system, self.hrefs))
