"""``/v1/bare_metal_server/profiles``: the profiles that the requested region offers."""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import existing
from controlplane.kernel.operation import Operation
from servers import catalog
from servers.api.catalog import CatalogView
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import BareMetalServerProfileReference, NamedReference, collection
from servers.events import PROFILE

MOST_CONNECTIONS = 128


class _Fixed(TypedDict):
    type: Literal["fixed"]
    value: int


class _Enum(TypedDict):
    type: Literal["enum"]


class BareMetalServerProfileBandwidthFixed(_Fixed):
    """Mbps, over all interfaces."""


class BareMetalServerProfileBandwidthEnum(_Enum):
    """Mbps, over all interfaces."""

    default: int
    values: list[int]


class BareMetalServerProfileConsoleTypes(_Enum):
    values: list[Literal["serial", "vnc"]]


class BareMetalServerProfileCPUArchitecture(TypedDict):
    type: Literal["fixed"]
    value: Literal["amd64"]


class BareMetalServerProfileCPUCoreCountFixed(_Fixed):
    """Physical cores of all sockets; each has two threads."""


class BareMetalServerProfileCPUSocketCountFixed(_Fixed):
    pass


class BareMetalServerProfileDiskQuantityFixed(_Fixed):
    pass


class BareMetalServerProfileDiskSizeFixed(_Fixed):
    """GB; for a mirrored pair, the size of one of the two disks."""


class BareMetalServerProfileDiskSupportedInterfaces(_Enum):
    default: Literal["nvme", "sata"]
    values: list[Literal["nvme", "sata"]]


class BareMetalServerProfileDisk(TypedDict):
    quantity: BareMetalServerProfileDiskQuantityFixed
    size: BareMetalServerProfileDiskSizeFixed
    supported_interface_types: BareMetalServerProfileDiskSupportedInterfaces


class BareMetalServerProfileMemoryFixed(_Fixed):
    """GiB."""


class _Range(TypedDict):
    type: Literal["range"]
    min: NotRequired[int]
    max: NotRequired[int]


class BareMetalServerProfileNetworkAttachmentCountRange(_Range):
    pass


class BareMetalServerProfileNetworkInterfaceCountRange(_Range):
    pass


class BareMetalServerProfileOSArchitecture(_Enum):
    default: Literal["amd64"]
    values: list[Literal["amd64"]]


class BareMetalServerProfileReservationTerms(_Enum):
    values: list[Literal["one_year", "three_year"]]


class BareMetalServerProfileSupportedTrustedPlatformModuleModes(_Enum):
    default: Literal["disabled", "tpm_2"]
    values: list[Literal["disabled", "tpm_2"]]


class BareMetalServerProfileVirtualNetworkInterfacesSupported(TypedDict):
    type: Literal["fixed"]
    value: bool


class BareMetalServerProfile(BareMetalServerProfileReference):
    bandwidth: BareMetalServerProfileBandwidthFixed | BareMetalServerProfileBandwidthEnum
    console_types: BareMetalServerProfileConsoleTypes
    cpu_architecture: BareMetalServerProfileCPUArchitecture
    cpu_core_count: BareMetalServerProfileCPUCoreCountFixed
    cpu_socket_count: BareMetalServerProfileCPUSocketCountFixed
    disks: list[BareMetalServerProfileDisk]
    family: str
    memory: BareMetalServerProfileMemoryFixed
    network_attachment_count: BareMetalServerProfileNetworkAttachmentCountRange
    network_interface_count: BareMetalServerProfileNetworkInterfaceCountRange
    os_architecture: BareMetalServerProfileOSArchitecture
    reservation_terms: BareMetalServerProfileReservationTerms
    supported_trusted_platform_module_modes: BareMetalServerProfileSupportedTrustedPlatformModuleModes
    virtual_network_interfaces_supported: BareMetalServerProfileVirtualNetworkInterfacesSupported
    zones: list[NamedReference]


def profile_reference(profile: catalog.Profile, hrefs: Hrefs) -> BareMetalServerProfileReference:
    return {
        "href": hrefs("bare_metal_server", "profiles", profile.name),
        "name": profile.name,
        "resource_type": "bare_metal_server_profile",
    }


