"""Regions, zones, profiles, images and operating systems as the VPC API answers them."""

from typing import Any

from controlplane.kernel import timestamps
from servers import catalog
from servers.api.references import Hrefs
from servers.models import Image


def region_body(region: catalog.Region, hrefs: Hrefs) -> dict[str, Any]:
    return {
        "endpoint": f"https://{region.name}.iaas.cloud.ibm.com",
        "href": hrefs("regions", region.name),
        "name": region.name,
        "status": "available",
    }


def zone_body(zone: str, hrefs: Hrefs) -> dict[str, Any]:
    region = zone.rpartition("-")[0]
    # No ``data_center`` and ``universal_name``: which data center is behind a zone differs from account to account.
    return hrefs.zone(zone) | {"region": {"href": hrefs("regions", region), "name": region}, "status": "available"}


def profile_body(profile: catalog.Profile, hrefs: Hrefs) -> dict[str, Any]:
    """BareMetalServerProfile. Terraform reads ``value`` of all but bandwidth unasked, so those are ``fixed``."""
    disks = [(1, profile.boot_disk_size, profile.boot_interface)] if profile.boot_disk_size else []
    if profile.secondary_disk_count:
        disks.append((profile.secondary_disk_count, profile.secondary_disk_size, "nvme"))
    return {
        "bandwidth": _fixed(profile.default_bandwidth) if len(profile.bandwidths) == 1 else _enum(profile.bandwidths),
        "console_types": {"type": "enum", "values": ["serial", "vnc"]},
        "cpu_architecture": _fixed("amd64"),
        "cpu_core_count": _fixed(profile.core_count),
        "cpu_socket_count": _fixed(profile.socket_count),
        "disks": [
            {
                "quantity": _fixed(quantity),
                "size": _fixed(size),
                "supported_interface_types": {"type": "enum", "default": interface, "values": [interface]},
            }
            for quantity, size, interface in disks
        ],
        "family": profile.family,
        "href": hrefs("bare_metal_server", "profiles", profile.name),
        "memory": _fixed(profile.memory),
        "name": profile.name,
        "network_attachment_count": {"type": "range", "min": 1, "max": 128},
        "network_interface_count": {"type": "range", "min": 1, "max": 128},
        "os_architecture": {"type": "enum", "default": "amd64", "values": ["amd64"]},
        "reservation_terms": {"type": "enum", "values": ["one_year", "three_year"]},
        "resource_type": "bare_metal_server_profile",
        "supported_trusted_platform_module_modes": {
            "type": "enum",
            "default": profile.tpm_modes[0],
            "values": list(profile.tpm_modes),
        },
        "virtual_network_interfaces_supported": _fixed(True),
        "zones": [hrefs.zone(zone) for region in profile.regions for zone in catalog.regions()[region].zones],
    }


def operating_system_body(system: catalog.OperatingSystem, hrefs: Hrefs) -> dict[str, Any]:
    return {
        "allow_user_image_creation": True,
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


def image_body(image: Image, group: dict[str, str], hrefs: Hrefs) -> dict[str, Any]:
    """Image. A stock image shows under the caller's default resource group."""
    return hrefs.image(image) | {
        "allowed_use": {"api_version": "2026-01-01", "bare_metal_server": "true", "instance": "true"},
        "catalog_offering": {"managed": False},
        "created_at": timestamps.seconds(image.created_at),
        "encryption": "none",
        "file": {"checksums": {"sha256": image.sha256}, "size": image.file_size},
        "minimum_provisioned_size": image.minimum_provisioned_size,
        "operating_system": operating_system_body(catalog.operating_systems()[image.operating_system], hrefs),
        "resource_group": group,
        "status": image.status,
        "status_reasons": [],
        "user_data_format": image.user_data_format,
        "visibility": image.visibility,
        "zones": [hrefs.zone(zone) for zone in catalog.regions()[image.region].zones],
    }


def _fixed(value: Any) -> dict[str, Any]:
    return {"type": "fixed", "value": value}


def _enum(values: tuple[int, ...]) -> dict[str, Any]:
    return {"type": "enum", "default": values[-1], "values": list(values)}
