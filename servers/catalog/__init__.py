"""IBM's published values: regions, profiles, operating systems, stock images."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Literal


def _load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
    return content


@dataclass(frozen=True)
class Region:
    name: str
    universal_zones: tuple[str, ...]
    """Universal names, ``us-south-dal10-a``, of the zones 1, 2, 3."""
    default_prefix_octet: int
    """Second octet of the default address prefixes, 10.<octet>.0.0/18 and so on."""

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-{number}" for number, _ in enumerate(self.universal_zones, start=1))

    def universal_name(self, zone: str) -> str:
        return self.universal_zones[self.zones.index(zone)]

    def data_center(self, zone: str) -> str:
        """Return ``DAL10`` for ``us-south-dal10-a``."""
        return self.universal_name(zone).split("-")[-2].upper()


@dataclass(frozen=True)
class Profile:
    """A bare metal server profile; sizes in GB, memory in GiB, bandwidth in Mbps."""

    threads_per_core: ClassVar = 2

    name: str
    family: str
    generation: int
    vcpu: int
    memory: int
    boot_disk_size: int | None
    secondary_disk_count: int
    secondary_disk_size: int
    regions: tuple[str, ...]

    @property
    def core_count(self) -> int:
        """The number of cores; vCPU counts threads, and is used in names only."""
        return self.vcpu // self.threads_per_core

    @property
    def socket_count(self) -> int:
        """The number of sockets.

        It is two, but no processor of the second generation has the 48 cores of half a server of 96.
        """
        return 4 if self.generation == 2 and self.core_count > 48 else 2

    @property
    def bandwidths(self) -> tuple[int, ...]:
        return (100_000,) if self.generation == 2 else (10_000, 25_000, 50_000, 100_000, 200_000)

    @property
    def default_bandwidth(self) -> int:
        return self.bandwidths[-1]

    @property
    def tpm_modes(self) -> tuple[Literal["disabled", "tpm_2"], ...]:
        return ("disabled", "tpm_2") if self.generation == 2 else ("tpm_2",)

    @property
    def boot_interface(self) -> Literal["nvme", "sata"]:
        return "sata" if self.generation == 2 else "nvme"


@dataclass(frozen=True)
class Gpu:
    manufacturer: str
    model: str
    memory: int
    """GiB."""


@dataclass(frozen=True)
class InstanceProfile:
    """A profile of virtual servers, which are not simulated: ``gx3-32x160x2l4`` has 32 vCPU and two GPUs."""

    name: str
    vcpu: int
    gpu_count: int
    gpu: Gpu | None


@dataclass(frozen=True)
class OperatingSystem:
    name: str
    family: str
    vendor: str
    version: str
    user_data_format: Literal["cloud_init", "esxi_kickstart", "ipxe"]
    allow_user_image_creation: bool = True

    @property
    def display_name(self) -> str:
        return f"{self.family} {self.version} (amd64)"


@dataclass(frozen=True)
class StockImage:
    """An image that IBM provides; its file in GB."""

    name: str
    operating_system: str
    file_size: int
    allowed_use: str = "true"
    """The bare metal servers that may use it: an expression of servers/allowed_use.py."""


PROVIDER_ACCOUNT = "811f8abfbd32425597dc7ba40da98fa6"
"""The account that IBM's stock images belong to."""


@cache
def regions() -> dict[str, Region]:
    return {
        row["name"]: Region(
            row["name"],
            tuple(row["universal_zones"]),
            row["default_prefix_octet"],
        )
        for row in _load("regions.json")["regions"]
    }


@cache
def profiles() -> dict[str, Profile]:
    data = _load("profiles.json")
    return {row["name"]: _profile(row, data["regions_by_generation"]) for row in data["profiles"]}


def _profile(row: dict[str, Any], regions_by_generation: dict[str, list[str]]) -> Profile:
    gpu = row["family"] == "gpu"
    return Profile(
        name=row["name"],
        family=row["family"],
        generation=row["generation"],
        vcpu=row["vcpu"],
        memory=row["memory"],
        boot_disk_size=row["boot_disk_size"],
        secondary_disk_count=row["secondary_disks"]["quantity"],
        secondary_disk_size=row["secondary_disks"]["size"],
        regions=("us-east",) if gpu else tuple(regions_by_generation[str(row["generation"])]),
    )


def profiles_of(region: str) -> list[Profile]:
    """Return the profiles that a region offers."""
    return [profile for profile in profiles().values() if region in profile.regions]


@cache
def instance_profiles() -> tuple[InstanceProfile, ...]:
    """Return the profiles of virtual servers, sorted by name; all have the architecture amd64."""
    data = _load("instance_profiles.json")
    gpus = {word: Gpu(**row) for word, row in data["gpus"].items()}
    rows = ((family, size) for family, sizes in data["families"].items() for size in sizes.split())
    entries = (_instance_profile(family, *size.split("x", 2), gpus=gpus) for family, size in rows)
    return tuple(sorted(entries, key=lambda profile: profile.name))


def _instance_profile(family: str, vcpu: str, memory: str, gpu: str = "", *, gpus: dict[str, Gpu]) -> InstanceProfile:
    """Return a profile of virtual servers. ``gpu`` is the number and the kind of its GPUs, such as ``2l4``."""
    name = f"{family}-{vcpu}x{memory}{'x' if gpu else ''}{gpu}"
    return InstanceProfile(name, int(vcpu), int(gpu[:1] or 0), gpus[gpu[1:]] if gpu else None)


@cache
def operating_systems() -> dict[str, OperatingSystem]:
    return {row["name"]: OperatingSystem(**row) for row in _load("operating_systems.json")["operating_systems"]}


@cache
def stock_images() -> dict[str, StockImage]:
    return {row["name"]: StockImage(**row) for row in _load("images.json")["images"]}


@cache
def words() -> tuple[str, ...]:
    """Return the words that make up a name when a request gives none."""
    return tuple(files(__name__).joinpath("words.txt").read_text(encoding="utf-8").split())