class InstanceProfileReference(NamedReference):
    resource_type: Literal["instance_profile"]


def instance_profile_reference(profile: catalog.InstanceProfile, hrefs: Hrefs) -> InstanceProfileReference:
    """Return the reference to a virtual server's profile, whose URL is not served (D-155)."""
    return {
        "href": hrefs("instance", "profiles", profile.name),
        "name": profile.name,
        "resource_type": "instance_profile",
    }


def profile_body(profile: catalog.Profile, region: str, hrefs: Hrefs) -> BareMetalServerProfile:
    """Return the body of a profile.

    All figures but the bandwidth are ``fixed``, because Terraform reads their ``value`` without checking the type.
    """
    return {
        **profile_reference(profile, hrefs),
        "bandwidth": _bandwidth(profile),
        "console_types": {"type": "enum", "values": ["serial", "vnc"]},
        "cpu_architecture": {"type": "fixed", "value": "amd64"},
        "cpu_core_count": _fixed(profile.core_count),
        "cpu_socket_count": _fixed(profile.socket_count),
        "disks": _disks(profile),
        "family": profile.family,
        "memory": _fixed(profile.memory),
        "network_attachment_count": {"type": "range", "min": 1, "max": MOST_CONNECTIONS},
        "network_interface_count": {"type": "range", "min": 1, "max": MOST_CONNECTIONS},
        "os_architecture": {"type": "enum", "default": "amd64", "values": ["amd64"]},
        "reservation_terms": {"type": "enum", "values": ["one_year", "three_year"]},
        "supported_trusted_platform_module_modes": {
            "type": "enum",
            "default": profile.tpm_modes[0],
            "values": list(profile.tpm_modes),
        },
        "virtual_network_interfaces_supported": {"type": "fixed", "value": True},
        "zones": [hrefs.zone(zone) for zone in catalog.regions()[region].zones],
    }


def _fixed(value: int) -> _Fixed:
    return {"type": "fixed", "value": value}


def _bandwidth(
    profile: catalog.Profile,
) -> BareMetalServerProfileBandwidthFixed | BareMetalServerProfileBandwidthEnum:
    if len(profile.bandwidths) == 1:
        return {"type": "fixed", "value": profile.default_bandwidth}
    return {"type": "enum", "default": profile.default_bandwidth, "values": list(profile.bandwidths)}


def _disks(profile: catalog.Profile) -> list[BareMetalServerProfileDisk]:
    """Return the disks, the boot disk first; a mirrored pair is shown as one disk."""
    disks: Sequence[tuple[int, int | None, Literal["nvme", "sata"]]] = (
        (1, profile.boot_disk_size, profile.boot_interface),
        (profile.secondary_disk_count, profile.secondary_disk_size, "nvme"),
    )
    return [_disk(quantity, size, interface) for quantity, size, interface in disks if quantity and size]


def _disk(quantity: int, size: int, interface: Literal["nvme", "sata"]) -> BareMetalServerProfileDisk:
    return {
        "quantity": _fixed(quantity),
        "size": _fixed(size),
        "supported_interface_types": {"type": "enum", "default": interface, "values": [interface]},
    }


class Profiles(CatalogView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_profiles",
            f"{PROFILE}.list",
            f"{PROFILE}.read",
            answer=collection("BareMetalServerProfileCollection", "profiles", BareMetalServerProfile),
            paged=True,
        )
    }

    def get(self, request: Request) -> Response:
        profiles = catalog.profiles_of(self.region)
        return self.pages("profiles", profiles, lambda each: profile_body(each, self.region, self.hrefs))


class OneProfile(CatalogView):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_profile", f"{PROFILE}.read", f"{PROFILE}.read", answer=BareMetalServerProfile
        )
    }

    def get(self, request: Request, name: str) -> Response:
        profile = existing(
            next((each for each in catalog.profiles_of(self.region) if each.name == name), None),
            f"Bare metal server profile not found in {self.region}. GET /v1/bare_metal_server/profiles lists them.",
        )
        return self.answer(profile_body(profile, self.region, self.hrefs))
