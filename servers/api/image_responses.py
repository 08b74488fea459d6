"""Images as the VPC API returns them."""

from datetime import date
from typing import Literal, NotRequired, TypedDict

from controlplane.kernel import timestamps
from servers import catalog
from servers.api.dated_behaviour import REMOTE_SINCE
from servers.api.operating_systems import OperatingSystem, operating_system_body
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_responses import (
    DiskAllowedUse,
    ImageReference,
    ImageRemote,
    NamedReference,
    ResourceGroupReference,
)
from servers.models import Image as ImageRow
from trustedprofiles.models import ResourceGroup

READY = ("available", "deprecated")


class ImageAllowedUse(DiskAllowedUse):
    instance: str


class ImageCatalogOffering(TypedDict):
    managed: bool


class ImageFileChecksums(TypedDict):
    sha256: str


class ImageFile(TypedDict):
    checksums: ImageFileChecksums
    size: int


class ImageStatusReason(TypedDict):
    code: str
    message: str


class Image(ImageReference):
    allowed_use: ImageAllowedUse
    catalog_offering: ImageCatalogOffering
    created_at: str
    deprecation_at: NotRequired[str]
    encryption: Literal["none"]
    file: ImageFile
    minimum_provisioned_size: int
    obsolescence_at: NotRequired[str]
    operating_system: OperatingSystem
    owner_type: NotRequired[Literal["provider", "user"]]
    remote: NotRequired[ImageRemote]
    resource_group: ResourceGroupReference
    status: Literal[
        "available",
        "deleting",
        "deprecated",
        "failed",
        "obsolete",
        "partially_available",
        "pending",
        "unusable",
    ]
    status_reasons: list[ImageStatusReason]
    user_data_format: Literal["cloud_init", "esxi_kickstart", "ipxe"]
    visibility: Literal["private", "public"]
    zones: list[NamedReference]


def image_body(image: ImageRow, default_group: ResourceGroup, version: date, hrefs: Hrefs) -> Image:
    """Return the body of an image; a stock image is in the caller's default resource group."""
    system = catalog.operating_systems()[image.operating_system]
    zones = catalog.regions()[image.region].zones if image.status in READY else ()
    body: Image = {
        **hrefs.image(image),
        "allowed_use": {
            "api_version": image.allowed_use_version,
            "bare_metal_server": image.allowed_use,
            "instance": image.allowed_use_instance,
        },
        "catalog_offering": {"managed": False},
        "created_at": timestamps.seconds(image.created_at),
        "encryption": "none",
        "file": {"checksums": {"sha256": image.sha256}, "size": image.file_size},
        "minimum_provisioned_size": image.minimum_provisioned_size,
        "operating_system": operating_system_body(system, hrefs),
        "resource_group": resource_group(image.resource_group or default_group),
        "status": image.status,  # type: ignore[typeddict-item]
        "status_reasons": [],
        "user_data_format": system.user_data_format,
        "visibility": "private" if image.account_id else "public",
        "zones": [hrefs.zone(zone) for zone in zones],
    }
    if image.deprecation_at:
        body["deprecation_at"] = timestamps.seconds(image.deprecation_at)
    if image.obsolescence_at:
        body["obsolescence_at"] = timestamps.seconds(image.obsolescence_at)
    if version < REMOTE_SINCE:
        body["owner_type"] = "user" if image.account_id else "provider"
    elif not image.account_id:
        body["remote"] = {"account": {"id": catalog.PROVIDER_ACCOUNT, "resource_type": "account"}}
    return body
